"""Every command that a script may run prints one JSON document of the shape that the page of the API names."""

import json
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest

from cockpit.cli.main import main
from cockpit.model.commands import Result, WithdrawalReview
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.processes.command import run

OUTCOME = {"command_id", "command", "accepted", "reason", "at_ns", "sent"}
WITHOUT = {"completion", "desk"}
"""Commands that print no answer: a script for a shell, and the log of a process."""


def document(ran: "subprocess.CompletedProcess[str]") -> dict[str, Any]:
    found = json.loads(ran.stdout)
    assert isinstance(found, dict)
    return found


def takes_json(command: click.Command) -> bool:
    """Whether it has the option, or is a group with commands that have it."""
    below = command.commands.values() if isinstance(command, click.Group) else ()
    own = any("--json" in one.opts for one in command.params)
    return own or (bool(below) and any(takes_json(one) for one in below))


def test_every_command_takes_json() -> None:
    context = click.Context(main)
    commands = {name: main.get_command(context, name) for name in main.list_commands(context)}
    lacking = {name for name, command in commands.items() if command is not None and not takes_json(command)}
    assert lacking - WITHOUT == set()


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
