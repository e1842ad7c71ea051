"""Without a terminal a cockpit would paint for nobody, and count for nobody: it says so and starts nothing."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from cockpit.cli.common import NEEDS_TERMINAL, NOTHING_STARTED, require_terminal
from tests.support.processes.command import GOOD, run

HEADLESS = "--headless needs none"


@pytest.mark.parametrize("command", [(), ("sandbox",)])
def test_without_a_terminal_it_says_what_to_do_and_starts_nothing(short_dir: Path, command: tuple[str, ...]) -> None:
    ran = run(*command, cwd=short_dir, environ={**GOOD, "COCKPIT_STATE_DIR": str(short_dir)})
    assert (ran.returncode, ran.stdout) == (2, "")
    [line] = ran.stderr.splitlines()
    assert line.startswith(f"{NEEDS_TERMINAL}: standard input is not one. {NOTHING_STARTED}")
    assert "ssh" in line
    assert (HEADLESS if command else "`cockpit desk`") in line
    assert list(short_dir.iterdir()) == []


@contextmanager
def in_terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A terminal behind the three standard streams."""
    with ExitStack() as stack:
        for descriptor in (pair := os.openpty()):
            stack.callback(os.close, descriptor)
        for name in ("stdin", "stdout", "stderr"):
            monkeypatch.setattr(sys, name, stack.enter_context(open(os.dup(pair[1]), "r+b", buffering=0)))
        yield
        monkeypatch.undo()


def refusal(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str]) -> str:
    said: list[str] = []
    monkeypatch.setattr("cockpit.cli.common.echo", lambda text, **_: said.append(text))
    with pytest.raises(SystemExit) as ended:
        require_terminal(environ, HEADLESS)
    assert ended.value.code == 2
    [line] = said
    return line


@pytest.mark.parametrize(
    ("name", "called"), [("stdin", "standard input"), ("stdout", "standard output"), ("stderr", "standard error")]
)
@pytest.mark.parametrize("stream", [None, io.StringIO()], ids=["closed", "a file"])
def test_each_of_the_three_streams_must_be_a_terminal(
    name: str, called: str, stream: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_terminal(monkeypatch):
        require_terminal({"TERM": "xterm"}, HEADLESS)
        require_terminal({}, HEADLESS)
        monkeypatch.setattr(sys, name, stream)
        assert f"{called} is not one" in refusal(monkeypatch, {"TERM": "xterm"})


def test_a_terminal_that_shows_no_picture_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with in_terminal(monkeypatch):
        assert "TERM is dumb" in refusal(monkeypatch, {"TERM": "dumb"})
