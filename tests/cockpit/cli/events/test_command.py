"""`cockpit events` in its own process, beside a desk: the past, following, a reader that stalls or goes away."""

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cockpit.cli.events.command import INTERRUPTED, events
from storage.topics.lines import BY_TOPIC, DESK, GAP
from tests.support.desk.events_desk import EventsDesk
from tests.support.history import rows
from tests.support.processes.command import run
from tests.support.processes.processes import bare_environment
from tests.support.waiting import until

ACTIONS = ("--topic", "ops.operator_action")


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


async def recorded(directory: Path, many: int) -> None:
    desk = EventsDesk(directory)
    for _ in range(2):
        await desk.start()
        desk.record(*(rows.action(desk.runs * 100_000 + n) for n in range(many)), *rows.one_of_each(desk.runs))
        await desk.stop()


def asked(directory: Path, *arguments: str) -> list[dict[str, Any]]:
    ran = CliRunner().invoke(events, arguments, env={"COCKPIT_STATE_DIR": str(directory), "POSTGRES_URL": ""})
    assert ran.exit_code == 0, ran.output
    return lines(ran.stdout)


def test_the_past_by_topic_run_and_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asyncio.run(recorded(tmp_path, 3))
    every = asked(tmp_path)
    assert {one["topic"] for one in every} == set(BY_TOPIC)
    assert len(asked(tmp_path, *ACTIONS)) == 8
    last = asked(tmp_path, "--run", "last", *ACTIONS)
    assert {one["run_id"] for one in last} == {"run-2"}
    assert len(last) == 4
    after = sorted(one["at_ns"] for one in every)[-1]
    since = asked(tmp_path, "--since", every[-1]["at"][:19], *ACTIONS)
    assert all(one["at_ns"] >= after // 10**9 * 10**9 for one in since)
    assert asked(tmp_path, "--history", str(tmp_path / "history.sqlite")) == every


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--topic", "decision.trade_decisio"], "did you mean decision.trade_decision?"),
        (["--since", "yesterday"], "expected 10m"),
        (["--run", "nobody"], "no run starts with nobody"),
        (["--follow", "--history", "x"], "--history is for what is recorded"),
    ],
)
def test_what_cannot_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    asyncio.run(recorded(tmp_path, 1))
    ran = CliRunner().invoke(events, arguments, env={"COCKPIT_STATE_DIR": str(tmp_path), "POSTGRES_URL": ""})
    assert ran.exit_code != 0
    assert words in ran.output


def test_a_reader_that_has_enough_ends_it_without_a_word(tmp_path: Path) -> None:
    asyncio.run(recorded(tmp_path, 2_000))
    command = f"{sys.executable} -m cockpit events | head -n 1"
    ran = subprocess.run(
        ["sh", "-c", command],
        cwd=tmp_path,
        env=bare_environment(COCKPIT_STATE_DIR=str(tmp_path)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (len(lines(ran.stdout)), ran.stderr) == (1, "")


def test_without_a_history_there_is_a_sentence(tmp_path: Path) -> None:
    ran = run("events", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "there is no history" in ran.stderr


async def test_a_follower_that_was_stopped_goes_on_with_each_event_once(short_dir: Path) -> None:
    desk = EventsDesk(short_dir)
    await desk.start()
    desk.record(rows.action(0))
    await desk.writer.flush()
    follower = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cockpit", "events", "--follow", "--since", "2000-01-01", *ACTIONS),
        cwd=short_dir,
        env=bare_environment(COCKPIT_STATE_DIR=str(short_dir)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    printed: list[dict[str, Any]] = []

    async def read() -> None:
        assert follower.stdout is not None
        while line := await follower.stdout.readline():
            printed.append(json.loads(line))

    reading = asyncio.create_task(read())
    await until(lambda: {one["topic"] for one in printed} == {DESK, "ops.operator_action"}, 30)
    follower.send_signal(signal.SIGSTOP)
    desk.record(*(rows.action(n) for n in range(1, 1_000)))
    await desk.writer.flush()
    desk.drop()
    await desk.stop(rows.action(1_000))
    await desk.start()
    desk.record(rows.action(1_001))
    follower.send_signal(signal.SIGCONT)
    await until(lambda: len([one for one in printed if "command_id" in one]) >= 1_002, 30)
    ids = [one["command_id"] for one in printed if "command_id" in one]
    assert ids == [rows.action(n).command_id for n in range(1_002)]
    assert [one for one in printed if one["topic"] == GAP] == []
    follower.send_signal(signal.SIGINT)
    await reading
    assert follower.stderr is not None
    assert (await follower.wait(), await follower.stderr.read()) == (INTERRUPTED, b"")
    await desk.stop()
