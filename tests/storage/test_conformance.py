"""What every engine of the history does: what it stores, whom it admits, and what it knows of the previous run."""

import asyncio
from decimal import Decimal

import msgspec
import pytest

from cockpit.model.events import AnyEvent
from storage.errors import HistoryError
from storage.history import HEALTHY, PreviousRun
from tests.support.history import rows as facts
from tests.support.history.engines import Engine
from tests.support.waiting import until
from venue.protocol.units import NS_PER_S


async def test_each_table_counts_its_rows(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write([*facts.one_of_each(1), facts.demand(2), facts.price(2)])
    assert await history.counts() == {
        "runs": 1,
        "swap_demand_events": 2,
        "market_settlement_events": 1,
        "decision_rules": 1,
        "market_price_events": 2,
        "intent_inventory_snapshots": 1,
        "option_values": 1,
        "liquidity_actions": 1,
        "trade_decisions": 1,
        "execute_trade_commands": 1,
        "trade_execution_results": 1,
        "operator_actions": 1,
        "prepared_withdrawals": 1,
    }
    await history.close(facts.START_NS)


async def test_a_fill_is_joined_back_to_its_request_by_sql_alone(engine: Engine) -> None:
    first = engine.make()
    await first.open(facts.run("run-1"))
    await first.write([facts.demand(1), facts.demand(2), facts.decision(1), facts.decision(2), facts.command(1)])
    await first.close(facts.START_NS + 5)
    second = engine.make()
    await second.open(facts.run("run-2"))
    await second.write([facts.demand(1, 777), facts.result(1, "accepted"), facts.result(1, "settled")])
    await second.close(facts.START_NS + 9)
    [(quote_id, amount, *names)] = await engine.rows(facts.FILL_TO_DEMAND)
    assert (quote_id, int(amount), *names) == ("quote-1", 1000, "run-1", "decision-1", "hash-1", "tx-1")


async def test_each_step_of_a_quote_and_of_a_deposit_is_a_row_of_its_own(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write([facts.result(1, "accepted"), facts.result(1, "settled"), facts.result(1, "settled")])
    await history.write([facts.deposit(1, "PENDING"), facts.deposit(1, "CREDITED"), facts.deposit(1, "CREDITED")])
    counts = await history.counts()
    assert (counts["trade_execution_results"], counts["liquidity_actions"]) == (2, 2)
    await history.close(None)


async def test_the_same_request_and_command_ids_in_another_run_are_other_rows(engine: Engine) -> None:
    for run_id in ("run-1", "run-2"):
        history = engine.make()
        await history.open(facts.run(run_id))
        await history.write([facts.demand(1), facts.action(1)])
        await history.close(facts.START_NS)
    assert await engine.rows("SELECT run_id FROM swap_demand_events ORDER BY id") == [("run-1",), ("run-2",)]
    assert await engine.rows("SELECT run_id FROM operator_actions ORDER BY id") == [("run-1",), ("run-2",)]


@pytest.mark.parametrize(("mode", "account"), [("LIVE", "maker.near"), ("SANDBOX", "other.near")])
async def test_another_mode_or_account_is_refused(engine: Engine, mode: str, account: str) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.close(facts.START_NS)
    intruder = engine.make()
    with pytest.raises(
        HistoryError, match=rf"belongs to SANDBOX maker\.near.*{mode} {account}.*(COCKPIT_STATE_DIR|POSTGRES_URL)"
    ):
        await intruder.open(facts.run("run-2", mode, account))
    assert await engine.rows("SELECT run_id FROM runs") == [("run-1",)]


async def test_the_first_run_has_none_before_it(engine: Engine) -> None:
    history = engine.make()
    assert await history.open(facts.run()) is None
    await history.close(None)


async def open_and_leave(engine: Engine, run_id: str, second: int, *, clean: bool) -> PreviousRun | None:
    at_ns = facts.START_NS + second * NS_PER_S
    history = engine.make()
    previous = await history.open(facts.run(run_id, at_ns=at_ns))
    await history.heartbeat(at_ns + NS_PER_S)
    await history.close(at_ns + 2 * NS_PER_S if clean else None)
    return previous


async def test_the_next_run_learns_of_a_clean_end_and_of_the_last_deadline(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    last = facts.START_NS + 90 * NS_PER_S
    await history.write([facts.command(1, last), facts.command(2, last - 1)])
    await history.close(facts.START_NS + 3)
    previous = await open_and_leave(engine, "run-2", 1, clean=True)
    assert previous == PreviousRun(run_id="run-1", clean=True, last_deadline_ns=last, last_write_ns=facts.START_NS + 3)


async def test_an_end_that_was_not_recorded_is_unclean_and_dated_by_the_last_heartbeat(engine: Engine) -> None:
    await open_and_leave(engine, "run-1", 0, clean=False)
    previous = await open_and_leave(engine, "run-2", 10, clean=True)
    assert previous == PreviousRun(
        run_id="run-1", clean=False, last_deadline_ns=0, last_write_ns=facts.START_NS + NS_PER_S
    )


async def test_writing_counts_as_a_heartbeat(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write([facts.demand(5), facts.demand(41)])
    await history.close(None)
    previous = await open_and_leave(engine, "run-2", 1, clean=True)
    assert previous is not None
    assert previous.last_write_ns == facts.START_NS + 41


async def test_a_short_clean_run_does_not_hide_an_unclean_one_before_it(engine: Engine) -> None:
    await open_and_leave(engine, "run-1", 0, clean=False)
    await open_and_leave(engine, "run-2", 10, clean=True)
    soon = await open_and_leave(engine, "run-3", 20, clean=True)
    assert soon is not None
    assert (soon.run_id, soon.clean, soon.last_write_ns) == ("run-2", False, facts.START_NS + NS_PER_S)
    later = await open_and_leave(engine, "run-4", 2 * 3600, clean=True)
    assert later is not None
    assert (later.run_id, later.clean) == ("run-3", True)


async def test_quotes_of_an_earlier_run_still_count_when_the_last_one_signed_none(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write([facts.command(1, facts.START_NS + 99)])
    await history.close(None)
    await open_and_leave(engine, "run-2", 1, clean=False)
    previous = await open_and_leave(engine, "run-3", 2, clean=True)
    assert previous is not None
    assert previous.last_deadline_ns == facts.START_NS + 99


async def test_a_history_that_is_not_open_refuses_to_write(engine: Engine) -> None:
    history = engine.make()
    with pytest.raises(HistoryError, match="not open"):
        await history.write([facts.demand(1)])
    await history.open(facts.run())
    with pytest.raises(HistoryError, match="already open"):
        await history.open(facts.run("run-2"))
    await history.close(None)
    with pytest.raises(HistoryError, match="not open"):
        await history.write([facts.demand(1)])


async def test_calls_at_once_do_not_mix_their_transactions(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await asyncio.gather(
        *(history.write([facts.demand(n), facts.decision(n)]) for n in range(20)),
        *(history.heartbeat(facts.START_NS + n) for n in range(20)),
        *(history.counts() for _ in range(5)),
    )
    counts = await history.counts()
    assert (counts["swap_demand_events"], counts["trade_decisions"]) == (20, 20)
    await history.close(None)


async def test_a_cancelled_write_leaves_the_history_usable(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    for n in range(10):
        task = asyncio.ensure_future(history.write([facts.demand(n), facts.decision(n)]))
        for _ in range(n):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
    await history.write([facts.demand(100), facts.decision(100)])
    await until(lambda: history.health() == HEALTHY)
    counts = await history.counts()
    assert counts["swap_demand_events"] == counts["trade_decisions"] >= 1
    await history.close(facts.START_NS)


async def test_a_prepared_withdrawal_and_its_steps_are_read_back_as_written(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    prepared = [facts.withdrawal(1), facts.withdrawal(2, facts.U128_MAX), facts.omni_withdrawal(3)]
    steps = [facts.deposit(1), facts.deposit(1, "CREDITED")]
    await history.write([*prepared, *steps])
    await history.close(None)
    again = engine.make()
    await again.open(facts.run("run-2"))
    assert await again.prepared_withdrawals() == tuple(prepared)
    assert await again.liquidity("deposit") == tuple(steps)
    assert await again.liquidity("withdrawal") == ()
    await again.close(None)


async def test_a_second_signing_under_the_same_key_is_not_recorded(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    first = facts.withdrawal(1)
    second = msgspec.structs.replace(facts.withdrawal(2), idempotency_key=first.idempotency_key)
    await history.write([first])
    await history.write([second])
    assert await history.prepared_withdrawals() == (first,)
    await history.close(None)


async def test_writing_the_same_events_twice_leaves_one_row_each(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write(facts.one_of_each(1))
    before = await history.counts()
    await history.write([*facts.one_of_each(1), *facts.one_of_each(1)])
    assert await history.counts() == before
    await history.close(None)


@pytest.mark.parametrize("many", [3, 400])
async def test_a_batch_that_repeats_some_events_adds_only_the_others(engine: Engine, many: int) -> None:
    history = engine.make()
    await history.open(facts.run())
    for start in (0, many // 3):
        await history.write([event for n in range(start, start + many) for event in (facts.demand(n), facts.price(n))])
    ids = [quote_id for (quote_id,) in await engine.rows("SELECT quote_id FROM swap_demand_events ORDER BY id")]
    assert ids == [f"quote-{n}" for n in range(many // 3 + many)]
    await history.close(None)


@pytest.mark.parametrize("many", [1, 300])
async def test_amounts_and_prices_come_back_to_the_last_digit(engine: Engine, many: int) -> None:
    history = engine.make()
    await history.open(facts.run())
    mid = Decimal("61234.123456789012345678901234567890")
    batch: list[AnyEvent] = []
    for n in range(many):
        batch += [
            facts.demand(n, facts.U128_MAX),
            msgspec.structs.replace(facts.price(n), mid=mid),
            msgspec.structs.replace(facts.decision(n), edge=-facts.U128_MAX, mid=None),
            facts.inventory(n, facts.U128_MAX),
        ]
    await history.write(batch)
    last = f"quote-{many - 1}"
    [(amount_in, amount_out)] = await engine.rows(
        f"SELECT amount_in, amount_out FROM swap_demand_events WHERE quote_id = '{last}'"
    )
    [(edge, none)] = await engine.rows(f"SELECT edge, mid FROM trade_decisions WHERE quote_id = '{last}'")
    [(price,)] = await engine.rows("SELECT mid FROM market_price_events LIMIT 1")
    assert (int(amount_in), amount_out, int(edge), none) == (facts.U128_MAX, None, -facts.U128_MAX, None)
    assert str(price) == str(mid)
    assert await history.balance_before(facts.BTC, facts.START_NS + many) == facts.U128_MAX
    await history.close(None)


HOSTILE = ("", "null", "a,b", '"', "\\", "\\.", "a\\nb", "\n", "\r\n\t", "\x01\x1f\x7f", "\u2028é🚀", '"]\n["')


@pytest.mark.parametrize("many", [1, 30])
async def test_any_text_comes_back_as_it_was(engine: Engine, many: int) -> None:
    history = engine.make()
    await history.open(facts.run())
    texts = HOSTILE * many
    demands: list[AnyEvent] = [
        msgspec.structs.replace(facts.demand(n), partner_id=text, traceparent=None) for n, text in enumerate(texts)
    ]
    await history.write(demands)
    stored = await engine.rows("SELECT partner_id, traceparent FROM swap_demand_events ORDER BY id")
    assert stored == [(text, None) for text in texts]
    await history.close(None)


@pytest.mark.parametrize("many", [1, 300])
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "\udfff\0"])
async def test_a_text_that_no_database_takes_never_blocks_later_events(engine: Engine, text: str, many: int) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write([msgspec.structs.replace(facts.demand(n), partner_id=text) for n in range(many)])
    await history.write([facts.demand(many)])
    assert (await history.counts())["swap_demand_events"] == many + 1
    await history.close(None)


async def test_the_balance_before_a_time_is_the_newest_up_to_it(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write([facts.inventory(3, 30), facts.inventory(1, 10), facts.inventory(7, 70)])
    found = [await history.balance_before(facts.BTC, facts.START_NS + n) for n in (0, 1, 6, 7)]
    assert found == [None, 10, 30, 70]
    await history.close(None)


async def test_an_empty_batch_is_no_transaction_and_leaves_the_history_healthy(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write([])
    assert history.health() == HEALTHY
    await history.close(None)


async def test_the_next_run_learns_of_the_longest_deadline_allowed(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    limits = [
        msgspec.structs.replace(facts.action(n), arguments=f'{{"max_deadline_ms":{n}}}') for n in (90_000, 60_000)
    ]
    refused = msgspec.structs.replace(facts.action(3), arguments='{"max_deadline_ms":120000}', accepted=False)
    await history.write([facts.action(1), *limits, refused])
    await history.close(None)
    previous = await open_and_leave(engine, "run-2", 1, clean=True)
    assert previous is not None
    assert previous.max_deadline_ms == 90_000
