"""How many requests come in each market and direction, over the last hour and since the start."""

import msgspec

from venue.protocol.assets import Market
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

MINUTES = 60
_MINUTE_NS = 60 * NS_PER_S


class MarketRequests(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of one market. ``buys``: those in which the desk would buy the base token, ``sells``: sell it."""

    market: Market
    buys_in_hour: int
    sells_in_hour: int
    buys: int
    sells: int


class RequestCounter:
    """Counts requests in constant time. Times are monotonic nanoseconds; one that goes back counts as the newest."""

    def __init__(self, tokens: TokenTable, started_ns: int) -> None:
        self._tokens = tokens
        self._started_ns = started_ns
        self._flows = {
            (asset_in.token_id, asset_out.token_id): _Flow()
            for market in tokens.markets
            for asset_in, asset_out in ((market.base, market.quote), (market.quote, market.base))
        }

    def note(self, asset_in: str, asset_out: str, now_ns: int) -> None:
        """Count a request; one that is for no market is ignored."""
        flow = self._flows.get((asset_in, asset_out))
        if flow is not None:
            flow.note(now_ns // _MINUTE_NS)

    def span_ns(self, now_ns: int) -> int:
        """Return the time that the counts of the last hour cover: less than an hour after the start."""
        return max(0, min(now_ns - self._started_ns, MINUTES * _MINUTE_NS))

    def markets(self, now_ns: int) -> tuple[MarketRequests, ...]:
        """Return the counts of each market, in the order of the table."""
        minute, found = now_ns // _MINUTE_NS, []
        for market in self._tokens.markets:
            buys = self._flows[market.base.token_id, market.quote.token_id]
            sells = self._flows[market.quote.token_id, market.base.token_id]
            found.append(
                MarketRequests(
                    market=market,
                    buys_in_hour=buys.in_hour(minute),
                    sells_in_hour=sells.in_hour(minute),
                    buys=buys.total,
                    sells=sells.total,
                )
            )
        return tuple(found)


class _Flow:
    """One direction: a count for each of the last sixty minutes, in a ring."""

    __slots__ = ("_minute", "_ring", "_sum", "total")

    def __init__(self) -> None:
        self._ring = [0] * MINUTES
        self._minute = 0
        self._sum = 0
        self.total = 0

    def note(self, minute: int) -> None:
        self._advance(minute)
        self._ring[self._minute % MINUTES] += 1
        self._sum += 1
        self.total += 1

    def in_hour(self, minute: int) -> int:
        self._advance(minute)
        return self._sum

    def _advance(self, minute: int) -> None:
        # At most sixty steps, however long nothing came.
        passed = minute - self._minute
        if passed <= 0:
            return
        for past in range(max(self._minute + 1, minute - MINUTES + 1), minute + 1):
            self._sum -= self._ring[past % MINUTES]
            self._ring[past % MINUTES] = 0
        self._minute = minute
