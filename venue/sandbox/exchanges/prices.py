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
    """The top of an exchange's book, EUR per BTC, as it was ``at_ns``; ``sequence`` rises with time.

    ``dated``: whether messages state that time.
    """

    bid: Decimal
    ask: Decimal
    last: Decimal
    at_ns: int
    sequence: int
    dated: bool = True

    def size(self, level: int = 0) -> Decimal:
        """Return a plausible amount of BTC at a level of the book."""
        return Decimal(rng(self.sequence, level).randint(1_000_000, 250_000_000)).scaleb(-8)


class ExchangeFeed:
    """One exchange's price, a pure function of seed and market time, unless a fault freezes or bends it.

    It changes every ``tick_s`` of market time and stands in between, so that every reader sees the same series of
    prices. ``step`` is its price step. ``clock`` gives UTC nanoseconds.

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
    ) -> None:
        chance = rng(seed, "exchange", name)
        self.name = name
        self.tick_s = tick_s
        self._tick_ns = int(tick_s * NS_PER_S)
        self._seed = seed
        self._step = step
        self._path = path
        self._offset_ns = offset_ns
        self._clock = clock
        self._faults = faults
        self._basis_bps = chance.uniform(-1.5, 1.5)
        self._half_spread_bps = chance.uniform(0.3, 1.5)
        self._sequence = 0
        self._last: Book | None = None

    @property
    def frozen(self) -> bool:
        return self.name in self._faults.current.exchange_frozen

    @property
    def silent(self) -> bool:
        return self.name in self._faults.current.exchange_silent

    @property
    def late_s(self) -> float:
        """How much later what is said now leaves the websocket."""
        return self._faults.current.exchange_late_ms.get(self.name, 0) / 1_000

    @property
    def status(self) -> MarketState:
        return self._faults.current.exchange_status.get(self.name, "online")

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` when the status may have changed."""
        self._faults.on_change(lambda _: listener())

    def now_ns(self) -> int:
        """Return UTC nanoseconds by the exchange's clock, for messages without a price."""
        return self._clock() + self._faults.current.exchange_clock_ms.get(self.name, 0) * NS_PER_MS

    def book(self) -> Book:
        """Return the book now; while the exchange is frozen, the one before the freeze."""
        if self._last is None or not self.frozen:
            self._sequence += 1
            self._last = self._at(self._offset_ns())
        return self._last

    def _at(self, offset_ns: int) -> Book:
        tick = offset_ns // self._tick_ns
        mid = self._path.mid_at(tick * self._tick_ns)
        wobble = rng(self._seed, "wobble", self.name, tick).gauss(0, 0.2)
        lie_bps = self._faults.current.exchange_lie_bps.get(self.name, Decimal(0))
        middle = mid * (1 + _bps(self._basis_bps + wobble) + lie_bps.scaleb(-4))
        half = max(middle * _bps(self._half_spread_bps), self._step / 2)
        bid = max(self._step, (middle - half).quantize(self._step))
        ask = max(bid + self._step, (middle + half).quantize(self._step))
        last = bid if wobble < 0 else ask
        dated = self.name not in self._faults.current.exchange_undated
        return Book(bid=bid, ask=ask, last=last, at_ns=self.now_ns(), sequence=self._sequence, dated=dated)


def _bps(value: float) -> Decimal:
    return Decimal(round(value * 1000)).scaleb(-7)
