"""Ways of pricing that are compared: the one in force, and its neighbours. Pure."""

from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation

import msgspec

from cockpit.model.commands import PriceParams
from cockpit.tuning.errors import InvalidCandidateError

MOST = 60
"""Candidates that may be named; each decides every recorded request again."""
BASE_STEP_BPS = Decimal(6)
SLOPE_STEP = Decimal("0.1")
"""No advice goes further than this at once."""
_ACROSS = ((0, -1), (0, -2), (0, 1), (0, 2), (1, 0), (-1, 0), (1, -1), (-1, -1), (1, 1), (-1, 1))
"""Neighbours of the candidate in force: steps of the slope by 0.1, of the base by 3 bps."""


class Candidate(msgspec.Struct, frozen=True, order=True):
    """A half spread: ``base`` bps, and ``slope`` times the standard deviation of the mid over the quote's life."""

    base: Decimal
    slope: Decimal

    @property
    def settings(self) -> dict[str, str]:
        """Its settings, by name."""
        return {"STRATEGY_HALF_SPREAD_BPS": f"{self.base:f}", "STRATEGY_VOL_FACTOR": f"{self.slope:f}"}

    @property
    def params(self) -> dict[str, Decimal]:
        """Its parameters, as a running desk takes them."""
        return {"half_spread_bps": self.base, "vol_factor": self.slope}

    def within_a_step_of(self, other: "Candidate") -> bool:
        return abs(self.base - other.base) <= BASE_STEP_BPS and abs(self.slope - other.slope) <= SLOPE_STEP

    def __str__(self) -> str:
        return f"{self.base:f} + {self.slope:f} σ√T"


def in_force(params: PriceParams) -> Candidate:
    return Candidate(_plain(params.half_spread_bps), _plain(params.vol_factor))


def neighbours(current: Candidate) -> tuple[Candidate, ...]:
    """Return at most ten valid neighbours, none further away than one step."""
    found = [
        Candidate(_plain(current.base + down * BASE_STEP_BPS / 2), _plain(current.slope + across * SLOPE_STEP))
        for across, down in _ACROSS
    ]
    return tuple(one for one in found if not _problems(one))


def parse_candidates(text: str) -> tuple[Candidate, ...]:
    """Read ``BASE/SLOPE,…``, such as ``8/0.3,10/0``. Raises InvalidCandidateError."""
    found = tuple(dict.fromkeys(_parsed(text)))
    if len(found) > MOST:
        raise InvalidCandidateError(f"--candidates: {len(found)} were given; at most {MOST} are compared")
    return found


def _parsed(text: str) -> Iterator[Candidate]:
    for part in text.split(","):
        base, slash, slope = part.strip().partition("/")
        try:
            if len(part) > 40:
                raise InvalidOperation
            one = Candidate(Decimal(base), Decimal(slope if slash else "0"))
        except InvalidOperation:
            raise InvalidCandidateError(f"--candidates {part.strip()[:40]!r}: expected BASE/SLOPE, as 8/0.3") from None
        problems = _problems(one)
        if problems:
            raise InvalidCandidateError(f"--candidates {part.strip()}: {problems[0]}")
        yield Candidate(_plain(one.base), _plain(one.slope))


def compared(current: Candidate, others: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return all that is compared: the one in force first, each once."""
    return tuple(dict.fromkeys((current, *others)))


def _problems(one: Candidate) -> tuple[str, ...]:
    return PriceParams(half_spread_bps=one.base, vol_factor=one.slope).problems()


def _plain(value: Decimal) -> Decimal:
    # 0.30 and 0.3 are one candidate.
    shortest = value.normalize()
    return shortest if shortest.as_tuple().exponent in range(-30, 1) else shortest.quantize(Decimal(1))
