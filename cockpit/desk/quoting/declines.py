"""Declines: a request of a market of ours that is not quoted is answered with the kind of reason, and nothing signed.

Only an armed desk declines, so that nothing leaves a disarmed one. A decline waits for its own turn of the event loop
and is dropped rather than delay a quote.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from decimal import Decimal

from cockpit.desk.quoting.desk_view import DeskView
from cockpit.desk.quoting.strategy import Decision
from cockpit.desk.risk.limits import min_notional
from cockpit.model.events import SwapDemand
from venue.protocol.assets import Market
from venue.relay.client import Relay
from venue.relay.frames import Decline, DeclineType
from venue.transport.errors import WsClosedError

MAX_WAITING = 64
AT_ONCE = 4
"""Declines written in one turn of the event loop; requests are answered in between."""

TYPES: Mapping[str, DeclineType] = {
    "trading": "NO_LIQUIDITY",
    "reference": "STALE_DATA",
    "reference_age": "STALE_DATA",
    "inventory": "STALE_DATA",
    "inventory_age": "STALE_DATA",
    "deadline": "DEADLINE_EXCEEDED",
    "request_age": "DEADLINE_EXCEEDED",
    "amount": "INSUFFICIENT_AMOUNT",
    "min_notional": "INSUFFICIENT_AMOUNT",
    "notional": "MARKET_LIMIT",
    "edge": "NO_LIQUIDITY",
    "premium": "MARKET_LIMIT",
    "covered": "NO_LIQUIDITY",
    "promised": "MARKET_LIMIT",
    "signed": "MARKET_LIMIT",
    "option": "MARKET_LIMIT",
    "share": "MARKET_LIMIT",
    "rate": "MARKET_LIMIT",
    "fills": "MARKET_LIMIT",
    "loss": "MARKET_LIMIT",
    "salt": "UNEXPECTED_ERROR",
    "history": "UNEXPECTED_ERROR",
    "sent": "UNEXPECTED_ERROR",
}
"""What is said for the risk check that failed; the names are recorded ones."""
SILENT = frozenset({"strategy_armed", "executor_armed", "relay", "dry"})
"""Checks after which nothing is said: a disarmed desk, a relay that cannot take it, a price check without a trade."""


class Declines:
    """Decides on declines and writes them. ``soon`` runs a call in a later turn of the event loop."""

    def __init__(self, relay: Relay, *, soon: Callable[[Callable[[], None]], object] | None = None) -> None:
        self._relay = relay
        self._soon = soon
        self._waiting: deque[tuple[str, Decline]] = deque()

    def consider(self, request: SwapDemand, decision: Decision, view: DeskView, reason: str) -> None:
        """Decline the request if this is one to decline; the frame is written later. ``reason``: as recorded."""
        kind = TYPES.get(reason)
        if kind is None or request.dry or not (view.strategy_armed and view.executor_armed):
            return
        if len(self._waiting) >= MAX_WAITING:
            self._relay.counters["declines_dropped"] += 1
            return
        least = None
        if kind == "INSUFFICIENT_AMOUNT":
            dust = min_notional(view.limits, view.market.quote.underlying)
            least = smallest(view.market, request, decision.price, dust)
        self._waiting.append((request.quote_id, Decline(kind, None if least is None else str(least))))
        if len(self._waiting) == 1:
            self._later()

    def _later(self) -> None:
        soon = self._soon or asyncio.get_running_loop().call_soon
        soon(self._write)

    def _write(self) -> None:
        relay, waiting = self._relay, self._waiting
        for _ in range(min(AT_ONCE, len(waiting))):
            if not relay.writable:
                # A quote written behind them would wait: what cannot leave at once is not said.
                self._relay.counters["declines_dropped"] += len(waiting)
                waiting.clear()
                return
            try:
                relay.decline(*waiting.popleft())
            except WsClosedError:
                self._relay.counters["declines_dropped"] += 1
        if waiting:
            self._later()


def smallest(market: Market, request: SwapDemand, price: Decimal | None, least: int = 0) -> int | None:
    """Return the smallest amount in that buys a base unit of the other asset, for a notional of at least ``least``
    (base units of the quote underlying); None where none is too small.
    """
    if price is None or request.amount_in is None:
        return None
    numerator, denominator = market.price_ratio(price)
    paid = -(-least // market.quote.scale)
    if request.asset_in == market.base.token_id:
        return -(-max(1, paid) * denominator // numerator)
    return max(paid, -(-numerator // denominator))
