"""`cockpit down` ends a desk that hangs: it is proven, asked, woken, and killed only when somebody agreed."""

import asyncio
import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.common import DONE, REFUSED
from cockpit.cli.operate import down as command
from cockpit.cli.operate import hung_desk
from cockpit.cli.operate.messages import EXPIRE, GIVE_FORCE, GIVE_YES, GONE, KILLED, KILLING, NOT_ENDED
from cockpit.cli.stop import NOTHING_TO_DISARM, stop
from cockpit.desk.runtime.state_dir_lock import LOCK_NAME
from cockpit.processes.ending import STOPPED
from cockpit.processes.still_binding import MAY_BE_MISSING
from storage.sqlite.history import SqliteHistory
from tests.support.history import rows
from tests.support.processes.command import GOOD
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.hung_desk import How, HungProcess

Hang = Callable[[How], HungProcess]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch, short_dir: Path) -> None:
    monkeypatch.setattr(command, "ANSWER_S", 0.2)
    monkeypatch.setenv("COCKPIT_STATE_DIR", str(short_dir))
    monkeypatch.delenv("POSTGRES_URL", raising=False)
    monkeypatch.chdir(short_dir)


@pytest.fixture
def hang(short_dir: Path) -> Iterator[Hang]:
    made: list[HungProcess] = []

    def make(how: How) -> HungProcess:
        made.append(HungProcess(short_dir, how))
        return made[-1]

    yield make
    for one in made:
        one.close()


def down(*flags: str) -> Result:
    return CliRunner().invoke(command.down, flags)


def document(ran: Result) -> dict[str, Any]:
    found = json.loads(ran.stdout)
    assert isinstance(found, dict)
    return found


def test_a_stopped_desk_is_woken_and_ends_by_itself(hang: Hang) -> None:
    desk = hang("obeys")
    desk.stop()
    ran = down("--yes", "--json")
    assert ran.exit_code == DONE
    assert document(ran)["signals"] == ["SIGTERM", "SIGCONT"]
    assert document(ran)["ended"] == [{"what": "desk", "pid": desk.pid}]
    assert desk.code == -signal.SIGTERM


def test_without_an_answer_nothing_is_sent_to_it(hang: Hang) -> None:
    desk = hang("obeys")
    ran = down()
    assert ran.exit_code == REFUSED
    for words in (NOT_ENDED, GIVE_YES, EXPIRE):
        assert words in ran.stderr
    assert desk.running


def test_a_desk_that_spins_is_killed_only_by_force(hang: Hang, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hung_desk, "WITHIN_S", 0.2)
    desk = hang("spins")
    ran = down("--yes")
    assert ran.exit_code == REFUSED
    for words in (f"Process {desk.pid} still runs", GIVE_FORCE, KILLING, EXPIRE):
        assert words in ran.stderr
    assert desk.running
    ran = down("--force")
    assert ran.exit_code == DONE
    assert desk.code == -signal.SIGKILL
    assert KILLED.format(pid=desk.pid) in ran.stdout
    assert MAY_BE_MISSING in ran.stdout


def test_somebody_at_a_terminal_is_asked_twice(hang: Hang, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hung_desk, "WITHIN_S", 0.2)
    monkeypatch.setattr(hung_desk.Asking, "can_ask", property(lambda _: True))
    desk = hang("spins")
    ran = CliRunner().invoke(command.down, [], input="y\nn\n")
    assert ran.exit_code == REFUSED
    assert KILLING in ran.output
    assert desk.running
    ran = CliRunner().invoke(command.down, [], input="y\ny\n")
    assert ran.exit_code == DONE
    assert desk.code == -signal.SIGKILL


def test_a_process_that_is_not_proven_is_left_alone(hang: Hang, short_dir: Path) -> None:
    desk = hang("obeys")
    (short_dir / LOCK_NAME).write_text(f"{desk.pid}\n1\n")
    ran = down("--force", "--json")
    assert ran.exit_code == REFUSED
    assert "No signal was sent" in document(ran)["error"]
    assert desk.running


async def broken_off(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(rows.run())
    await history.write(
        [rows.demand(1), rows.decision(1), rows.command(1, deadline_ns=2**62), rows.command(2, deadline_ns=1)]
    )
    await history.close(None)


def test_what_a_killed_desk_leaves_behind_is_said(hang: Hang, short_dir: Path) -> None:
    asyncio.run(broken_off(short_dir / "history.sqlite"))
    desk = hang("obeys")
    desk.stop()
    ran = down("--force")
    assert (ran.exit_code, desk.running) == (DONE, False)
    assert ran.stdout.startswith(GONE)
    assert "1 recorded quote can still settle until" in ran.stdout
    assert "2 quotes without an outcome" in ran.stdout
    assert MAY_BE_MISSING in ran.stdout


def test_what_a_desk_that_died_by_itself_left_behind_is_said_too(short_dir: Path) -> None:
    asyncio.run(broken_off(short_dir / "history.sqlite"))
    ran = down()
    assert ran.exit_code == DONE
    for words in (command.NOTHING_TO_END, "1 recorded quote can still settle until", MAY_BE_MISSING):
        assert words in ran.stdout
    assert MAY_BE_MISSING in document(down("--json"))["left"]


def test_stopping_a_desk_that_died_says_what_it_left_behind(short_dir: Path) -> None:
    asyncio.run(broken_off(short_dir / "history.sqlite"))
    ran = CliRunner().invoke(stop, [])
    assert ran.exit_code == REFUSED
    for words in (NOTHING_TO_DISARM, "1 recorded quote can still settle until", MAY_BE_MISSING):
        assert words in ran.stderr
    assert MAY_BE_MISSING in document(CliRunner().invoke(stop, ["--json"]))["left"]


async def ended_in_order(path: Path, *, deadline_ns: int) -> None:
    history = SqliteHistory(path)
    await history.open(rows.run())
    await history.write([rows.demand(1), rows.decision(1), rows.command(1, deadline_ns=deadline_ns)])
    await history.close(rows.START_NS + 1)


def test_a_desk_that_ended_in_order_leaves_no_word_once_its_quotes_have_expired(short_dir: Path) -> None:
    asyncio.run(ended_in_order(short_dir / "history.sqlite", deadline_ns=1))
    assert down().stdout.rstrip().endswith(command.NOTHING_TO_END)
    assert document(down("--json"))["left"] == []


def test_a_desk_that_ended_in_order_still_binds_what_is_live(short_dir: Path) -> None:
    asyncio.run(ended_in_order(short_dir / "history.sqlite", deadline_ns=2**62))
    ran = down()
    assert "1 recorded quote can still settle until" in ran.stdout
    assert MAY_BE_MISSING not in ran.stdout


@pytest.mark.slow
async def test_a_real_desk_that_was_stopped_ends_in_order(short_dir: Path) -> None:
    desk = DeskProcess(short_dir, dict(GOOD))
    await desk.start()
    try:
        desk.process.send(signal.SIGSTOP)
        ran = await asyncio.to_thread(down, "--yes")
        assert (ran.exit_code, STOPPED in ran.stdout, MAY_BE_MISSING in ran.stdout) == (DONE, True, False)
        assert desk.process.wait(30) == 0
        assert desk.rows("SELECT ended_ns IS NOT NULL FROM runs") == [(1,)]
    finally:
        await desk.close()
