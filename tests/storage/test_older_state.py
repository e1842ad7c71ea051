"""What an earlier version of the program wrote is read, reported, replayed and continued unchanged."""

import asyncio
import gzip
import json
import shutil
from decimal import Decimal
from pathlib import Path

import aiosqlite
import pytest

from cockpit.app.pending_orders import PendingOrders
from cockpit.config.settings import NAMES, load
from cockpit.model.events import AnyEvent, OptionValue
from storage.errors import HistoryError
from storage.history import PreviousRun, Run
from storage.journal import START, Journal
from storage.reporting.differences import DIFFERENCE_COMMAND, UnexplainedDifference, read_difference
from storage.sqlite.history import SqliteHistory
from storage.sqlite.migrations import migrate
from tests.support.amounts import btc_eure
from tests.support.desk.desk_harness import ACCOUNT, HELD, DeskHarness, World
from tests.support.history import rows as facts
from tests.support.history.open_quotes import every_open_quote
from tests.support.processes.command import GOOD, run
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.venue_process import VenueProcess
from venue.protocol.amounts import NOTHING
from venue.protocol.tokens import BTC, EURE
from venue.protocol.units import NS_PER_S

WRITTEN = Path(__file__).parent / "fixtures" / "0be9d21"
HISTORIES = pytest.mark.parametrize("name", ["sandbox", "every_check"])
SANDBOX = Run(run_id="run-now", mode="SANDBOX", account="maker.sandbox.near", started_ns=1_795_900_000 * NS_PER_S)
SETTLED = "3QDavQseYTzbsbvdBmkcUJM9iSLXFyQmfWG1SzDf5KL5"
"""The hash of a quote of the sandbox run that was settled."""


def unpacked(name: str, folder: Path) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(gzip.decompress((WRITTEN / f"{name}.gz").read_bytes()))
    return path


def older_history(name: str, folder: Path) -> Path:
    return unpacked(f"{name}.sqlite", folder).rename(folder / "history.sqlite")


def updated_history(name: str, folder: Path) -> Path:
    """The older history, brought to the newest schema as the start of a desk does."""
    path = older_history(name, folder)

    async def update() -> None:
        async with aiosqlite.connect(path, isolation_level=None) as db:
            await migrate(db, path)

    asyncio.run(update())
    return path


def as_it_was(found: object, before: object) -> object:
    """What was found without the fields that are new; where there are several, item by item."""
    if isinstance(found, dict) and isinstance(before, dict):
        return {name: as_it_was(found.get(name), value) for name, value in before.items()}
    if isinstance(found, list) and isinstance(before, list) and len(found) == len(before):
        return [as_it_was(one, other) for one, other in zip(found, before, strict=True)]
    return found


def printed(path: Path, *arguments: str) -> object:
    done = run(*arguments, "--json", "--history", str(path), cwd=path.parent)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


CORRECTED = {
    "sandbox": {
        "realised": "1.433740333784149710",
        "unrealised": "26.285532443535500490",
        "total": "27.719272777319650200",
    },
    "every_check": {"realised": "0.027252679783393109", "unrealised": "230.033688220216606891"},
}
"""Profit that the former version computed otherwise: it valued a deposit by the last mid before it, though one just
after it was nearer, and rounded the realised part once at the end."""

REACTION_P50_US = {"sandbox": "1314.013", "every_check": "300.140"}


@HISTORIES
@pytest.mark.parametrize("command", ["report", "replay"])
def test_reports_and_replays_come_out_as_they_did(tmp_path: Path, name: str, command: str) -> None:
    found = printed(updated_history(name, tmp_path), command)
    before = json.loads((WRITTEN / f"{name}.{command}.json").read_text())
    if command == "report":
        assert isinstance(found, dict)
        before["profit"] |= CORRECTED[name]
        # Nearest ranks, and buckets by what a request asked for: the former version was one rank and a second above.
        before["reaction_us"][0] = REACTION_P50_US[name]
        for each in (found, before):
            each["markouts"] = [row for row in each["markouts"] if row["by"] != "life"]
    assert as_it_was(found, before) == before


@HISTORIES
def test_every_recorded_decision_is_reproduced_to_the_letter(tmp_path: Path, name: str) -> None:
    replayed = printed(updated_history(name, tmp_path), "replay")
    assert isinstance(replayed, dict)
    assert replayed["same"] == replayed["decisions"] == {"sandbox": 29, "every_check": 240}[name]
    assert (replayed["without_record"], replayed["differences"]) == (0, [])


def test_a_quote_is_traced_as_it_was(tmp_path: Path) -> None:
    found = printed(updated_history("sandbox", tmp_path), "trace", SETTLED)
    before = json.loads((WRITTEN / "sandbox.trace.json").read_text())
    assert as_it_was(found, before) == before


async def test_a_desk_of_the_same_mode_and_account_continues_it(tmp_path: Path) -> None:
    history = SqliteHistory(older_history("sandbox", tmp_path))
    previous = await history.open(SANDBOX)
    assert previous == PreviousRun(
        run_id="4850c634faf086a1",
        clean=True,
        last_deadline_ns=1_795_813_055_231_000_000,
        last_write_ns=1_795_812_941_237_216_537,
        max_deadline_ms=125_000,
    )
    assert len(await every_open_quote(history)) == 6
    assert {row.asset: row.balance for row in await history.last_explained()} == {
        BTC.token_id: 49_093_934,
        EURE.token_id: 16_526_482_986_299_019_650_200,
    }
    assert [step.status for step in await history.liquidity("deposit")] == ["PENDING", "CREDITED"]
    await history.write(facts.one_of_each(1))
    counts = await history.counts()
    assert (counts["trade_decisions"], counts["trade_execution_results"], counts["runs"]) == (30, 47, 2)
    await history.close(SANDBOX.started_ns)


@pytest.mark.parametrize(("mode", "account"), [("LIVE", SANDBOX.account), (SANDBOX.mode, "other.near")])
async def test_another_mode_or_account_is_refused(tmp_path: Path, mode: str, account: str) -> None:
    other = Run(run_id="run-now", mode=mode, account=account, started_ns=SANDBOX.started_ns)
    with pytest.raises(HistoryError, match="belongs to SANDBOX maker"):
        await SqliteHistory(older_history("sandbox", tmp_path)).open(other)


async def test_what_a_run_that_broke_off_left_is_taken_over(tmp_path: Path) -> None:
    history = SqliteHistory(older_history("every_check", tmp_path))
    started_ns = 1_790_000_000 * NS_PER_S + 600 * NS_PER_S
    previous = await history.open(Run(run_id="now", mode="SANDBOX", account="maker.near", started_ns=started_ns))
    assert previous is not None
    assert (previous.run_id, previous.clean, previous.max_deadline_ms) == ("run-1", False, 125_000)
    left = await every_open_quote(history)
    assert sum("refused" not in quote.outcomes for quote in left) == 21
    assert {outcome for quote in left for outcome in quote.outcomes} == {"accepted", "unknown", "refused"}
    assert [row.balance for row in await history.last_explained()] == [101_000_000, 50_000 * 10**18]
    arguments = await history.last_arguments(DIFFERENCE_COMMAND)
    assert arguments is not None
    assert read_difference(arguments) == UnexplainedDifference(
        btc_eure(7, 0), NOTHING, previous.last_write_ns - 5 * NS_PER_S
    )
    assert await history.prepared_withdrawals() == (facts.withdrawal(1),)
    assert [step.status for step in await history.liquidity("withdrawal")][-1] == "completed"
    await history.close(None)


def test_a_journal_that_waits_for_its_database_is_read(tmp_path: Path) -> None:
    journal = Journal(unpacked("history.journal", tmp_path))
    journal.open()
    found: list[AnyEvent] = []
    at, ends = START, []
    while (read := journal.read(at)) is not None:
        entry, at = read
        found += entry.events
        ends.append(entry.ended)
    journal.close()
    known = [event for n in range(3) for event in facts.one_of_each(n) if not isinstance(event, OptionValue)]
    assert found == known, "an older version did not measure options"
    assert ends == [False, False, True]


def test_an_order_without_a_known_outcome_is_offered_again(tmp_path: Path) -> None:
    shutil.copytree(WRITTEN / "orders", tmp_path / "orders")
    left = PendingOrders(tmp_path / "orders").left()
    assert left.unreadable == ()
    [pending] = left.orders
    assert (pending.order.idempotency_key, pending.order.amount, pending.review.alive_quotes) == ("key-1", "1000000", 3)
    assert PendingOrders(tmp_path / "orders").holds("key-1")


def test_every_setting_still_loads_and_has_the_same_default(tmp_path: Path) -> None:
    lines = dict(line.split("=", 1) for line in (WRITTEN / "env").read_text().splitlines())
    assert lines.keys() <= NAMES.keys()
    needed = {name: value for name, value in GOOD.items() if name in lines and not lines[name]}
    file = tmp_path / ".env"
    file.write_text("".join(f"{name}={needed.get(name, value)}\n" for name, value in lines.items()))
    file.chmod(0o600)
    environ = {"HOME": "/home/maker"}
    # Quotes lived for a minute at least; now they live as long as the request asks, and the slack more. What may be
    # committed did not depend on the requests that are expected, nor a price on what the option in it is worth.
    as_before = {
        "QUOTE_DEADLINE_MS": "60000",
        "STRATEGY_MAX_PROMISED_EURE": "1000",
        "STRATEGY_HALF_SPREAD_BPS": "20",
        "STRATEGY_MAX_SKEW_BPS": "15",
        "STRATEGY_MIN_EDGE_BPS": "5",
    }
    assert load(file, environ) == load(None, environ | as_before | needed)


async def test_a_desk_starts_on_an_older_state_directory(tmp_path: Path, short_dir: Path) -> None:
    state_dir = short_dir / "state"
    older_history("sandbox", state_dir)
    shutil.copytree(WRITTEN / "orders", state_dir / "orders")
    venue = VenueProcess(tmp_path)
    desk = DeskProcess(state_dir, venue.env)
    try:
        await desk.start()
        shot = await desk.until(lambda shot: bool(shot.findings))
        assert any("4850c634faf086a1" in finding for finding in shot.findings)
        assert (await desk.health("trade-executor")).counters["restored"] == 6
        kept = {path.name for path in state_dir.iterdir()}
        assert {"history.sqlite", "desk.sock", "desk-ro.sock", "desk.lock", "desk.log", "orders"} <= kept
        assert desk.process.stop() == 0
        assert desk.rows("SELECT ended_ns IS NOT NULL FROM runs") == [(1,), (1,)]
    finally:
        await desk.close()
        venue.process.stop()


async def test_the_balances_are_reconciled_with_those_that_were_recorded_last() -> None:
    world = World()
    older_history("every_check", Path(world.directory.name))
    world.runs = 10
    world.wall.pass_ms(600_000)
    for _ in range(400):
        world.ledger.advance_block()
    world.ledger.mint(ACCOUNT, BTC.token_id, 101_000_000 + 7 + 5 - HELD[BTC.token_id])
    world.ledger.mint(ACCOUNT, EURE.token_id, 50_000 * 10**18 - HELD[EURE.token_id])
    desk = DeskHarness(world)
    await desk.start()
    rows = {row.symbol: row for row in desk.shot().inventory.rows}
    assert rows["BTC"].balance == Decimal("1.01000012")
    assert rows["BTC"].unexplained == Decimal("0.00000012"), "7 satoshi were recorded as unexplained, 5 are new"
    assert rows["EURe"].unexplained == 0
    assert any("run-1" in finding for finding in desk.shot().findings)
    await desk.end(clean=True)
