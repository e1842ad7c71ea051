"""`cockpit down`: it asks where something is at stake, ends the process, and says what still binds."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from cockpit.cli.common import DONE, REFUSED
from cockpit.cli.messages import NO_SANDBOX
from cockpit.cli.operate.down import CANNOT_BURN, NOTHING_TO_END, why_ask
from cockpit.cli.operate.messages import GIVE_YES, NOT_ENDED
from cockpit.model.snapshot import LiveQuotes
from cockpit.processes.ending import STOPPED
from tests.support.cockpit import samples
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.processes.command import GOOD, run
from tests.support.processes.desk_process import DeskProcess


@pytest.fixture
async def running(short_dir: Path) -> AsyncIterator[DeskProcess]:
    """A desk whose endpoints all refuse connections."""
    desk = DeskProcess(short_dir, dict(GOOD))
    await desk.start()
    yield desk
    await desk.close()


async def test_a_desk_is_ended_and_its_process_gone(running: DeskProcess, tmp_path: Path) -> None:
    place = {"COCKPIT_STATE_DIR": str(running.state_dir)}
    ran = run("down", cwd=tmp_path, environ=place, timeout_s=60)
    assert (ran.returncode, ran.stdout, ran.stderr) == (DONE, f"{STOPPED}\n", "")
    assert running.process.wait(30) == 0
    assert running.rows("SELECT accepted FROM operator_actions WHERE command = 'shutdown'") == [(1,)]
    again = run("down", cwd=tmp_path, environ=place)
    assert again.returncode == DONE
    assert NOTHING_TO_END in again.stdout


def test_where_nothing_runs_there_is_nothing_to_end(tmp_path: Path) -> None:
    ran = run("down", "--sandbox", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (DONE, f"{NO_SANDBOX} {NOTHING_TO_END}\n")
    ran = run("down", "--json", cwd=tmp_path)
    assert ran.returncode == DONE
    assert json.loads(ran.stdout)["ended"] == []


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_live_quotes_are_asked_about_and_without_a_terminal_refused(
    desk: FakeDesk, tmp_path: Path, flags: tuple[str, ...]
) -> None:
    alive = LiveQuotes(quotes=2, btc=Decimal("0.01"), eure=Decimal(5), last_death_ms=60_000)
    desk.current = msgspec.structs.replace(samples.snapshot(), alive=alive)
    ran = run("down", *flags, "--socket", str(desk.path), cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (REFUSED, "")
    for words in ("2 live quotes commit 0.01 BTC and 5 EURe", CANNOT_BURN, NOT_ENDED, GIVE_YES):
        assert words in ran.stderr
    assert desk.verbs() == []


def test_what_is_asked_about() -> None:
    idle = msgspec.structs.replace(
        samples.snapshot(),
        mode="SANDBOX",
        strategy_armed=False,
        executor_armed=False,
        alive=LiveQuotes(quotes=0, btc=Decimal(0), eure=Decimal(0), last_death_ms=0),
    )
    assert why_ask(idle) == ""
    assert "real money" in why_ask(msgspec.structs.replace(idle, mode="LIVE"))
    assert "Armed: executor." in why_ask(msgspec.structs.replace(idle, executor_armed=True))
    refused = LiveQuotes(quotes=0, btc=Decimal(0), eure=Decimal(0), last_death_ms=0, refused=1, refused_last_ms=9_000)
    assert CANNOT_BURN in why_ask(msgspec.structs.replace(idle, alive=refused))
