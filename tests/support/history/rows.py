"""Events and runs to write, each with a number of its own."""

import sqlite3
import stat
from decimal import Decimal
from pathlib import Path

import msgspec

from cockpit.model.events import (
    AnyEvent,
    Check,
    DecisionRules,
    ExecuteTrade,
    IntentInventory,
    LiquidityAction,
    MarketPrice,
    MarketSettlements,
    OperatorAction,
    OptionValue,
    Outcome,
    SwapDemand,
    TradeDecision,
    TradeResult,
    WithdrawalPrepared,
)
from storage.history import Run
from venue.protocol.units import NS_PER_S

BTC = "nep141:btc.omft.near"
EURE = "nep141:gnosis-0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430.omft.near"
START_NS = 1_800_000_000_000_000_000
U128_MAX = 2**128 - 1

FILL_TO_DEMAND = """
SELECT d.quote_id, d.amount_in, d.run_id, t.decision_id, c.quote_hash, r.tx_hash
FROM trade_execution_results AS r
JOIN execute_trade_commands AS c ON c.command_id = r.command_id
JOIN trade_decisions AS t ON t.decision_id = c.decision_id
JOIN swap_demand_events AS d ON d.run_id = t.run_id AND d.quote_id = t.quote_id
WHERE r.outcome = 'settled'
ORDER BY r.at_ns
"""


def run(run_id: str = "run-1", mode: str = "SANDBOX", account: str = "maker.near", at_ns: int = START_NS) -> Run:
    return Run(run_id=run_id, mode=mode, account=account, started_ns=at_ns)


def demand(n: int, amount_in: int | None = 1_000) -> SwapDemand:
    return SwapDemand(
        at_ns=START_NS + n,
        quote_id=f"quote-{n}",
        asset_in=BTC,
        asset_out=EURE,
        amount_in=amount_in,
        amount_out=None,
        min_deadline_ms=60_000,
        partner_id=None,
        traceparent=None,
    )


def settlements(n: int, others: int = 7) -> MarketSettlements:
    return MarketSettlements(at_ns=START_NS + n, since_ns=START_NS, others=others)


def rules(n: int) -> DecisionRules:
    return DecisionRules(at_ns=START_NS + n, rules_id=f"rules-{n}", limits="{}", params="{}")


def price(n: int, source: str = "kraken") -> MarketPrice:
    mid = Decimal("61234.5")
    return MarketPrice(at_ns=START_NS + n, source=source, bid=mid - 1, ask=mid + 1, mid=mid)


def inventory(n: int, balance: int = 100) -> IntentInventory:
    return IntentInventory(
        at_ns=START_NS + n,
        asset=BTC,
        balance=balance,
        reserved=0,
        spendable=balance,
        block_height=7,
        cause="poll",
    )


def option_value(n: int, value: int = 2 * 10**17) -> OptionValue:
    return OptionValue(
        at_ns=START_NS + n,
        mid=Decimal("61234.5"),
        sigma_bps=Decimal("12.34"),
        quotes=7,
        value=value,
        intrinsic=10**16,
        fall=3 * 10**18,
        rise=0,
        refused_value=5,
    )


def deposit(n: int, status: str = "PENDING") -> LiquidityAction:
    return LiquidityAction(
        at_ns=START_NS + n,
        action_id=f"deposit-{n}",
        kind="deposit",
        asset=EURE,
        amount=5 * 10**18,
        chain="eth:100",
        tx_hash="0xabc",
        status=status,
        detail="",
    )


def decision(n: int) -> TradeDecision:
    return TradeDecision(
        at_ns=START_NS + n,
        decision_id=f"decision-{n}",
        quote_id=f"quote-{n}",
        actionable=True,
        reason="quote",
        side="buy",
        mid=Decimal("61234.5"),
        price=Decimal("61112.031"),
        skew_bps=Decimal("-1.5"),
        amount_in=1_000,
        amount_out=6 * 10**17,
        notional=6 * 10**17,
        edge=10**15,
        deadline_ns=START_NS + 60 * NS_PER_S,
        checks=(Check("armed", True, "strategy and executor"), Check('says "fresh"', False, "age 7 ms")),
    )


def command(n: int, deadline_ns: int = START_NS + 60 * NS_PER_S) -> ExecuteTrade:
    return ExecuteTrade(
        at_ns=START_NS + n,
        command_id=f"command-{n}",
        decision_id=f"decision-{n}",
        quote_id=f"quote-{n}",
        quote_hash=f"hash-{n}",
        nonce=f"nonce-{n}",
        deadline_ns=deadline_ns,
        asset_in=BTC,
        asset_out=EURE,
        amount_in=1_000,
        amount_out=6 * 10**17,
        reaction_ns=300_000,
    )


def result(n: int, outcome: Outcome = "settled") -> TradeResult:
    return TradeResult(
        at_ns=START_NS + n,
        command_id=f"command-{n}",
        quote_id=f"quote-{n}",
        quote_hash=f"hash-{n}",
        outcome=outcome,
        detail="",
        intent_hash=f"hash-{n}",
        tx_hash=f"tx-{n}",
    )


def action(n: int) -> OperatorAction:
    return OperatorAction(
        at_ns=START_NS + n,
        command_id=f"arm-{n}",
        actor="cockpit",
        command="arm",
        arguments="{}",
        accepted=True,
        reason="armed",
    )


def withdrawal(n: int, amount: int = 5 * 10**18) -> WithdrawalPrepared:
    return WithdrawalPrepared(
        at_ns=START_NS + n,
        withdrawal_id=f"withdrawal-{n}",
        idempotency_key=f"key-{n}",
        actor="cockpit",
        route="transaction",
        asset=EURE,
        amount=amount,
        fee=10**17,
        destination="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        chain="eth:100",
        hash=f"transaction-{n}",
        signed="c2lnbmVk",
        nonce="7",
        expires_ns=START_NS + 86_400 * NS_PER_S,
    )


def omni_withdrawal(n: int, amount: int = 10**6) -> WithdrawalPrepared:
    """One by the Omni bridge, which has more to it."""
    return msgspec.structs.replace(
        withdrawal(n, amount),
        route="intent",
        asset="nep141:nbtc.bridge.near",
        fee=1_500,
        bridge="omni",
        gas_fee=1_200,
        native_fee=U128_MAX,
        external_id="3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    )


def one_of_each(n: int) -> list[AnyEvent]:
    return [
        demand(n),
        settlements(n),
        option_value(n),
        price(n),
        inventory(n),
        deposit(n),
        rules(n),
        decision(n),
        command(n),
        result(n),
        action(n),
        withdrawal(n),
    ]


def rows(path: Path, sql: str, *parameters: object) -> list[tuple[object, ...]]:
    """What another program sees in the file."""
    reader = sqlite3.connect(path)
    try:
        return reader.execute(sql, parameters).fetchall()
    finally:
        reader.close()


def permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
