"""Every command that a script may run prints one JSON document of the shape that the page of the API names."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from cockpit.cli.main import main
from cockpit.cli.messages import NOTHING_SENT, no_desk
from cockpit.cli.stop import NOTHING_TO_DISARM
from cockpit.model.commands import Result, WithdrawalReview
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.processes.command import run

OUTCOME = {"command_id", "command", "accepted", "reason", "at_ns", "sent"}
WITHOUT = {
    "completion": "prints a script for a shell",
    "desk": "prints the log of a process",
    "events": "prints JSON lines in any case",
}
"""Commands that have no option for JSON, and why."""


def document(ran: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    found = json.loads(ran.stdout)
    assert isinstance(found, dict)
    return found


def lacking(command: click.Command, name: str, above: bool = False) -> Iterator[str]:
    """Yield each command without the option; a group that has it passes it on to its commands."""
    own = above or any("--json" in one.opts for one in command.params)
    if isinstance(command, click.Group):
        for below, one in command.commands.items():
            yield from lacking(one, f"{name} {below}", own)
    elif not own:
        yield name


def test_every_command_takes_json_or_is_known_not_to() -> None:
    context = click.Context(main)
    found = set()
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        found |= set(lacking(command, name))
    assert found == set(WITHOUT)


def test_commands_to_a_desk_print_their_outcome(desk: FakeDesk, tmp_path: Path) -> None:
    there = ("--json", "--socket", str(desk.path))
    ran = run("trading", "halted", *there, cwd=tmp_path)
    assert (ran.returncode, document(ran)) == (
        0,
        {
            "command_id": "c",
            "command": "trading strategy-engine",
            "accepted": True,
            "reason": "done",
            "at_ns": 1,
            "sent": True,
        },
    )
    desk.answering = desk.refuse
    ran = run("trading", "active", *there, cwd=tmp_path)
    assert (ran.returncode, document(ran)["accepted"]) == (1, False)
    ran = run("liquidity", *there, "freeze", cwd=tmp_path)
    assert (ran.returncode, set(document(ran))) == (1, OUTCOME)


def test_stopping_prints_one_document(desk: FakeDesk, tmp_path: Path) -> None:
    ran = run("stop", "--json", "--socket", str(desk.path), cwd=tmp_path)
    found = document(ran)
    assert ran.returncode == 0
    assert [one["accepted"] for one in found["commands"]] == [True, True]
    assert found["alive"]["quotes"] == desk.current.alive.quotes


def test_a_desk_that_is_not_there_is_a_document_too(tmp_path: Path) -> None:
    nowhere = ("--json", "--socket", str(tmp_path / "none.sock"))
    ran = run("stop", *nowhere, cwd=tmp_path)
    assert (ran.returncode, {one["sent"] for one in document(ran)["commands"]}) == (1, {False})
    assert document(run("trading", *nowhere, cwd=tmp_path)).keys() == {"error"}
    assert document(run("accept-remainder", *nowhere, cwd=tmp_path)).keys() == {"error"}


@pytest.mark.parametrize(
    ("arguments", "sends"),
    [
        (("stop",), False),
        (("trading",), False),
        (("trading", "halted"), True),
        (("pricing",), False),
        (("accept-remainder",), False),
        (("other-pairs",), True),
        (("liquidity", "freeze"), True),
        (("liquidity", "deposit"), False),
    ],
)
def test_every_command_says_in_the_same_words_that_no_desk_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], sends: bool
) -> None:
    monkeypatch.setenv("COCKPIT_STATE_DIR", str(tmp_path / "state"))
    where = tmp_path / "none.sock"
    ran = CliRunner().invoke(main, [arguments[0], "--socket", str(where), *arguments[1:]])
    said = no_desk(where, sandbox=False)
    after = NOTHING_TO_DISARM if arguments == ("stop",) else NOTHING_SENT if sends else ""
    assert (ran.exit_code, ran.output) == (1 if after else 3, f"{said} {after}".rstrip() + "\n")


def test_a_lost_answer_is_neither_yes_nor_no(desk: FakeDesk, tmp_path: Path) -> None:
    def broken(part: str, verb: str, body: dict[str, Any]) -> Result | WithdrawalReview | int | None:
        return 500

    desk.answering = broken
    ran = run("trading", "halted", "--json", "--socket", str(desk.path), cwd=tmp_path)
    assert (ran.returncode, document(ran)["accepted"], document(ran)["sent"]) == (3, None, True)


@pytest.mark.parametrize("sandbox", [True, False])
def test_stop_without_a_desk_says_so_once(tmp_path: Path, sandbox: bool) -> None:
    ran = run("stop", *(["--sandbox"] if sandbox else []), cwd=tmp_path)
    assert ran.returncode == (2 if sandbox else 1)
    [line] = ran.stderr.splitlines()
    assert ("No sandbox is running" if sandbox else "Nothing to disarm. ".strip()) in line
    assert "Errno" not in line
