"""The reference price of several exchanges: the median of the fresh mids, and whether it may be used."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import msgspec

from venue.protocol.assets import EXACT
from venue.protocol.units import NS_PER_MS
from venue.reference.tick import Tick

_BPS = Decimal(10_000)
_HUNDREDTH = Decimal("0.01")
NO_PRICE = "no source has sent a price yet"


class SourceView(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One source in the composite. ``divergence_bps`` is its mid over the median, signed, to 0.01 bps.

    ``fresh``: young enough, and not from the future. ``agrees``: fresh, and within the allowed divergence.
    ``age_ms`` is negative for a tick from the future.
    """

    source: str
    bid: Decimal
    ask: Decimal
    mid: Decimal
    age_ms: int
    divergence_bps: Decimal | None
    fresh: bool
    agrees: bool


class Composite(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The reference price, EUR per BTC, None without a fresh source. ``at_ns`` is the time of its oldest tick.

    A price that is not ``usable`` may be shown, never traded on; ``reason`` then explains it in one sentence.
    """

    mid: Decimal | None
    at_ns: int | None
    age_ms: int | None
    usable: bool
    reason: str
    sources: tuple[SourceView, ...]


def composite(
    ticks: Mapping[str, Tick], now_ns: int, *, max_age_ms: int, max_divergence_bps: Decimal, min_sources: int
) -> Composite:
    """Return the median of the mids that are at most ``max_age_ms`` old at ``now_ns``, and whether it is usable.

    It is usable with ``min_sources`` fresh sources, none further than ``max_divergence_bps`` from the median. Two
    sources are equally far from their median whichever is wrong, so the limit applies to their distance. The age is
    the oldest tick's: any of them may be the median.
    """
    fresh = {name: tick.mid for name, tick in ticks.items() if 0 <= now_ns - tick.at_ns <= max_age_ms * NS_PER_MS}
    mids = sorted(fresh.values())
    mid = _median(mids)
    sources = tuple(
        SourceView(
            source=name,
            bid=tick.bid,
            ask=tick.ask,
            mid=tick.mid,
            age_ms=(now_ns - tick.at_ns) // NS_PER_MS,
            divergence_bps=None
            if mid is None
            else _divergence(tick.mid, mid).quantize(_HUNDREDTH, ROUND_HALF_EVEN, EXACT),
            fresh=name in fresh,
            agrees=mid is not None and name in fresh and _agrees(tick.mid, mid, mids, max_divergence_bps),
        )
        for name, tick in sorted(ticks.items())
    )
    at_ns = min((ticks[name].at_ns for name in fresh), default=None)
    if not ticks:
        reason = NO_PRICE
    elif mid is None or len(mids) < min_sources:
        reason = (
            f"{len(mids)} of {len(ticks)} sources have a price at most {max_age_ms} ms old; "
            f"{max(min_sources, 1)} are required"
        )
    else:
        reason = _disagreement(sources, mid, mids, max_divergence_bps)
    return Composite(
        mid=mid,
        at_ns=at_ns,
        age_ms=None if at_ns is None else (now_ns - at_ns) // NS_PER_MS,
        usable=not reason,
        reason=reason,
        sources=sources,
    )


def _median(mids: Sequence[Decimal]) -> Decimal | None:
    if not mids:
        return None
    half = len(mids) // 2
    return mids[half] if len(mids) % 2 else EXACT.divide(EXACT.add(mids[half - 1], mids[half]), Decimal(2))


def _divergence(price: Decimal, mid: Decimal) -> Decimal:
    return EXACT.divide(EXACT.multiply(EXACT.subtract(price, mid), _BPS), mid)


def _agrees(price: Decimal, mid: Decimal, mids: Sequence[Decimal], max_divergence_bps: Decimal) -> bool:
    # Compared as products: a quotient could be rounded to the limit.
    distance = EXACT.subtract(mids[1], mids[0]) if len(mids) == 2 else abs(EXACT.subtract(price, mid))
    return EXACT.multiply(distance, _BPS) <= EXACT.multiply(max_divergence_bps, mid)


def _disagreement(
    sources: Sequence[SourceView], mid: Decimal, mids: Sequence[Decimal], max_divergence_bps: Decimal
) -> str:
    apart = [view for view in sources if view.fresh and not view.agrees]
    if not apart:
        return ""
    if len(mids) == 2:
        distance = EXACT.divide(EXACT.multiply(EXACT.subtract(mids[1], mids[0]), _BPS), mid)
        names = " and ".join(view.source for view in apart)
        return f"{names} are {distance:.2f} bps apart, more than {max_divergence_bps:f}, and there is no third source"
    worst = max(apart, key=lambda view: (abs(EXACT.subtract(view.mid, mid)), view.source))
    return (
        f"{worst.source} is {abs(_divergence(worst.mid, mid)):.2f} bps from the median {mid:.2f}, "
        f"more than {max_divergence_bps:f}"
    )
