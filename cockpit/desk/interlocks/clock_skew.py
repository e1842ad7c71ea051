"""How far the local clock is from the venue's: what HTTP dates and block times prove, and no more. Pure.

A response dated ``D`` was made in [D, D + 1 s) of its server's clock, between sending and receiving (RFC 9110, 6.6.1).
A block's time is at most ``AHEAD_NS`` ahead of now. Each bounds the venue's UTC time less the local monotonic clock,
which no step of the wall clock moves. All times are nanoseconds.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from venue.protocol.units import NS_PER_MS, NS_PER_S

LIMIT_NS = 500 * NS_PER_MS
FORGET_AFTER_NS = 300 * NS_PER_S
"""A source that was silent for so long counts no longer."""
DRIFT = 5_000
"""A clock's rate is off by at most one part in so many (200 ppm): a range grows wider by that with its age."""
AHEAD_NS = 200 * NS_PER_MS
"""How far a block's time may be ahead of now: its makers' clocks are not ours."""
LATE_NS = NS_PER_S
"""Servers reuse a date for up to so long: it may be late, and is never early."""
WIDEST_NS = 3 * NS_PER_S
"""A range wider than this is treated as unknown."""
NEVER = 1 << 62
"""No bound."""


class Range(msgspec.Struct, frozen=True):
    """Both ends belong to it."""

    low_ns: int
    high_ns: int

    @property
    def width_ns(self) -> int:
        return self.high_ns - self.low_ns

    def widened(self, by_ns: int) -> "Range":
        """Widen both ends by so much; an end without a bound stays so."""
        low = self.low_ns if self.low_ns <= -NEVER else self.low_ns - by_ns
        return Range(low, self.high_ns if self.high_ns >= NEVER else self.high_ns + by_ns)

    def both(self, other: "Range") -> "Range | None":
        """Return what lies in both, None when nothing does."""
        low, high = max(self.low_ns, other.low_ns), min(self.high_ns, other.high_ns)
        return Range(low, high) if low <= high else None


def of_date(date_s: int, sent_ns: int, received_ns: int) -> Range:
    """Return what a response with this date (whole seconds of UTC) proves; sent and received on the monotonic clock."""
    return Range(date_s * NS_PER_S - received_ns, (date_s + 1) * NS_PER_S - sent_ns)


def of_block(timestamp_ns: int, received_ns: int) -> Range:
    """Return what a block's time proves: the venue's time is not before it. A block may be old: one bound only."""
    return Range(timestamp_ns - AHEAD_NS - received_ns, NEVER)


class ClockSource:
    """What one source has shown so far. Where the newest contradicts older evidence, the older is dropped."""

    def __init__(self) -> None:
        self._known: Range | None = None
        self._at_ns = 0

    def add(self, found: Range, now_ns: int) -> None:
        """Add what was found at ``now_ns``, monotonic."""
        before = self.range(now_ns)
        self._known = (before.both(found) if before is not None else None) or found
        self._at_ns = now_ns

    def range(self, now_ns: int) -> Range | None:
        """Return the venue's time less the monotonic clock by this source; None once it was silent for too long."""
        if self._known is None or now_ns - self._at_ns > FORGET_AFTER_NS:
            return None
        return self._known.widened((now_ns - self._at_ns) // DRIFT)


def agreed(ranges: Iterable[Range]) -> Range | None:
    """Return where most sources agree (Marzullo's intersection), first place to last; None without any."""
    edges = sorted(edge for one in ranges for edge in ((one.low_ns, 0), (one.high_ns, 1)))
    best = 0
    found: Range | None = None
    for most, place in _places(edges):
        if most > best:
            best, found = most, place
        elif most == best and found is not None:
            found = Range(found.low_ns, place.high_ns)
    return found


def combined(dated: Sequence[Range], blocks: Range | None) -> Range | None:
    """Return the venue's time less the monotonic clock, by each service's dates and all blocks; None without any.

    A date may be late, so in the vote each service may be right up to a second above its range. At least one of those
    that agree is assumed to date its answers promptly: the latest end of their own ranges is the upper bound.
    """
    late = [Range(one.low_ns, one.high_ns + LATE_NS) for one in dated]
    found = agreed(late if blocks is None else [*late, blocks])
    if found is None:
        return None
    ends = [one.high_ns for one, voted in zip(dated, late, strict=True) if voted.both(found) is not None]
    return Range(found.low_ns, min(found.high_ns, max(*ends, found.low_ns))) if ends else found


def _places(edges: list[tuple[int, int]]) -> Iterator[tuple[int, Range]]:
    # Every stretch between a start and the end that follows it, with how many ranges cover it.
    inside = 0
    for (at, is_end), (following, _) in pairwise(edges):
        inside += -1 if is_end else 1
        if not is_end:
            yield inside, Range(at, following)


class Judgement(msgspec.Struct, frozen=True):
    """Whether the local clock may be trusted, and what is known of it."""

    passed: bool
    detail: str


def skew(offset: Range, wall_ns: int, monotonic_ns: int) -> Range:
    """Return how far the local clock is ahead of the venue's; ``offset``: the venue's time less the monotonic clock."""
    ahead = wall_ns - monotonic_ns
    return Range(
        -NEVER if offset.high_ns >= NEVER else ahead - offset.high_ns,
        NEVER if offset.low_ns <= -NEVER else ahead - offset.low_ns,
    )


def certain_error(found: Range) -> int:
    """Return by how much the local clock is certainly ahead, ns, below 0 behind; at most ``LIMIT_NS`` either way.

    Beyond that nothing is traded, and it is not known whose clock is wrong.
    """
    return max(-LIMIT_NS, min(LIMIT_NS, max(found.low_ns, min(found.high_ns, 0))))


def judged(found: Range) -> Judgement:
    """Fail only what is certain: a range wholly outside the limit on one side."""
    outside = found.low_ns > LIMIT_NS or found.high_ns < -LIMIT_NS
    return Judgement(not outside, _detail(found))


def aimed(offset: Range, now_ns: int) -> int:
    """Return when to ask next (monotonic): the answer's date then halves the range, whichever second it names."""
    middle = offset.low_ns + offset.width_ns // 2
    return now_ns + (-(now_ns + middle)) % NS_PER_S


def _detail(found: Range) -> str:
    low, high = found.low_ns, found.high_ns
    if low <= 0 <= high:
        return f"no error found; known to ±{_span(max(-low, high))}"
    side, near, far = ("ahead of", low, high) if low > 0 else ("behind", -high, -low)
    amount = f"at least {_span(near, up=False)}" if far >= NEVER else f"{_span(near, up=False)} to {_span(far)}"
    return f"{amount} {side} the venue's"


def _span(ns: int, *, up: bool = True) -> str:
    # Steps of 10 ms, or of 0.1 s from a second on, rounded so that no more is claimed than is known.
    step = 10 * NS_PER_MS if ns < NS_PER_S else 100 * NS_PER_MS
    steps = -(-ns // step) if up else ns // step
    return f"{steps * 10} ms" if ns < NS_PER_S else f"{steps / 10:.1f} s"
