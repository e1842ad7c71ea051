"""Two hours of a day to ask queries of: fills, refusals, money in and out, commands and a note.

Its flow, prices, decisions and fills are those of ``backtest_history``; midnight is ``START_NS``.
"""

from decimal import Decimal
from functools import cache
from typing import Any

import msgspec

from cockpit.model.events import (
    AnyEvent,
    ExecuteTrade,
    IntentInventory,
    LiquidityAction,
    OperatorAction,
    OptionValue,
    SwapDemand,
    TradeDecision,
    TradeResult,
)
from storage.history import History, Run
from storage.runs import counted_tokens
from tests.support.history import small_history as small
from tests.support.history.backtest_history import START_NS, STILL, played
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE, NBTC
from venue.protocol.units import NS_PER_S

SECONDS = 7_200
END_NS = START_NS + (SECONDS + 600) * NS_PER_S
DAY_NS = 86_400 * NS_PER_S
_BATCH = 2_000


def _balances(second: int, held: dict[str, int]) -> list[AnyEvent]:
    return [
        IntentInventory(
            at_ns=START_NS + second * NS_PER_S,
            asset=asset,
            balance=units,
            reserved=units // 10,
            spendable=units - units // 10,
            block_height=second + 1,
            cause="poll",
        )
        for asset, units in held.items()
    ]


def _step(second: int, key: str, kind: str, status: str, asset: str, amount: int) -> LiquidityAction:
    return LiquidityAction(
        at_ns=START_NS + second * NS_PER_S,
        action_id=key,
        kind=kind,
        asset=asset,
        amount=amount,
        chain="btc:mainnet",
        tx_hash=f"tx-{key}",
        status=status,
        detail="",
    )


def _action(second: int, actor: str, command: str, arguments: str, *, accepted: bool = True) -> OperatorAction:
    return OperatorAction(
        at_ns=START_NS + second * NS_PER_S,
        command_id=f"{command}-{second}",
        actor=actor,
        command=command,
        arguments=arguments,
        accepted=accepted,
        reason="done" if accepted else "refused: the reference is stale",
    )


def _refusals() -> list[AnyEvent]:
    found: list[AnyEvent] = []
    for number in range(12):
        asked, decided = small.refused(f"large-{number}", 0, 10**7 * (1 + number % 2))
        at_ns = START_NS + (60 + number * 590) * NS_PER_S
        found += [msgspec.structs.replace(event, at_ns=at_ns) for event in (asked, decided)]
    return found


@cache
def events() -> list[AnyEvent]:
    """Every event, in the order of time."""
    flow: list[AnyEvent] = []
    held = {BTC.token_id: 10**9, NBTC.token_id: 10**9, EURE.token_id: 800_000 * 10**18}
    moves: list[tuple[int, str, int]] = [(1_900, BTC.token_id, 10**6), (3_700, EURE.token_id, -(50 * 10**18))]
    commands: dict[str, ExecuteTrade] = {}
    for number, event in enumerate(played(lambda _: STILL, SECONDS, rate=0.04)):
        if isinstance(event, ExecuteTrade):
            varied: dict[str, Any] = {
                "reaction_ns": 300_000 + number * 7_001 % 900_000,
                "written": 10**15 + number,
                "request_kind": "router_leg" if number % 5 == 0 else "top_level",
            }
            event = msgspec.structs.replace(event, **varied)
            commands[event.quote_hash] = event
        elif isinstance(event, TradeResult) and event.outcome == "settled":
            one, second = commands[event.quote_hash], (event.at_ns - START_NS) // NS_PER_S
            moves += [(second, one.asset_in, one.amount_in), (second, one.asset_out, -one.amount_out)]
        flow.append(event)
    for hour_end in (0, 1_800, 3_599, 5_400, 7_199, SECONDS + 500):
        now = {
            asset: units + sum(amount for at, moved, amount in moves if moved == asset and at < hour_end)
            for asset, units in held.items()
        }
        flow += _balances(hour_end, now)
    flow += [
        _step(1_500, "deposit-1", "deposit", "PENDING", BTC.token_id, 10**6),
        _step(1_900, "deposit-1", "deposit", "CREDITED", BTC.token_id, 10**6),
        _step(1_960, "deposit-1", "deposit", "COMPLETED", BTC.token_id, 10**6),
        _step(3_650, "withdrawal-1", "withdrawal", "requested", EURE.token_id, 50 * 10**18),
        _step(3_700, "withdrawal-1", "withdrawal", "burned", EURE.token_id, 50 * 10**18),
        _step(3_760, "withdrawal-1", "withdrawal", "completed", EURE.token_id, 50 * 10**18),
        _step(3_800, "withdrawal-2", "withdrawal", "burned", BTC.token_id, 5_000),
        _step(3_900, "withdrawal-2", "withdrawal", "refunded", BTC.token_id, 5_000),
        _action(5, "alice@cockpit", "arm", "{}", accepted=False),
        _action(9, "alice@cockpit", "arm", "{}"),
        _action(4_000, "bob@api", "note", '{"text":"market maker away until ten"}'),
        *(
            OptionValue(
                at_ns=START_NS + minute * 60 * NS_PER_S,
                mid=Decimal(60_000),
                sigma_bps=Decimal(6),
                quotes=3,
                value=minute * 10**16,
                intrinsic=10**15,
                fall=10**17,
                rise=10**17,
                refused_value=0,
            )
            for minute in range(1, 120, 10)
        ),
        *_refusals(),
    ]
    order: dict[type[Any], int] = {SwapDemand: 0, TradeDecision: 1, ExecuteTrade: 2}
    return sorted(flow, key=lambda event: (event.at_ns, order.get(type(event), 3)))


async def fill(history: History) -> None:
    """Write the day into an empty history, as one run."""
    run = Run(
        run_id="day",
        mode="SANDBOX",
        account="maker.near",
        started_ns=START_NS,
        assets=counted_tokens(DEFAULT_TOKENS),
    )
    await history.open(run)
    every = events()
    for first in range(0, len(every), _BATCH):
        await history.write(every[first : first + _BATCH])
    await history.close(END_NS)
