"""Histories of a desk that was never run: the sandbox's flow without sockets, the desk's own ``decide``, and the real
writer into a real database."""

import asyncio
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from cockpit.accounting.markouts import HORIZONS_S
from cockpit.desk.market.volatility import Volatility
from cockpit.desk.quoting.strategy import decide, decision_event, desk_prices
from cockpit.model.commands import PriceParams
from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent, DecisionRules, ExecuteTrade, MarketPrice, SwapDemand, TradeResult
from storage.history import Run
from storage.sqlite.history import SqliteHistory
from storage.writer import HistoryWriter
from tests.support.desk.builders import view
from venue.protocol.tokens import EURE, NBTC
from venue.protocol.units import NS_PER_S
from venue.sandbox.backtest import Backtest, BacktestFill, BacktestFlow, Offer
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.schedule import ScheduledRequest

DAY_S = 86_400
START_NS = 20_500 * DAY_S * NS_PER_S
"""A midnight."""
FLOW: dict[str, Any] = {
    "rate": 0.5,
    "other_pairs": 0.0,
    "router_legs": 0.0,
    "dry": 0.0,
    "legacy_share": 0.0,
    "maker_btc": 10**9,
    "maker_eure": 800_000 * 10**18,
}
"""Takers that all want what the desk quotes, and a maker whose balances do not run out."""
STILL = PriceParams(max_skew_bps=Decimal(0))
SETTLED_LATER_NS = 400 * NS_PER_S

Rules = Callable[[float], PriceParams]
"""The parameters in force so many seconds after the start."""


class _Recorded:
    """A maker that quotes as the desk does, and keeps what a desk records."""

    def __init__(self, backtest_of: Callable[[], Backtest], rules: Rules, name: str, start_ns: int) -> None:
        self.events: list[AnyEvent] = []
        self._backtest_of = backtest_of
        self._rules = rules
        self._name = name
        self._start_ns = start_ns
        self._volatility = Volatility()
        self._slot_s = 0
        self._params: PriceParams | None = None
        self._rules_id = ""
        self._quotes = 0
        self._open: dict[str, tuple[ExecuteTrade, str]] = {}

    def prices(self, until_ns: int) -> None:
        """Record the mid of every second until then."""
        path = self._backtest_of().path
        while self._slot_s * NS_PER_S <= until_ns:
            at_ns = self._slot_s * NS_PER_S
            self._price(at_ns)
            self._volatility.take(self._start_ns + at_ns, path.mid_at(at_ns))
            self._slot_s += 1

    def _price(self, at_ns: int) -> None:
        mid = self._backtest_of().path.mid_at(at_ns)
        self.events.append(MarketPrice(at_ns=self._start_ns + at_ns, source="composite", bid=mid, ask=mid, mid=mid))

    def quote(self, request: ScheduledRequest, at_ns: int) -> Offer | None:
        self.prices(at_ns)
        params = self._rules(at_ns / NS_PER_S)
        seen = self._seen(request, at_ns, params)
        if params != self._params:
            self._params = params
            self._rules_id = f"{self._name}-rules-{at_ns}"
            limits, priced = (msgspec.json.encode(part).decode() for part in (seen.limits, params))
            self.events.append(
                DecisionRules(at_ns=seen.mid_at_ns, rules_id=self._rules_id, limits=limits, params=priced)
            )
        name = f"{self._name}-{request.index}"
        asked = SwapDemand(
            at_ns=self._start_ns + at_ns,
            quote_id=f"quote-{name}",
            asset_in=request.asset_in,
            asset_out=request.asset_out,
            amount_in=request.amount_in,
            amount_out=request.amount_out,
            min_deadline_ms=request.min_deadline_ms,
            partner_id=request.partner_id,
            traceparent=None,
        )
        decision = decide(asked, seen, desk_prices(seen))
        event = decision_event(f"decision-{name}", asked, decision, seen, rules_id=self._rules_id)
        self.events += [asked, event]
        if not decision.execute:
            return None
        assert event.amount_in is not None
        assert event.amount_out is not None
        command = ExecuteTrade(
            at_ns=asked.at_ns,
            command_id=f"command-{name}",
            decision_id=event.decision_id,
            quote_id=asked.quote_id,
            quote_hash=f"hash-{name}",
            nonce="nonce",
            deadline_ns=event.deadline_ns,
            asset_in=asked.asset_in,
            asset_out=asked.asset_out,
            amount_in=event.amount_in,
            amount_out=event.amount_out,
            reaction_ns=300_000,
        )
        self._open[request.quote_id] = command, name
        self.events.append(command)
        counter = event.amount_out if request.amount_in is not None else event.amount_in
        return Offer(counter=counter, deadline_ns=event.deadline_ns - self._start_ns)

    def settled(self, fill: BacktestFill) -> None:
        command, _ = self._open.pop(fill.request.quote_id)
        at_ns = self._start_ns + fill.settled_ns
        self.events.append(_result(command, at_ns, "settled"))
        for seconds in (0, *HORIZONS_S):
            self._price(fill.settled_ns + seconds * NS_PER_S)

    def end(self) -> None:
        """Record the ends of the quotes that nobody took."""
        self.events += [_result(command, command.deadline_ns, "expired") for command, _ in self._open.values()]

    def _seen(self, request: ScheduledRequest, at_ns: int, params: PriceParams) -> Any:
        held = self._backtest_of().balances
        return view(
            market=request.market,
            params=params,
            limits=msgspec.structs.replace(
                view().limits,
                max_notional_eure=Decimal(500),
                max_promised_eure=Decimal(10**8),
                max_signed_eure=Decimal(10**8),
                max_quotes_per_second=100_000,
                min_edge_bps=Decimal(2),
            ),
            mid=request.mid,
            mid_at_ns=self._start_ns + at_ns,
            inventory_at_ns=self._start_ns + at_ns,
            base_balance=held[NBTC.token_id],
            quote_balance=held[EURE.token_id],
            default_deadline_ms=1_000,
            deadline_slack_ms=1_000,
            sigma_bps=self._volatility.sigma,
        )


def _result(command: ExecuteTrade, at_ns: int, outcome: Any) -> TradeResult:
    settled = outcome == "settled"
    return TradeResult(
        at_ns=at_ns,
        command_id=command.command_id,
        quote_id=command.quote_id,
        quote_hash=command.quote_hash,
        outcome=outcome,
        detail="",
        intent_hash=None,
        tx_hash=f"tx-{command.quote_hash}" if settled else None,
        settled_ns=at_ns if settled else None,
    )


def played(rules: Rules, seconds: int, *, name: str = "run", start_ns: int = START_NS, **flow: Any) -> list[AnyEvent]:
    """Return what a desk records that trades under these rules for so long, the ends of its quotes included."""
    made: list[Backtest] = []
    maker = _Recorded(lambda: made[0], rules, name, start_ns)
    made.append(Backtest(BacktestFlow(VenueConfig(**FLOW | flow)), maker, rivals_settle=False))
    for _ in made[0].run(seconds):
        pass
    maker.prices(seconds * NS_PER_S + SETTLED_LATER_NS)
    maker.end()
    return sorted(maker.events, key=lambda event: event.at_ns)


async def record(path: Path, parts: Sequence[list[AnyEvent]]) -> Path:
    """Write parts of a history, each a run, by the desk's own writer."""
    for number, events in enumerate(parts):
        history = SqliteHistory(path)
        first_ns, last_ns = events[0].at_ns, events[-1].at_ns
        await history.open(Run(run_id=f"run-{number}", mode="SANDBOX", account="maker.near", started_ns=first_ns))
        writer = HistoryWriter(history, env=Environment(wall_ns=partial(int, last_ns)), capacity=10**7)
        writing = asyncio.create_task(writer.run())
        for event in events:
            writer.record(event)
        await writer.flush()
        writer.stop()
        await writing
        await history.close(last_ns)
    return path


def switched(widths: Sequence[str], every_s: float, base: PriceParams = STILL) -> Rules:
    """Return rules of half spreads in turn."""
    made = [msgspec.structs.replace(base, half_spread_bps=Decimal(width)) for width in widths]
    return lambda at_s: made[int(at_s / every_s) % len(made)]
