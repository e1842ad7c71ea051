"""A small history whose figures can be summed by hand."""

from decimal import Decimal
from pathlib import Path

import msgspec

from cockpit.desk.quoting.strategy import decide, decision_event, desk_prices
from cockpit.model.events import (
    AnyEvent,
    DecisionRules,
    ExecuteTrade,
    IntentInventory,
    LiquidityAction,
    MarketPrice,
    MarketSettlements,
    Outcome,
    TradeResult,
)
from storage.history import History, Run
from storage.sqlite.history import SqliteHistory
from tests.support.desk.builders import NOW, request, view
from venue.protocol.tokens import BTC, EURE
from venue.protocol.units import NS_PER_S

EUR = 10**18


def mid(second: int, price: str) -> MarketPrice:
    return MarketPrice(
        at_ns=NOW + second * NS_PER_S, source="composite", bid=Decimal(price), ask=Decimal(price), mid=Decimal(price)
    )


def balances(second: int, btc: int, eure: int) -> list[AnyEvent]:
    at_ns = NOW + second * NS_PER_S
    return [
        IntentInventory(
            at_ns=at_ns, asset=BTC.token_id, balance=btc, reserved=0, spendable=btc, block_height=second, cause="poll"
        ),
        IntentInventory(
            at_ns=at_ns,
            asset=EURE.token_id,
            balance=eure,
            reserved=0,
            spendable=eure,
            block_height=second,
            cause="poll",
        ),
    ]


def sent(name: str, second: int, taken: tuple[str, int], given: tuple[str, int], life_s: int = 61) -> list[AnyEvent]:
    """A request, its decision and its quote; the decision's own amounts do not matter here."""
    at_ns = NOW + second * NS_PER_S
    asked = request("buy" if taken[0] == BTC.token_id else "sell", quote_id=f"quote-{name}", at_ns=at_ns)
    asked = msgspec.structs.replace(asked, min_deadline_ms=(life_s - 1) * 1_000)
    seen = view(mid_at_ns=at_ns, inventory_at_ns=at_ns)
    made = decision_event(f"decision-{name}", asked, decide(asked, seen, desk_prices(seen)), seen, rules_id="rules")
    command = ExecuteTrade(
        at_ns=at_ns,
        command_id=f"command-{name}",
        decision_id=f"decision-{name}",
        quote_id=f"quote-{name}",
        quote_hash=f"hash-{name}",
        nonce="nonce",
        deadline_ns=at_ns + life_s * NS_PER_S,
        asset_in=taken[0],
        asset_out=given[0],
        amount_in=taken[1],
        amount_out=given[1],
        reaction_ns=300_000 + 1_000 * second,
    )
    return [asked, command, made]


def result(name: str, second: int, outcome: Outcome) -> TradeResult:
    tx = f"tx-{name}" if outcome == "settled" else None
    at_ns = NOW + second * NS_PER_S
    return TradeResult(
        at_ns=at_ns,
        command_id=f"command-{name}",
        quote_id=f"quote-{name}",
        quote_hash=f"hash-{name}",
        outcome=outcome,
        detail="",
        intent_hash=None,
        tx_hash=tx,
    )


def refused(name: str, second: int, notional_btc: int) -> list[AnyEvent]:
    """A request that is too large to be quoted."""
    at_ns = NOW + second * NS_PER_S
    asked = request("buy", amount_in=notional_btc, quote_id=f"quote-{name}", at_ns=at_ns)
    seen = view(mid_at_ns=at_ns, inventory_at_ns=at_ns)
    made = decision_event(f"decision-{name}", asked, decide(asked, seen, desk_prices(seen)), seen, rules_id="rules")
    return [asked, made]


def events() -> list[AnyEvent]:
    """0.001 BTC bought for 49.9 EURe at 10 s, 0.0005 sold for 25.1 at 20 s; 0.01 BTC deposited at 30 s."""
    btc, eure = BTC.token_id, EURE.token_id
    rules = view()
    limits, params = (msgspec.json.encode(part).decode() for part in (rules.limits, rules.params))
    deposit = LiquidityAction(
        at_ns=NOW + 30 * NS_PER_S,
        action_id="dep",
        kind="deposit",
        asset=btc,
        amount=10**6,
        chain="btc:mainnet",
        tx_hash="0xd",
        status="CREDITED",
        detail="",
    )
    pending = LiquidityAction(
        at_ns=NOW + 5 * NS_PER_S,
        action_id="dep",
        kind="deposit",
        asset=btc,
        amount=10**6,
        chain="btc:mainnet",
        tx_hash="0xd",
        status="PENDING",
        detail="",
    )
    return [
        *balances(0, 10**8, 1_000 * EUR),
        mid(0, "50000"),
        DecisionRules(at_ns=NOW, rules_id="rules", limits=limits, params=params),
        pending,
        *sent("a", 8, (btc, 100_000), (eure, 499 * EUR // 10)),
        result("a", 9, "accepted"),
        result("a", 10, "settled"),
        mid(11, "50100"),
        *sent("b", 18, (eure, 251 * EUR // 10), (btc, 50_000), life_s=121),
        result("b", 19, "unknown"),
        result("b", 19, "accepted"),
        result("b", 20, "settled"),
        mid(21, "50200"),
        *sent("c", 25, (btc, 8_000), (eure, 4 * EUR)),
        result("c", 26, "accepted"),
        result("c", 90, "expired"),
        *refused("d", 27, 10**7),
        *refused("e", 28, 10**7),
        deposit,
        mid(30, "50300"),
        MarketSettlements(at_ns=NOW + 35 * NS_PER_S, since_ns=NOW + 30 * NS_PER_S, others=6),
        mid(70, "50000"),
        mid(90, "49000"),
        *balances(91, 10**8 + 100_000 - 50_000 + 10**6, 1_000 * EUR - 499 * EUR // 10 + 251 * EUR // 10),
    ]


async def write(path: Path) -> Path:
    """The history of one run that lasted 100 s, in a file."""
    await fill(SqliteHistory(path))
    return path


async def fill(history: History) -> None:
    """Write that run into an empty history."""
    await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
    await history.write(events())
    await history.close(NOW + 100 * NS_PER_S)
