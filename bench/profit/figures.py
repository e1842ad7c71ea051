"""A maker's figures in one run: sums over its fills and quotes, its profit by the hour, its drawdown.

Money in EUR, as floats: nothing here is traded on.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import pstdev

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.flow.price_path import SteppedPath
from venue.sandbox.mixes import Kind

HORIZONS_S = (1, 10, 60, 300)
FAR_TAIL = 2.5
"""A quote further from the mid than so many deviations is in the far tail: jumps alone reach it."""
_MINUTE_NS = 60 * NS_PER_S


class FillFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A fill of the maker. ``base`` and ``quote`` are what it got of each token, negative for what it gave.

    ``signed``, ``taken`` and ``booked``: its gain against the mid at these moments, EUR.
    """

    kind: Kind
    settled_ns: int
    base: float
    quote: float
    signed: float
    taken: float
    booked: float

    def gain(self, mid: float) -> float:
        return self.quote + self.base * mid


class QuoteFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A quote as it was signed. ``distance_bps`` of the mid from it; ``sd_bps``: deviation of the mid over its life.

    ``payoff``: what settling it at its deadline gained its holder, at least 0, EUR.
    """

    notional: float
    distance_bps: float
    sd_bps: float
    payoff: float

    @property
    def premium(self) -> float:
        """What the option was worth, EUR."""
        return self.notional * option_bps(self.distance_bps, self.sd_bps) / 1e4


class Sums(msgspec.Struct, kw_only=True):
    """Sums over fills, EUR. ``markouts``: gains at the mids some seconds after the booking, by ``HORIZONS_S``.

    ``taken``: what the maker lost at the moment of the takers' decision, where it lost.
    """

    fills: int = 0
    notional: float = 0.0
    signed: float = 0.0
    booked: float = 0.0
    taken: float = 0.0
    markouts: list[float] = msgspec.field(default_factory=lambda: [0.0] * len(HORIZONS_S))


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one maker in one run of ``hours``.

    ``by_kind``: by the kind of taker. ``hourly``: P&L against holding of each whole hour. ``written``: premium of all
    quotes; ``priced`` and ``realised``: premium and payoff of those that were not in the far tail. ``share_sd``: of the
    base's share in the value.
    """

    hours: float
    requests: int
    answered: int
    failed: int
    by_kind: dict[str, Sums]
    reasons: dict[str, int]
    pnl: float
    hourly: list[float]
    drawdown: float
    share_sd: float
    written: float
    priced: float
    realised: float

    @property
    def total(self) -> Sums:
        """Sums over all kinds."""
        return add(self.by_kind.values())


def add(parts: Iterable[Sums]) -> Sums:
    """Return the sums over all parts."""
    total = Sums()
    for one in parts:
        total.fills += one.fills
        total.notional += one.notional
        total.signed += one.signed
        total.booked += one.booked
        total.taken += one.taken
        total.markouts = [left + right for left, right in zip(total.markouts, one.markouts, strict=True)]
    return total


def option_bps(distance: float, sd: float) -> float:
    """Return what an option so far from the mid is worth: the desk's formula, without its table and its rounding."""
    if sd <= 0:
        return max(0.0, -distance)
    d = distance / sd
    return sd * (math.exp(-d * d / 2) / math.sqrt(2 * math.pi) - d * math.erfc(d / math.sqrt(2)) / 2)


def figures_of(
    *,
    path: SteppedPath,
    hours: float,
    opening: tuple[float, float],
    fills: Sequence[FillFigures],
    quotes: Sequence[QuoteFigures],
    requests: int,
    failed: int,
    reasons: Counter[str],
) -> Run:
    """Return the figures of a run. ``opening``: base and quote at the start; ``fills`` in their order."""
    by_kind: dict[str, Sums] = {}
    for fill in fills:
        _add_fill(by_kind.setdefault(fill.kind, Sums()), fill, path)
    pnl, shares = _by_minute(path, hours, opening, fills)
    near = [quote for quote in quotes if quote.sd_bps > 0 and quote.distance_bps <= FAR_TAIL * quote.sd_bps]
    hourly = pnl[::60]
    return Run(
        hours=hours,
        requests=requests,
        answered=len(quotes),
        failed=failed,
        by_kind=by_kind,
        reasons=dict(sorted(reasons.items())),
        pnl=pnl[-1],
        hourly=[after - before for before, after in pairwise(hourly)],
        drawdown=drawdown(pnl),
        share_sd=pstdev(shares),
        written=math.fsum(quote.premium for quote in quotes),
        priced=math.fsum(quote.premium for quote in near),
        realised=math.fsum(quote.payoff for quote in near),
    )


def _add_fill(sums: Sums, fill: FillFigures, path: SteppedPath) -> None:
    sums.fills += 1
    sums.notional += abs(fill.quote)
    sums.signed += fill.signed
    sums.booked += fill.booked
    sums.taken += max(0.0, -fill.taken)
    for place, horizon_s in enumerate(HORIZONS_S):
        sums.markouts[place] += fill.gain(path.price_at(fill.settled_ns + horizon_s * NS_PER_S))


def _by_minute(
    path: SteppedPath, hours: float, opening: tuple[float, float], fills: Sequence[FillFigures]
) -> tuple[list[float], list[float]]:
    """Return the P&L against holding at each minute from the start on, and the base's share in the value."""
    base = quote = 0.0
    pnl, shares = [], []
    place = 0
    for minute in range(int(hours * 60) + 1):
        at_ns = minute * _MINUTE_NS
        while place < len(fills) and fills[place].settled_ns < at_ns:
            base, quote = base + fills[place].base, quote + fills[place].quote
            place += 1
        mid = path.price_at(at_ns)
        pnl.append(quote + base * mid)
        held = (opening[0] + base) * mid
        shares.append(held / (held + opening[1] + quote))
    return pnl, shares


def drawdown(pnl: Sequence[float]) -> float:
    """Return the largest fall from a height that was reached before."""
    highest, most = 0.0, 0.0
    for now in pnl:
        highest = max(highest, now)
        most = max(most, highest - now)
    return most
