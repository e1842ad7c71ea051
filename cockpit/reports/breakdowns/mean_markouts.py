"""Mean markouts of the fills: of all, and by side, size and life."""

from collections.abc import Sequence
from decimal import Decimal

from cockpit.accounting.markouts import HORIZONS_S
from cockpit.reports.figures import MeanMarkout
from cockpit.reports.marked_fills import MarkedFill
from venue.protocol.assets import EXACT
from venue.protocol.tokens import TokenTable

SIZES = ((5, "to 5"), (50, "to 50"), (500, "to 500"))
"""EURe."""
LIVES = ((30_000, "to 30 s"), (60_000, "to 60 s"), (120_000, "to 120 s"))
_HUNDREDTH = Decimal("0.01")


class _Mean:
    """Fills and, by horizon: how many are known, their EURe, and the sum of EURe times markout; base units."""

    __slots__ = ("fills", "known", "products", "weights")

    def __init__(self) -> None:
        self.fills = 0
        self.known = [0] * len(HORIZONS_S)
        self.weights = [0] * len(HORIZONS_S)
        self.products = [0] * len(HORIZONS_S)

    def add(self, other: "_Mean") -> None:
        self.fills += other.fills
        for place in range(len(HORIZONS_S)):
            self.known[place] += other.known[place]
            self.weights[place] += other.weights[place]
            self.products[place] += other.products[place]


def _summed(ours: Sequence[MarkedFill]) -> _Mean:
    mean = _Mean()
    mean.fills = len(ours)
    for place in range(len(HORIZONS_S)):
        known = [(one.quote, hundredths) for one in ours if (hundredths := one.markouts[place]) is not None]
        mean.known[place] = len(known)
        mean.weights[place] = sum(quote for quote, _ in known)
        mean.products[place] = sum(quote * hundredths for quote, hundredths in known)
    return mean


def mean_markouts(marked: Sequence[MarkedFill], tokens: TokenTable) -> tuple[MeanMarkout, ...]:
    """Return the means of all groups; sums are integers, exact and fast over many fills."""
    sizes = tuple((eure * 10**tokens.quote.decimals, label) for eure, label in SIZES)
    means: dict[tuple[str, str], _Mean] = {}
    sorted_out: dict[tuple[str, str, str], list[MarkedFill]] = {}
    for one in marked:
        key = one.side, _bucket(one.quote, sizes, "above 500"), _bucket(one.asked_ms, LIVES, "above 120 s")
        sorted_out.setdefault(key, []).append(one)
    for (side, size, life), ours in sorted_out.items():
        summed = _summed(ours)
        for by in (("all", "all"), ("side", side), ("size", size), ("life", life)):
            means.setdefault(by, _Mean()).add(summed)
    names = ("all", "side", "size", "life")
    order = [label for _, label in (*SIZES, *LIVES)]
    ranked = sorted(
        means, key=lambda key: (names.index(key[0]), order.index(key[1]) if key[1] in order else 99, key[1])
    )
    return tuple(
        MeanMarkout(
            by=by,
            bucket=bucket,
            seconds=seconds,
            fills=mean.fills,
            known=mean.known[place],
            bps=_weighted(mean.products[place], mean.weights[place]),
        )
        for by, bucket in ranked
        for mean in (means[by, bucket],)
        for place, seconds in enumerate(HORIZONS_S)
    )


def _weighted(product: int, weight: int) -> Decimal | None:
    return EXACT.divide(Decimal(product), Decimal(weight * 100)).quantize(_HUNDREDTH) if weight else None


def _bucket(value: int, bounds: Sequence[tuple[int, str]], beyond: str) -> str:
    return next((label for bound, label in bounds if value <= bound), beyond)
