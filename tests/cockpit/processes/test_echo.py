"""Marks have a colour only on a terminal that has colours."""

import click
import pytest

from cockpit.processes.echo import echo_marked


@pytest.mark.parametrize(
    ("environ", "coloured"), [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False)]
)
def test_a_plain_terminal_gets_plain_text(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], coloured: bool
) -> None:
    said: list[str] = []
    monkeypatch.setattr(click, "echo", said.append)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    echo_marked("✓ well\nplain", {"✓": "green"})
    assert (said[0] != "✓ well", said[1]) == (coloured, "plain")
