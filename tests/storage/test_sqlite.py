"""The SQLite history: what it stores, whom it lets in, and what it tells of the run before."""

import asyncio
import os
import threading
from pathlib import Path

import msgspec
import pytest

from storage.history import FormerRun, HistoryError
from storage.sqlite import SqliteHistory
from tests.storage import facts

FILL_TO_DEMAND = """
SELECT d.quote_id, d.amount_in, d.run_id, t.decision_id, c.quote_hash, r.tx_hash
FROM trade_execution_results AS r
JOIN execute_trade_commands AS c ON c.command_id = r.command_id
JOIN trade_decisions AS t ON t.decision_id = c.decision_id
JOIN swap_demand_events AS d ON d.run_id = t.run_id AND d.quote_id = t.quote_id
WHERE r.outcome = 'settled'
ORDER BY r.at_ns
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history.db"


async def test_each_table_counts_its_rows(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.write([*facts.one_of_each(1), facts.demand(2), facts.price(2)])
    assert await history.counts() == {
        "runs": 1,
        "swap_demand_events": 2,
        "market_settlement_events": 1,
        "decision_rules": 1,
        "market_price_events": 2,
        "intent_inventory_snapshots": 1,
        "liquidity_actions": 1,
        "trade_decisions": 1,
        "execute_trade_commands": 1,
        "trade_execution_results": 1,
        "operator_actions": 1,
        "prepared_withdrawals": 1,
    }
    await history.close(facts.START_NS)


async def test_a_fill_is_joined_back_to_its_demand_by_sql_alone(path: Path) -> None:
    first = SqliteHistory(path)
    await first.open(facts.run("run-1"))
    await first.write([facts.demand(1), facts.demand(2), facts.decision(1), facts.decision(2), facts.command(1)])
    await first.close(facts.START_NS + 5)
    second = SqliteHistory(path)
    await second.open(facts.run("run-2"))
    await second.write([facts.demand(1, 777), facts.result(1, "accepted"), facts.result(1, "settled")])
    await second.close(facts.START_NS + 9)
    assert facts.rows(path, FILL_TO_DEMAND) == [("quote-1", "1000", "run-1", "decision-1", "hash-1", "tx-1")]
    plan = " ".join(str(row[3]) for row in facts.rows(path, f"EXPLAIN QUERY PLAN {FILL_TO_DEMAND}"))
    assert all(f"SEARCH {alias} USING" in plan for alias in "ctd")


async def test_writing_the_same_facts_twice_leaves_one_row_each(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.write(facts.one_of_each(1))
    before = await history.counts()
    await history.write(facts.one_of_each(1))
    assert await history.counts() == before
    assert history.duplicates == len(facts.one_of_each(1))
    await history.close(None)


async def test_steps_of_one_quote_and_of_one_deposit_are_facts_of_their_own(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.write([facts.result(1, "accepted"), facts.result(1, "settled"), facts.result(1, "settled")])
    await history.write([facts.deposit(1, "PENDING"), facts.deposit(1, "CREDITED"), facts.deposit(1, "CREDITED")])
    counts = await history.counts()
    assert (counts["trade_execution_results"], counts["liquidity_actions"]) == (2, 2)
    await history.close(None)


async def test_the_same_request_and_command_ids_in_another_run_are_other_facts(path: Path) -> None:
    for run_id in ("run-1", "run-2"):
        history = SqliteHistory(path)
        await history.open(facts.run(run_id))
        await history.write([facts.demand(1), facts.action(1)])
        await history.close(facts.START_NS)
    assert facts.rows(path, "SELECT run_id FROM swap_demand_events ORDER BY id") == [("run-1",), ("run-2",)]
    assert facts.rows(path, "SELECT run_id FROM operator_actions ORDER BY id") == [("run-1",), ("run-2",)]


async def test_only_the_owner_may_read_the_file(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.write([facts.demand(1)])
    assert facts.permissions(path.parent) == 0o700
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["history.db", "history.db-shm", "history.db-wal"]
    assert {facts.permissions(file) for file in files} == {0o600}
    await history.close(None)


async def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    path.parent.mkdir(mode=0o700)
    os.close(os.open(path, os.O_CREAT, 0o644))
    history = SqliteHistory(path)
    await history.open(facts.run())
    assert facts.permissions(path) == 0o600
    await history.close(None)


async def test_a_directory_in_which_others_may_write_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.parent.chmod(0o777)
    with pytest.raises(HistoryError, match=f"chmod 700 {path.parent}"):
        await SqliteHistory(path).open(facts.run())


@pytest.mark.parametrize(("mode", "account"), [("LIVE", "maker.near"), ("SANDBOX", "other.near")])
async def test_another_mode_or_account_is_refused(path: Path, mode: str, account: str) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.close(facts.START_NS)
    intruder = SqliteHistory(path)
    with pytest.raises(HistoryError, match=rf"belongs to SANDBOX maker\.near.*{mode} {account}.*COCKPIT_STATE_DIR"):
        await intruder.open(facts.run("run-2", mode, account))
    assert facts.rows(path, "SELECT run_id FROM runs") == [("run-1",)]


async def test_the_first_run_has_none_before_it(path: Path) -> None:
    history = SqliteHistory(path)
    assert await history.open(facts.run()) is None
    await history.close(None)


async def open_and_leave(path: Path, run_id: str, second: int, *, clean: bool) -> FormerRun | None:
    at_ns = facts.START_NS + second * facts.SECOND_NS
    history = SqliteHistory(path)
    former = await history.open(facts.run(run_id, at_ns=at_ns))
    await history.alive(at_ns + facts.SECOND_NS)
    await history.close(at_ns + 2 * facts.SECOND_NS if clean else None)
    return former


async def test_a_clean_end_and_the_last_deadline_are_told_to_the_next_run(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    last = facts.START_NS + 90 * facts.SECOND_NS
    await history.write([facts.command(1, last), facts.command(2, last - 1)])
    await history.close(facts.START_NS + 3)
    former = await open_and_leave(path, "run-2", 1, clean=True)
    assert former == FormerRun(run_id="run-1", clean=True, dead_ns=last, last_write_ns=facts.START_NS + 3)


async def test_an_end_without_goodbye_is_unclean_and_dated_by_its_last_sign_of_life(path: Path) -> None:
    await open_and_leave(path, "run-1", 0, clean=False)
    former = await open_and_leave(path, "run-2", 10, clean=True)
    assert former == FormerRun(run_id="run-1", clean=False, dead_ns=0, last_write_ns=facts.START_NS + facts.SECOND_NS)


async def test_writing_is_a_sign_of_life(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.write([facts.demand(5), facts.demand(41)])
    await history.close(None)
    former = await open_and_leave(path, "run-2", 1, clean=True)
    assert former is not None
    assert former.last_write_ns == facts.START_NS + 41


async def test_a_short_clean_run_does_not_hide_the_broken_one_before_it(path: Path) -> None:
    await open_and_leave(path, "run-1", 0, clean=False)
    await open_and_leave(path, "run-2", 10, clean=True)
    soon = await open_and_leave(path, "run-3", 20, clean=True)
    assert soon is not None
    assert (soon.run_id, soon.clean, soon.last_write_ns) == ("run-2", False, facts.START_NS + facts.SECOND_NS)
    later = await open_and_leave(path, "run-4", 2 * 3600, clean=True)
    assert later is not None
    assert (later.run_id, later.clean) == ("run-3", True)


async def test_quotes_of_an_earlier_run_still_count_when_the_last_one_signed_none(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.write([facts.command(1, facts.START_NS + 99)])
    await history.close(None)
    await open_and_leave(path, "run-2", 1, clean=False)
    former = await open_and_leave(path, "run-3", 2, clean=True)
    assert former is not None
    assert former.dead_ns == facts.START_NS + 99


def spoil(path: Path) -> None:
    path.write_bytes(b"this is no database, " * 200)


async def test_nothing_is_left_running_after_close_or_a_failed_open(path: Path) -> None:
    before = set(threading.enumerate())
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.close(facts.START_NS)
    await history.close(facts.START_NS)
    with pytest.raises(HistoryError):
        await SqliteHistory(path).open(facts.run("run-2", "LIVE"))
    with pytest.raises(HistoryError):
        await SqliteHistory(path).open(facts.run("run-1"))
    spoil(path)
    with pytest.raises(HistoryError, match="not a SQLite database"):
        await SqliteHistory(path).open(facts.run())
    await facts.until(lambda: set(threading.enumerate()) <= before)


async def test_a_closed_or_unopened_history_says_so(path: Path) -> None:
    history = SqliteHistory(path)
    with pytest.raises(HistoryError, match="not open"):
        await history.write([facts.demand(1)])
    await history.open(facts.run())
    with pytest.raises(HistoryError, match="already open"):
        await history.open(facts.run("run-2"))
    await history.close(None)
    with pytest.raises(HistoryError, match="not open"):
        await history.write([facts.demand(1)])


async def test_calls_at_once_do_not_mix_their_transactions(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    await asyncio.gather(
        *(history.write([facts.demand(n), facts.decision(n)]) for n in range(20)),
        *(history.alive(facts.START_NS + n) for n in range(20)),
        *(history.counts() for _ in range(5)),
    )
    counts = await history.counts()
    assert (counts["swap_demand_events"], counts["trade_decisions"]) == (20, 20)
    await history.close(None)


async def test_a_cancelled_write_leaves_the_history_usable(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    for n in range(10):
        task = asyncio.ensure_future(history.write([facts.demand(n), facts.decision(n)]))
        for _ in range(n):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
    await history.write([facts.demand(100), facts.decision(100)])
    counts = await history.counts()
    assert counts["swap_demand_events"] == counts["trade_decisions"] >= 1
    await history.close(facts.START_NS)


async def test_a_prepared_withdrawal_and_its_steps_are_read_back_as_written(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    prepared = [facts.withdrawal(1), facts.withdrawal(2, facts.U128_MAX)]
    steps = [facts.deposit(1), facts.deposit(1, "CREDITED")]
    await history.write([*prepared, *steps])
    await history.close(None)
    again = SqliteHistory(path)
    await again.open(facts.run("run-2"))
    assert await again.prepared_withdrawals() == tuple(prepared)
    assert await again.liquidity("deposit") == tuple(steps)
    assert await again.liquidity("withdrawal") == ()
    await again.close(None)


async def test_a_second_signing_under_the_same_key_is_not_recorded(path: Path) -> None:
    history = SqliteHistory(path)
    await history.open(facts.run())
    first = facts.withdrawal(1)
    second = msgspec.structs.replace(facts.withdrawal(2), idempotency_key=first.idempotency_key)
    await history.write([first])
    await history.write([second])
    assert await history.prepared_withdrawals() == (first,)
    await history.close(None)
