"""How far the local clock is from the venue's: what HTTP dates and block times prove, and no more. Pure.

A response that names the second ``D`` was made in [D, D + 1 s) of its server's clock, some time between sending and
receiving (RFC 9110, 6.6.1). A block's time is at most a little ahead of now. Each bounds the venue's UTC time less the
local monotonic clock, which no step of the wall clock moves; all times are nanoseconds.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import msgspec

from venue.protocol.units import NS_PER_MS, NS_PER_S

LIMIT_NS = 500 * NS_PER_MS
KEPT_NS = 300 * NS_PER_S
"""A source that was silent for so long says nothing any more."""
DRIFT = 5_000
"""A clock's rate is off by at most one part in so many (200 ppm): evidence grows wider by that with its age."""
AHEAD_NS = 200 * NS_PER_MS
"""How far a block's time may be ahead of now: its makers' clocks are not ours."""
LATE_NS = NS_PER_S
"""Servers keep a date for so long before they make the next one: it may be late, and is never early."""
WIDEST_NS = 3 * NS_PER_S
"""A range wider than this says nothing that could be traded on."""
NEVER = 1 << 62
"""Stands for no bound at all."""


class Range(msgspec.Struct, frozen=True):
    """Both ends belong to it."""

    low_ns: int
    high_ns: int

    @property
    def width_ns(self) -> int:
        """From end to end."""
        return self.high_ns - self.low_ns

    def widened(self, by_ns: int) -> "Range":
        """With so much more at each end; an end that is no bound stays none."""
        low = self.low_ns if self.low_ns <= -NEVER else self.low_ns - by_ns
        return Range(low, self.high_ns if self.high_ns >= NEVER else self.high_ns + by_ns)

    def both(self, other: "Range") -> "Range | None":
        """What lies in both, None when nothing does."""
        low, high = max(self.low_ns, other.low_ns), min(self.high_ns, other.high_ns)
        return Range(low, high) if low <= high else None


def of_date(date_s: int, sent_ns: int, received_ns: int) -> Range:
    """What a response with this date (whole seconds of UTC) proves; sent and received on the monotonic clock."""
    return Range(date_s * NS_PER_S - received_ns, (date_s + 1) * NS_PER_S - sent_ns)


def of_block(timestamp_ns: int, received_ns: int) -> Range:
    """What a block's time proves: the venue's now is not before it. A block may be old, so it bounds one side only."""
    return Range(timestamp_ns - AHEAD_NS - received_ns, NEVER)


class ClockSource:
    """What one source has shown so far. The newest is believed: where it contradicts what was known, that is let go."""

    def __init__(self) -> None:
        self._known: Range | None = None
        self._at_ns = 0

    def add(self, found: Range, now_ns: int) -> None:
        """Take in what was found just now, monotonic."""
        before = self.range(now_ns)
        self._known = (before.both(found) if before is not None else None) or found
        self._at_ns = now_ns

    def range(self, now_ns: int) -> Range | None:
        """The venue's time less the monotonic clock as this source has it; None once it was silent for too long."""
        if self._known is None or now_ns - self._at_ns > KEPT_NS:
            return None
        return self._known.widened((now_ns - self._at_ns) // DRIFT)


def agreed(ranges: Iterable[Range]) -> Range | None:
    """Where most sources agree (Marzullo's intersection); from end to end of all such places, None without a source."""
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
    """The venue's time less the monotonic clock, of what each service's dates and all blocks show; None without any.

    A date may be late, so for the vote every service may be right up to a second above its range. One at least of those
    that agree is taken to date its answers as it makes them: the latest end of their own ranges bounds it.
    """
    late = [Range(one.low_ns, one.high_ns + LATE_NS) for one in dated]
    found = agreed(late if blocks is None else [*late, blocks])
    if found is None:
        return None
    ends = [one.high_ns for one, voted in zip(dated, late, strict=True) if voted.both(found) is not None]
    return Range(found.low_ns, min(found.high_ns, max(*ends, found.low_ns))) if ends else found


def _places(edges: list[tuple[int, int]]) -> Iterator[tuple[int, Range]]:
    """Every stretch between a begin and the end that follows it, with how many ranges cover it."""
    inside = 0
    for (at, is_end), (following, _) in pairwise(edges):
        inside += -1 if is_end else 1
        if not is_end:
            yield inside, Range(at, following)


class Judgement(msgspec.Struct, frozen=True):
    """Whether the local clock may be trusted, and what is known in words."""

    passed: bool
    told: str


def skew(offset: Range, wall_ns: int, monotonic_ns: int) -> Range:
    """How far the local clock is ahead of the venue's, given the venue's time less the monotonic clock."""
    ahead = wall_ns - monotonic_ns
    return Range(
        -NEVER if offset.high_ns >= NEVER else ahead - offset.high_ns,
        NEVER if offset.low_ns <= -NEVER else ahead - offset.low_ns,
    )


def judged(found: Range) -> Judgement:
    """Red only for what is sure to be outside the limit: wholly beyond it on one side."""
    outside = found.low_ns > LIMIT_NS or found.high_ns < -LIMIT_NS
    return Judgement(not outside, _told(found))


def aimed(offset: Range, now_ns: int) -> int:
    """When to ask next (monotonic): the answer's date then halves the range, whichever second it names."""
    middle = offset.low_ns + offset.width_ns // 2
    return now_ns + (-(now_ns + middle)) % NS_PER_S


def _told(found: Range) -> str:
    low, high = found.low_ns, found.high_ns
    if low <= 0 <= high:
        return f"within ±{_span(max(-low, high))} of the venue's"
    side, near, far = ("ahead of", low, high) if low > 0 else ("behind", -high, -low)
    told = f"at least {_span(near, up=False)}"
    return f"{told if far >= NEVER else f'{_span(near, up=False)} to {_span(far)}'} {side} the venue's"


def _span(ns: int, *, up: bool = True) -> str:
    """In steps of 10 ms, or of 0.1 s from a second on, rounded away from what would claim more than is known."""
    step = 10 * NS_PER_MS if ns < NS_PER_S else 100 * NS_PER_MS
    steps = -(-ns // step) if up else ns // step
    return f"{steps * 10} ms" if ns < NS_PER_S else f"{steps / 10:.1f} s"
