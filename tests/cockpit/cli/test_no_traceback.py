"""Whatever is missing, unreadable or of another kind: every command says so in a sentence."""

import asyncio
import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cockpit.cli.main import main
from cockpit.config.settings import NAMES
from storage.sqlite.history import SqliteHistory
from tests.support.history import rows

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("accept-remainder",),
    ("accept-remainder", "--btc", "1", "--reason", "found"),
    ("alerts", "acknowledge"),
    ("alerts", "check"),
    ("alerts", "test"),
    ("alerts", "undelivered"),
    ("backup", "{}/copy"),
    ("check",),
    ("check", "--sandbox"),
    ("completion", "zsh"),
    ("desk",),
    ("down", "--yes"),
    ("down", "--yes", "--sandbox", "--json"),
    ("export", "{}/copy"),
    ("import", "{}/missing"),
    ("liquidity", "deposit"),
    ("liquidity", "--json", "freeze"),
    ("other-pairs",),
    ("replay",),
    ("replay", "--sandbox", "--json"),
    ("report",),
    ("report", "--sandbox"),
    ("sandbox",),
    ("sandbox", "--read-only"),
    ("stop",),
    ("stop", "--json"),
    ("stop", "--sandbox"),
    ("trace", "q-1"),
    ("trading",),
    ("trading", "halted", "--json"),
    ("venue", "fault"),
    ("venue", "--write-env", "/proc/nowhere/venue.env"),
    (),
    ("--read-only",),
)

HEADLESS = ("sandbox", "--headless", "--for", "1")


def file_in_place(directory: Path) -> dict[str, str]:
    (directory / "file").write_text("")
    return {"COCKPIT_STATE_DIR": str(directory / "file" / "state")}


def no_directory_can_be_made(directory: Path) -> dict[str, str]:
    return {"COCKPIT_STATE_DIR": "/proc/nowhere"}


def a_file_is_the_state_directory(directory: Path) -> dict[str, str]:
    (directory / "file").write_text("")
    return {"COCKPIT_STATE_DIR": str(directory / "file")}


def everything_is_of_another_kind(directory: Path) -> dict[str, str]:
    state = directory / "state"
    state.mkdir(mode=0o700)
    for name in ("desk.sock", "desk-ro.sock", "history.sqlite", "history.journal", "sandbox", "keys.toml"):
        (state / name).write_bytes(b"\xff\xfe no such thing \0")
    (state / "desk.lock").mkdir()
    return {"COCKPIT_STATE_DIR": str(state)}


def a_sandbox_of_rubbish(directory: Path) -> dict[str, str]:
    run = directory / "state" / "sandbox" / "20260101-000000-1"
    run.mkdir(mode=0o700, parents=True)
    for name in ("pids.json", "venue.env", "desk.env", "history.sqlite"):
        (run / name).write_bytes(b"\xff\xfe\0=")
    (run.parent / "latest").symlink_to(run.name)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(run / "desk.sock"))
    return {"COCKPIT_STATE_DIR": str(directory / "state")}


def the_settings_file_is_a_directory(directory: Path) -> dict[str, str]:
    (directory / ".env").mkdir()
    return {"COCKPIT_STATE_DIR": str(directory / "state")}


def the_settings_file_is_not_text(directory: Path) -> dict[str, str]:
    (directory / ".env").write_bytes(b"NEAR_INTENTS_API_KEY=\xff\xfe\0")
    (directory / ".env").chmod(0o600)
    return {"COCKPIT_STATE_DIR": str(directory / "state")}


def settings_of_wrong_types(directory: Path) -> dict[str, str]:
    return {"COCKPIT_STATE_DIR": "rel\0ative".replace("\0", "\n"), "COCKPIT_MARKETS_FILE": "/proc/nowhere/markets.toml"}


UNUSABLE = (
    file_in_place,
    no_directory_can_be_made,
    a_file_is_the_state_directory,
    everything_is_of_another_kind,
)
"""State directories in which nothing can be started."""
PLACES = (
    *UNUSABLE,
    a_sandbox_of_rubbish,
    the_settings_file_is_a_directory,
    the_settings_file_is_not_text,
    settings_of_wrong_types,
)


def others() -> Iterator[tuple[str, ...]]:
    """Every command that is not in the list, and the commands below it, without arguments."""
    context = click.Context(main)
    for name in sorted({*main.list_commands(context)} - {command[0] for command in COMMANDS if command} - {"venue"}):
        yield (name,)
        found = main.get_command(context, name)
        yield from ((name, below) for below in (found.commands if isinstance(found, click.Group) else ()))


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_every_command_says_in_a_sentence_what_it_cannot_use(
    short_dir: Path, monkeypatch: pytest.MonkeyPatch, place: Callable[[Path], dict[str, str]]
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/proc")
    monkeypatch.chdir(short_dir)
    for name, value in place(short_dir).items():
        monkeypatch.setenv(name, value)
    # A place in which it could run after all would start it in this process.
    monkeypatch.setattr("cockpit.processes.desk_process.keep_memory_private", lambda: None)
    commands = (*COMMANDS, *others(), HEADLESS) if place in UNUSABLE else (*COMMANDS, *others())
    for command in commands:
        ran = CliRunner().invoke(main, [word.format(short_dir) for word in command])
        shown = f"{command}: {ran.output}"
        assert ran.exception is None or isinstance(ran.exception, SystemExit), (command, repr(ran.exception))
        assert "Traceback" not in ran.output, shown
        if ran.exit_code:
            assert ran.output.strip(), shown


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "/etc/shadow"), "/etc/shadow: Permission denied"),
        (OSError(28, "No space left on device"), "the operating system refused: No space left on device"),
        (ConnectionResetError(), "the operating system refused: ConnectionResetError"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), "a file is not UTF-8 text"),
    ],
)
def test_what_nobody_foresaw_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch, error: Exception, words: str) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("cockpit.cli.stop.choose_desk", fail)
    ran = CliRunner().invoke(main, ["stop"])
    assert (ran.exit_code, type(ran.exception)) == (1, SystemExit)
    assert words in ran.output


def test_an_output_that_nobody_reads_ends_without_a_word(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "cockpit", "completion", "fish"],
            stdout=writer,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)
    assert ran.returncode in (1, 120)
    assert b"Traceback" not in ran.stderr


@pytest.mark.parametrize(("closed", "code"), [(">&-", 0), ("<&- >&- 2>&-", 0), ("> /dev/full", 1)])
def test_output_that_leads_nowhere_is_no_traceback(short_dir: Path, closed: str, code: int) -> None:
    place = short_dir / "history.sqlite"
    asyncio.run(a_history(place))
    command = shlex.join([sys.executable, "-m", "cockpit", "events", "--history", str(place)])
    ran = subprocess.run(["sh", "-c", f"{command} {closed}"], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == code, ran.stderr
    assert ran.stderr == ("Error: the operating system refused: No space left on device\n" if code else "")


async def a_history(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(rows.run())
    await history.write([rows.demand(1), rows.decision(1), rows.command(1)])
    await history.close(rows.START_NS + 1)
