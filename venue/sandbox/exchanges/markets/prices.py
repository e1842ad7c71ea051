"""The exchanges' prices: each has its own small basis and spread around the price path."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.sandbox.base.fault_values import Exchange, MarketState
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.base.seeding import rng
from venue.sandbox.flow.price_path import PricePath


class Book(msgspec.Struct, frozen=True, kw_only=True):
    """The top of an exchange's book, as it was ``at_ns``; ``sequence`` rises with time, ``tick`` with the price.

    ``dated``: whether messages state that time.
    """

    bid: Decimal
    ask: Decimal
    at_ns: int
    tick: int
    sequence: int
    dated: bool = True


class ExchangeFeed:
    """One exchange's price, a pure function of seed and market time, unless a fault freezes or bends it.

    It changes every ``tick_s`` of market time and stands in between, so that every reader sees the same series of
    prices. ``step`` is its price step. ``clock`` gives UTC nanoseconds. ``symbol`` tells the markets of an exchange
    apart; the main one has none.
    """

    def __init__(
        self,
        name: Exchange,
        *,
        seed: int,
        tick_s: float,
        step: Decimal,
        path: PricePath,
        offset_ns: Callable[[], int],
        clock: Callable[[], int],
        faults: FaultTable,
        symbol: str = "",
    ) -> None:
        self._parts = (name, symbol) if symbol else (name,)
        chance = rng(seed, "exchange", *self._parts)
        self.name = name
        self.tick_s = tick_s
        self.step = step
        self.offset_ns = offset_ns
        self.clock = clock
        self._tick_ns = int(tick_s * NS_PER_S)
        self._seed = seed
        self._path = path
        self._faults = faults
        self._basis_bps = chance.uniform(-1.5, 1.5)
        self._half_spread_bps = chance.uniform(0.3, 1.5)
        self._sequence = 0
        self._last: Book | None = None

    @property
    def frozen(self) -> bool:
        return self.name in self._faults.current.exchange_frozen

    @property
    def skew_ns(self) -> int:
        """How far the times that the exchange states are ahead of the clock, nanoseconds."""
        return self._faults.current.exchange_clock_ms.get(self.name, 0) * NS_PER_MS

    @property
    def status(self) -> MarketState:
        return self._faults.current.exchange_status.get(self.name, "online")

    def now_ns(self) -> int:
        """Return UTC nanoseconds by the exchange's clock, for messages without a price."""
        return self.clock() + self.skew_ns

    def next_sequence(self) -> int:
        self._sequence += 1
        return self._sequence

    def book(self) -> Book:
        """Return the book now; while the exchange is frozen, the one before the freeze."""
        if self._last is None or not self.frozen:
            tick = self.offset_ns() // self._tick_ns
            bid, ask = self._top(tick)
            self._last = Book(
                bid=bid,
                ask=ask,
                at_ns=self.now_ns(),
                tick=tick,
                sequence=self.next_sequence(),
                dated=self.name not in self._faults.current.exchange_undated,
            )
        return self._last

    def dealt_at(self, offset_ns: int, *, buys: bool) -> int:
        """Return the price of a trade at that time in price steps: the ask for a taker who buys, else the bid.

        Before the market's start no book is kept, only its middle.
        """
        if offset_ns >= 0:
            bid, ask = self._top(offset_ns // self._tick_ns)
            return int((ask if buys else bid) / self.step)
        away_bps = self._basis_bps + (self._half_spread_bps if buys else -self._half_spread_bps)
        price = float(self._path.mid_at(offset_ns)) * (1 + away_bps / 10_000)
        return max(1, round(price / float(self.step)))

    def _top(self, tick: int) -> tuple[Decimal, Decimal]:
        mid = self._path.mid_at(tick * self._tick_ns)
        wobble = rng(self._seed, "wobble", *self._parts, tick).gauss(0, 0.2)
        lie_bps = self._faults.current.exchange_lie_bps.get(self.name, Decimal(0))
        middle = mid * (1 + _bps(self._basis_bps + wobble) + lie_bps.scaleb(-4))
        half = max(middle * _bps(self._half_spread_bps), self.step / 2)
        bid = max(self.step, (middle - half).quantize(self.step))
        return bid, max(bid + self.step, (middle + half).quantize(self.step))


def _bps(value: float) -> Decimal:
    return Decimal(round(value * 1000)).scaleb(-7)
