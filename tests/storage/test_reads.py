"""What a restart reads of the runs before it: quotes without an end, late settlements, the last explained balances."""

import msgspec
import pytest

from cockpit.model.events import IntentInventory, OperatorAction, Outcome
from storage.history import ACCOUNTED, LOOKED_BACK_NS, REFUSED_KEPT_NS
from tests.support.amounts import btc_eure
from tests.support.history import rows as facts
from tests.support.history.engines import Engine
from tests.support.history.open_quotes import every_open_quote
from tests.support.history.rows import START_NS


def reading(n: int, asset: str, balance: int, cause: str = "poll") -> IntentInventory:
    return msgspec.structs.replace(facts.inventory(n, balance), asset=asset, cause=cause)


def accounted(accepted: bool = True) -> OperatorAction:
    return OperatorAction(
        at_ns=START_NS,
        command_id="account-run-2",
        actor="desk",
        command=ACCOUNTED,
        arguments="{}",
        accepted=accepted,
        reason="",
    )


async def test_only_quotes_without_a_final_outcome_are_open(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    ends: tuple[Outcome | None, ...] = (
        None,
        "accepted",
        "unknown",
        "burning",
        "settled",
        "refused",
        "expired",
        "burned",
    )
    for n, end in enumerate(ends):
        await history.write([facts.decision(n), facts.command(n), *([facts.result(n, end)] if end else [])])
    await history.write([facts.result(2, "accepted")])
    found = await every_open_quote(history)
    assert [quote.command for quote in found] == [facts.command(n) for n in (0, 1, 2, 3, 5)]
    answered = [set(quote.outcomes) for quote in found]
    assert answered == [set(), {"accepted"}, {"unknown", "accepted"}, {"burning"}, {"refused"}]
    assert {quote.edge for quote in found} == {10**15}
    await history.close(None)


@pytest.mark.parametrize("end", ["settled", "expired", "burned"])
async def test_a_refused_quote_is_open_until_it_can_do_nothing_more(engine: Engine, end: Outcome) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write([facts.command(1), facts.result(1, "refused")])
    assert len(await every_open_quote(history)) == 1
    await history.write([facts.result(1, end)])
    assert await every_open_quote(history) == ()
    await history.close(None)


async def test_a_refused_quote_is_left_out_long_after_the_balances_were_explained_without_it(engine: Engine) -> None:
    """Versions that took a refusal for an end recorded no other: an update must not ask for all of their quotes."""
    history = engine.make()
    await history.open(facts.run())
    commands = {n: facts.command(n, START_NS + n) for n in (1, 2, 3)}
    await history.write([*commands.values(), facts.result(1, "refused"), facts.result(2, "refused")])
    dead_ns = START_NS + 1 + REFUSED_KEPT_NS
    for at_ns, left in ((dead_ns, [1, 2, 3]), (dead_ns + 1, [2, 3]), (dead_ns + 2, [3])):
        rows = [reading(1, asset, 100) for asset in (facts.BTC, facts.EURE)]
        await history.write([msgspec.structs.replace(row, at_ns=at_ns) for row in rows])
        found = await every_open_quote(history)
        assert [quote.command for quote in found] == [commands[n] for n in left]
    await history.close(None)


async def test_a_quote_whose_decision_was_lost_is_open_all_the_same(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write([facts.command(1)])
    [found] = await every_open_quote(history)
    assert (found.command, found.edge) == (facts.command(1), None)
    await history.close(None)


async def test_open_quotes_of_every_run_are_read_until_a_run_has_accounted_for_them(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run("run-1"))
    await history.write([facts.command(1)])
    await history.close(None)
    later_ns = START_NS + 2 * LOOKED_BACK_NS
    for number, journal in enumerate(([], [accounted(False)], [accounted()]), start=2):
        await history.open(facts.run(f"run-{number}", at_ns=later_ns + number))
        assert [quote.command.quote_id for quote in await every_open_quote(history)] == ["quote-1"]
        await history.write(journal)
        await history.close(None)
    await history.open(facts.run("run-5", at_ns=later_ns + 5))
    assert await every_open_quote(history) == ()
    await history.close(None)


async def test_settlements_are_read_by_when_they_were_recorded(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    for n in (1, 2, 3):
        await history.write([facts.command(n), facts.result(n, "accepted" if n == 3 else "settled")])
    assert [quote.command.quote_id for quote in await history.settled_since(START_NS + 2)] == ["quote-2"]
    await history.close(None)


async def test_the_last_explained_balances_are_complete_and_explained(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    assert await history.last_explained() == ()
    assert await history.last_height() is None
    complete = [reading(5, facts.BTC, 2**127), reading(5, facts.EURE, 7)]
    await history.write([reading(1, facts.BTC, 1, "opening"), reading(1, facts.EURE, 1, "opening"), *complete])
    await history.write([reading(6, facts.BTC, 9, "unexplained"), reading(6, facts.EURE, 9, "unexplained")])
    assert list(await history.last_explained()) == complete
    last = msgspec.structs.replace(reading(7, facts.BTC, 8, "unexplained"), block_height=2**40)
    await history.write([last])
    assert list(await history.last_explained()) == complete
    assert await history.last_height() == 2**40
    await history.close(None)


async def test_fills_of_every_run_are_read_with_what_they_moved_and_when(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run("run-1"))
    for n in (1, 2, 3):
        await history.write([facts.command(n), facts.result(n, "accepted" if n == 3 else "settled")])
    await history.close(None)
    await history.open(facts.run("run-2"))
    sold = msgspec.structs.replace(
        facts.command(4), asset_in=facts.EURE, asset_out=facts.BTC, amount_in=2**127, amount_out=9
    )
    await history.write([sold, facts.result(4)])
    bought, sale = await history.fills_since(START_NS + 2)
    assert (bought.at_ns, bought.moved) == (START_NS + 2, btc_eure(1_000, -6 * 10**17))
    assert (sale.at_ns, sale.moved) == (START_NS + 4, btc_eure(-9, 2**127))
    assert await history.fills_since(START_NS + 5) == ()
    await history.close(None)


async def test_prices_of_a_source_are_read_with_their_times_whatever_the_run(engine: Engine) -> None:
    history = engine.make()
    for run in (1, 2):
        await history.open(facts.run(f"run-{run}"))
        await history.write([facts.price(10 * run + n, source) for n in range(3) for source in ("composite", "kraken")])
        await history.close(None)
    await history.open(facts.run("run-3"))
    prices = [facts.price(n, "composite") for n in (12, 20, 21, 22)]
    found = await history.prices_since("composite", START_NS + 12)
    assert found == tuple((price.at_ns, price.mid) for price in prices)
    assert await history.prices_since("bitstamp", 0) == ()
    await history.close(None)


async def test_the_newest_requests_are_read_but_those_that_had_no_price_or_could_not_be_quoted(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run("run-1"))
    unpriced = msgspec.structs.replace(facts.decision(4), notional=None)
    reasons = ("sent", "promised", "dry", "request_age", "premium")
    decisions = [msgspec.structs.replace(facts.decision(n), reason=reason) for n, reason in enumerate(reasons, start=5)]
    await history.write([facts.decision(1), unpriced, *decisions])
    found = await history.requests_since(START_NS + 4)
    wanted = [one for one in decisions if one.reason not in ("dry", "request_age")]
    assert [(one.at_ns, one.notional, one.deadline_ns) for one in found] == [
        (one.at_ns, one.notional, one.deadline_ns) for one in wanted
    ]
    await history.close(None)


async def test_the_newest_accepted_command_of_a_name_is_read_whatever_its_run(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run("run-1"))
    assert await history.last_arguments("set trading") is None
    steps = [("set trading", '{"state":"HALTED"}', True), ("set trading", "{}", False), ("arm", '{"x":1}', True)]
    for n, (command, arguments, done) in enumerate(steps):
        changed = {"command": command, "arguments": arguments, "accepted": done}
        await history.write([msgspec.structs.replace(facts.action(n), **changed)])
    await history.close(None)
    await history.open(facts.run("run-2"))
    assert await history.last_arguments("set trading") == '{"state":"HALTED"}'
    await history.close(None)
