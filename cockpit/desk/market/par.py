"""How far an EURe may be from the worth in EUR that is assumed of it: prices are made in EUR and quoted in EURe."""

from decimal import Decimal
from typing import Protocol

import msgspec

from venue.protocol.assets import PRICING
from venue.protocol.units import NS_PER_S
from venue.reference.euro_rate import EuroRate

MAX_AGE_NS = 15 * 60 * NS_PER_S
"""A rate of longer ago is unknown: services of this kind are asked once a minute and answer minutes late."""
ASSUMED = "that an EURe is worth {rate} EUR is an assumption: EURE_EUR_URL names no source of it"
_HUNDREDTH = Decimal("0.01")


class RateSource(Protocol):
    """Where the rate is read. ``problem``: why the last reading failed."""

    newest: EuroRate | None
    problem: str


class Par(msgspec.Struct, frozen=True, kw_only=True):
    """The basis that prices assume, what was measured of it, and how far they may be apart, bps.

    ``source`` is None where none is configured: nothing is then measured, and nothing refused.
    """

    assumed_bps: Decimal
    max_off_bps: Decimal
    source: RateSource | None = None

    def measured_bps(self, now_ns: int) -> Decimal | None:
        """Return by how much an EURe is worth more than a EUR; None while it is unknown."""
        newest = None if self.source is None else self.source.newest
        if newest is None or not 0 <= now_ns - newest.at_ns <= MAX_AGE_NS:
            return None
        return PRICING.multiply(PRICING.subtract(newest.rate, Decimal(1)), Decimal(10_000))

    def problem(self, now_ns: int) -> str:
        """Return why no quote may be made at this time, UTC ns; empty when it may."""
        if self.source is None:
            return ""
        measured = self.measured_bps(now_ns)
        if measured is None:
            why = self.source.problem or ("no reading yet" if self.source.newest is None else "its price is too old")
            return f"what an EURe is worth in EUR is unknown: {why}"
        off = abs(PRICING.subtract(measured, self.assumed_bps))
        if off <= self.max_off_bps:
            return ""
        return (
            f"an EURe is {_shown(measured)} bps from a EUR, {_shown(self.assumed_bps)} assumed: "
            f"more than {self.max_off_bps:f} apart"
        )

    @property
    def assumption(self) -> str:
        """Return the sentence for where no source is configured; empty where one is."""
        rate = PRICING.add(Decimal(1), PRICING.divide(self.assumed_bps, Decimal(10_000)))
        return "" if self.source is not None else ASSUMED.format(rate=f"{PRICING.normalize(rate):f}")


def _shown(bps: Decimal) -> str:
    return f"{bps.quantize(_HUNDREDTH, context=PRICING):+f}"
