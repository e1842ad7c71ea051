"""From request to signed quote, settlement, confirmation by the ledger and history; and a deposit."""

from decimal import Decimal

from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import accepted
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE

JOINED = """
SELECT s.amount_in, s.amount_out, d.side, d.reason, c.quote_hash, c.amount_in, c.amount_out, r.tx_hash
FROM trade_execution_results r
JOIN execute_trade_commands c ON c.command_id = r.command_id
JOIN trade_decisions d ON d.decision_id = c.decision_id
JOIN swap_demand_events s ON s.run_id = d.run_id AND s.quote_id = d.quote_id
WHERE r.outcome = 'settled' ORDER BY r.at_ns
"""


async def test_a_fill_is_followed_from_its_request_to_the_ledger(
    launch: Launch, control: Control, taker: Taker
) -> None:
    opening = await control.balances()
    desk = await launch()
    await desk.arm()

    # Both directions, both exact forms.
    sold = await taker.deal(BTC.token_id, amount_in=100_000)
    bought = await taker.deal(EURE.token_id, amount_out=50_000)
    also = await taker.deal(EURE.token_id, amount_in=EURE.to_units(Decimal(20)))
    last = await taker.deal(BTC.token_id, amount_out=EURE.to_units(Decimal(15)))
    deals = (sold, bought, also, last)

    shot = await desk.until(lambda shot: shot.counts.settled == 4, what="four confirmed fills")
    assert (shot.counts.sent, shot.counts.accepted, shot.counts.refused, shot.counts.unknown) == (4, 4, 0, 0)
    assert shot.counts.requests == shot.counts.decisions == 4
    shot = await desk.until(lambda shot: shot.relay_latency.dated == shot.relay_latency.requests == 4)
    latency = shot.relay_latency
    assert latency.p50_ms is not None
    assert latency.max_ms is not None
    assert 0 <= latency.p50_ms <= latency.max_ms < 10_000, "the venue and the desk share one clock"
    assert {row.quote_hash for row in shot.executions if row.confirmed} == {deal["quote_hash"] for deal in deals}
    assert all(row.unexplained == 0 and row.reserved == 0 for row in shot.inventory.rows)
    await desk.until(lambda shot: shot.reaction.p50_us is not None, what="a reaction time is shown")

    await until(lambda: desk.count("SELECT COUNT(*) FROM trade_execution_results WHERE outcome = 'settled'") == 4)
    rows = desk.rows(JOINED)
    assert [row[4] for row in rows] == [deal["quote_hash"] for deal in deals]
    assert [(row[5], row[6]) for row in rows] == [(deal["amount_in"], deal["amount_out"]) for deal in deals]
    assert [row[2] for row in rows] == ["buy", "sell", "sell", "buy"]
    assert rows[0][:2] == ("100000", None)
    assert rows[1][:2] == (None, "50000")
    assert all(row[3] == "quote" and row[7] for row in rows)
    assert desk.count("SELECT COUNT(*) FROM trade_decisions") == desk.count("SELECT COUNT(*) FROM swap_demand_events")

    def moved(token: str) -> int:
        return sum(
            int(deal["amount_in"]) * (deal["defuse_asset_identifier_in"] == token)
            - int(deal["amount_out"]) * (deal["defuse_asset_identifier_out"] == token)
            for deal in deals
        )

    closing = await control.balances()
    for token in (BTC.token_id, EURE.token_id):
        assert closing[token] == opening[token] + moved(token)
    held = {row.symbol: row.balance for row in shot.inventory.rows}
    assert held == {"BTC": BTC.to_decimal(closing[BTC.token_id]), "EURe": EURE.to_decimal(closing[EURE.token_id])}


async def test_a_deposit_is_pending_before_it_is_credited_and_then_explains_the_balance(
    launch: Launch, control: Control
) -> None:
    desk = await launch()
    held = (await desk.ready()).inventory.rows[0].balance
    amount = Decimal("0.00012345")

    await control.deposit(BTC.token_id, 12_345, after_s=3)
    accepted(await desk.link.send("liquidity-manager", "refresh"))
    pending = await desk.until(lambda shot: any(row.amount == amount for row in shot.deposits))
    assert [row.status for row in pending.deposits if row.amount == amount] == ["PENDING"]
    row = pending.inventory.rows[0]
    assert (row.pending_in, row.balance) == (amount, held)

    credited = await desk.until(lambda shot: shot.inventory.rows[0].deposited == amount)
    row = credited.inventory.rows[0]
    assert held is not None
    assert (row.balance, row.pending_in, row.unexplained) == (held + amount, Decimal(0), Decimal(0))
    query = "SELECT status FROM liquidity_actions WHERE kind = 'deposit' AND amount = '12345' ORDER BY id"
    await until(lambda: [status for (status,) in desk.rows(query)] == ["PENDING", "CREDITED"])
