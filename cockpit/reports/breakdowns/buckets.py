"""The groups that a quote is in: hour of the day, partner, size, deadline asked, market. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise

from venue.protocol.tokens import TokenTable

NO_PARTNER = "(not told)"
OTHER_PARTNERS = "(other partners)"
OTHER_MARKETS = "(other)"
UNKNOWN_DEADLINE = "(not recorded)"
DIMENSIONS = ("hour", "partner", "size", "deadline", "market")

SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
"""EURe: a quote of exactly 5 is in "5 to 10"."""
DEADLINES_S = (10, 30, 60, 120, 300)
"""A request for exactly 60 s is in "to 60 s"."""

HOUR_LABELS = tuple(f"{hour:02d}:00" for hour in range(24))
SIZE_LABELS = (
    f"below {SIZES[0]}",
    *(f"{low:,} to {high:,}" for low, high in pairwise(SIZES)),
    f"from {SIZES[-1]:,}",
)
DEADLINE_LABELS = (*(f"to {bound} s" for bound in DEADLINES_S), f"above {DEADLINES_S[-1]} s")

_HOUR_NS = 3_600 * 10**9


def hour_of(at_ns: int) -> str:
    """Return the hour of the UTC day."""
    return HOUR_LABELS[at_ns // _HOUR_NS % 24]


def size_of(quote_units: int, decimals: int) -> str:
    """Return the group of an amount of EURe in base units."""
    return SIZE_LABELS[bisect_right(SIZES, quote_units // 10**decimals)]


def deadline_of(asked_ms: int | None) -> str:
    """Return the group of the time for which a request wanted the quote."""
    if asked_ms is None:
        return UNKNOWN_DEADLINE
    return DEADLINE_LABELS[bisect_left(DEADLINES_S, -(-asked_ms // 1_000))]


def market_of(tokens: TokenTable, asset_in: str, asset_out: str) -> str:
    """Return the name of the market of two token ids."""
    found = tokens.market(asset_in, asset_out)
    return OTHER_MARKETS if found is None else found.name


def place_of(dimension: str, bucket: str) -> tuple[int, str]:
    """Sort the buckets of a dimension with bounds by these; what is outside of them comes last."""
    bounds: dict[str, Sequence[str]] = {"hour": HOUR_LABELS, "size": SIZE_LABELS, "deadline": DEADLINE_LABELS}
    labels = bounds.get(dimension, ())
    return (labels.index(bucket) if bucket in labels else len(labels)), bucket
