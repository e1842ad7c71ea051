"""How much the mid moves: its standard deviation over a minute, from its moves of five seconds. In integers.

Two means of the squared moves, in which a move's weight halves in one minute and in ten, are averaged: the first
follows a storm, the second remembers that there was one. A jump counts like any other move.
"""

from decimal import Decimal
from math import isqrt
from typing import Protocol

from venue.protocol.assets import PRICE_DECIMALS, PRICING
from venue.protocol.units import NS_PER_S

SLOT_S = 5
"""Moves are measured between the first prices of slots of this length: shorter ones are mostly noise of the sources."""
HALF_LIVES_S = (60, 600)
ENOUGH_SLOTS = 24
"""Slots that must have been seen, two minutes, before there is an estimate."""
LONGEST_MOVE_SLOTS = 12
"""A move over more slots than this, a minute, is no measure of those of five seconds."""
FORGOTTEN_SLOTS = 120
"""After as long without a price, ten minutes, what was seen before says nothing any more."""
REMEMBERED_NS = 5 * HALF_LIVES_S[-1] * NS_PER_S
"""How far back recorded prices matter at a start: what is older weighs 3 %."""
LEAST_BPS = Decimal("1.5")
"""No estimate is smaller: a mid that stands still for some minutes will not do so for ever."""

COMPOSITE = "composite"
"""The source under which the trusted mid is recorded."""

_SLOT_NS = SLOT_S * NS_PER_S
_SLOTS_IN_MINUTE = 60 // SLOT_S
_PER_BPS = 10**6
"""Moves are whole numbers of millionths of a bps."""
_WEIGHT = 10**12
_HUNDREDTH = Decimal("0.01")


def _weights(half_life_s: int) -> tuple[int, ...]:
    """The weight of a move over so many slots (the index), in parts of ``_WEIGHT``."""
    parts = [PRICING.power(2, PRICING.divide(Decimal(-SLOT_S * n), half_life_s)) for n in range(LONGEST_MOVE_SLOTS + 1)]
    return tuple(_WEIGHT - int(part * _WEIGHT) for part in parts)


class _Mean:
    """A mean of squared moves whose weights halve over time. The weights seen so far count as all there are, so that
    the first moves are not averaged with a guess."""

    __slots__ = ("_seen", "_sum", "_weights")

    def __init__(self, half_life_s: int) -> None:
        self._weights = _weights(half_life_s)
        self._sum = self._seen = 0

    def add(self, square: int, slots: int) -> None:
        weight = self._weights[slots]
        self._sum += (square - self._sum) * weight // _WEIGHT
        self._seen += (_WEIGHT - self._seen) * weight // _WEIGHT

    @property
    def value(self) -> int:
        return self._sum * _WEIGHT // self._seen if self._seen else 0


class Volatility:
    """``sigma`` is the standard deviation of the mid over 60 s, in bps to 0.01; None until enough was seen.

    It depends on nothing but the prices taken and their times.
    """

    def __init__(self) -> None:
        self._start_anew()

    def _start_anew(self) -> None:
        self._means = tuple(_Mean(half_life_s) for half_life_s in HALF_LIVES_S)
        self._slot: int | None = None
        self._price = 0
        self._slots = 0
        self.sigma: Decimal | None = None

    def take(self, at_ns: int, mid: Decimal) -> None:
        """Take a trusted mid and when it was so by its sources, UTC ns. Of each slot the first that comes counts."""
        slot = at_ns // _SLOT_NS
        if slot == self._slot:
            return
        price = int(PRICING.scaleb(mid, PRICE_DECIMALS))
        if price <= 0:
            return
        passed = 0 if self._slot is None else slot - self._slot
        if -LONGEST_MOVE_SLOTS <= passed < 0:
            # A source that is older than the one before it.
            return
        if abs(passed) > FORGOTTEN_SLOTS:
            self._start_anew()
        elif 0 < passed <= LONGEST_MOVE_SLOTS:
            self._add((price - self._price) * 10_000 * _PER_BPS // self._price, passed)
        self._slot, self._price = slot, price

    def _add(self, move: int, slots: int) -> None:
        for mean in self._means:
            mean.add(move * move // slots, slots)
        self._slots = min(self._slots + slots, ENOUGH_SLOTS)
        if self._slots >= ENOUGH_SLOTS:
            in_minute = sum(mean.value for mean in self._means) * _SLOTS_IN_MINUTE // len(self._means)
            sigma = PRICING.divide(Decimal(isqrt(in_minute)), _PER_BPS)
            self.sigma = max(LEAST_BPS, sigma.quantize(_HUNDREDTH, context=PRICING))


class PriceHistory(Protocol):
    """What the volatility reads from the history after a restart."""

    async def prices_since(self, source: str, at_ns: int) -> tuple[tuple[int, Decimal], ...]: ...


async def resume(volatility: Volatility, history: PriceHistory, now_ns: int) -> None:
    """Take over the trusted mids that earlier runs recorded. They are thinned, so that the estimate is near the old
    one and not equal to it. Raises HistoryError."""
    for at_ns, mid in await history.prices_since(COMPOSITE, now_ns - REMEMBERED_NS):
        if at_ns <= now_ns:
            volatility.take(at_ns, mid)
