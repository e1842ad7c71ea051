"""Which heights and block times are believed: what time allows, and what most endpoints name. Pure.

One node's word counts for as much as time allows since the height that was agreed on last. Beyond that, the endpoints
are asked for their blocks and the largest group of those that name about the same height is right; of two as large,
the lower one. Nothing is believed for good: a height that no endpoint is near is given up again.
"""

from collections.abc import Mapping, Sequence

import msgspec

from cockpit.model.formatting import counted
from venue.protocol.units import NS_PER_S

BLOCKS_PER_S = 4
"""NEAR makes one to two blocks a second; more than this in a row cannot have been made."""
APART = 120
"""Blocks by which honest endpoints may differ: one or two minutes."""
FAR_APART = 10_000
"""What is further ahead of an endpoint's block, nobody's lag explains: two to three hours."""
PATIENCE_NS = 30 * NS_PER_S
"""How long a lone endpoint must contradict what it said before, until the new is taken."""
AHEAD_NS = 5 * NS_PER_S
"""How far a block's time may be ahead of this machine's clock."""
BEHIND_NS = 300 * NS_PER_S
"""How far the newest block may be behind this machine's clock."""


class Named(msgspec.Struct, frozen=True):
    """The newest block of an endpoint: its height and time, UTC ns."""

    height: int
    timestamp_ns: int


class Heads:
    """The height that was agreed on last, and what may be believed since. ``now_ns``: of a clock that never stops."""

    def __init__(self) -> None:
        self._height: int | None = None
        self._at_ns = 0
        self._proven = False
        self._alone_since_ns: int | None = None

    def is_old(self, now_ns: int, after_ns: int) -> bool:
        """Return whether nothing was agreed on for so long."""
        return self._height is None or now_ns - self._at_ns > after_ns

    def problem(self, height: int, now_ns: int) -> str:
        """Return why an endpoint's height is not believed as it is, empty when it is. Before any is agreed on, all are
        in doubt."""
        if self._height is None:
            return "no height is agreed on yet"
        latest = self._latest(now_ns)
        if height > latest:
            return f"it names block {height:,}, {counted(height - latest, 'block')} ahead of what time allows"
        if height < self._height - APART:
            return f"it names block {height:,}, {counted(self._height - height, 'block')} behind the others"
        return ""

    def is_plausible(self, height: int, now_ns: int) -> bool:
        """Return whether the chain can have reached a height that was believed before; True while nothing is known.

        One endpoint alone may lag far behind.
        """
        if self._height is None:
            return True
        return height <= self._latest(now_ns) + (APART if self._proven else FAR_APART)

    def agree(self, named: Mapping[int, Named], now_ns: int, wall_ns: int) -> dict[int, str]:
        """Settle on a height by what the endpoints name now; return why each of the others is not believed.

        ``named``: by endpoint, those that answered, at least one. One whose block's time is not of now is no witness,
        unless that is true of all: then it may be this machine's clock.
        """
        wrong = {index: why for index, one in named.items() if (why := time_problem(one.timestamp_ns, wall_ns))}
        groups = _groups(
            {index: one.height for index, one in named.items() if index not in wrong or len(wrong) == len(named)}
        )
        best = max(groups, key=lambda group: (self._votes(group, now_ns), -group[0][0]))
        if len(best) == 1 and self._must_wait(best[0][0], now_ns):
            return wrong | {index: self.problem(height, now_ns) for group in groups for height, index in group}
        self._settle(best, now_ns)
        for group in groups:
            if group is not best:
                side = "ahead of" if group[0][0] > best[-1][0] else "behind"
                wrong |= {
                    index: f"it names block {height:,}, {counted(abs(height - best[-1][0]), 'block')} {side} the others"
                    for height, index in group
                }
        return wrong

    def _votes(self, group: Sequence[tuple[int, int]], now_ns: int) -> int:
        # What was agreed on by several counts as one more that agrees.
        return len(group) + (self._proven and any(not self.problem(height, now_ns) for height, _ in group))

    def _must_wait(self, height: int, now_ns: int) -> bool:
        """Return whether a lone height that contradicts the last one must wait until it has lasted."""
        if self._height is None or not self.problem(height, now_ns):
            self._alone_since_ns = None
            return False
        if self._alone_since_ns is None:
            self._alone_since_ns = now_ns
        return now_ns - self._alone_since_ns < PATIENCE_NS

    def _settle(self, group: Sequence[tuple[int, int]], now_ns: int) -> None:
        # The highest that a second one confirms: no endpoint alone moves it while others answer.
        follows = self._proven and not self.problem(group[0][0], now_ns)
        self._height = group[-2][0] if len(group) > 1 else group[0][0]
        self._proven = len(group) > 1 or follows
        self._at_ns, self._alone_since_ns = now_ns, None

    def _latest(self, now_ns: int) -> int:
        return (self._height or 0) + APART + BLOCKS_PER_S * max(0, now_ns - self._at_ns) // NS_PER_S


def time_problem(timestamp_ns: int, wall_ns: int) -> str:
    """Return why the time of a newest block is not believed by this machine's clock, empty when it is."""
    ahead_ns = timestamp_ns - wall_ns
    if ahead_ns > AHEAD_NS:
        return f"its block's time is {ahead_ns / NS_PER_S:,.0f} s ahead of the local clock"
    if ahead_ns < -BEHIND_NS:
        return f"its newest block is {-ahead_ns / NS_PER_S:,.0f} s old by the local clock"
    return ""


def _groups(heights: Mapping[int, int]) -> list[list[tuple[int, int]]]:
    """Return (height, endpoint) in groups that differ by at most ``APART``, each sorted."""
    groups: list[list[tuple[int, int]]] = []
    for height, index in sorted((height, index) for index, height in heights.items()):
        if groups and height - groups[-1][0][0] <= APART:
            groups[-1].append((height, index))
        else:
            groups.append([(height, index)])
    return groups
