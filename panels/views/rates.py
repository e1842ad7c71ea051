"""The work that each part of the desk does per second, from its counters in the snapshots."""

import itertools
from collections import deque
from collections.abc import Callable, Mapping

from cockpit.model.alerts.state import ALERTS
from cockpit.model.snapshot import PartHealth, Snapshot
from panels.kit.view import NS_PER_S

WINDOW_S = 10

_WORK: Mapping[str, tuple[str, Callable[[str], bool]]] = {
    "near-intents-ingest": ("messages", lambda name: name == "messages"),
    "market-reference-ingest": ("ticks", lambda name: name.endswith("_ticks")),
    "inventory-sync": ("readings", lambda name: name == "readings"),
    "liquidity-manager": ("readings", lambda name: name == "readings"),
    "history-writer": ("rows", lambda name: name == "written"),
    "strategy-engine": ("decisions", lambda name: name.startswith("reason_")),
    "trade-executor": ("quotes", lambda name: name == "sent"),
    ALERTS: ("messages", lambda name: name == "delivered"),
}
"""The name of a part's work, and which of its counters count it."""


def work(part: str) -> str:
    return _WORK[part][0] if part in _WORK else "events"


def work_done(row: PartHealth) -> int:
    counts = _WORK.get(row.part)
    return 0 if counts is None else sum(count for name, count in row.counters.items() if counts[1](name))


class WorkRates:
    """Samples of the last ten seconds, one a second; another run of the desk starts from nothing."""

    def __init__(self) -> None:
        self._run = ""
        self._samples: deque[tuple[int, dict[str, int]]] = deque(maxlen=WINDOW_S + 1)

    def take(self, snapshot: Snapshot) -> None:
        """Take a sample, unless the last one is younger than a second."""
        if snapshot.run_id != self._run:
            self._run = snapshot.run_id
            self._samples.clear()
        if self._samples and abs(snapshot.at_ns - self._samples[-1][0]) < NS_PER_S:
            return
        self._samples.append((snapshot.at_ns, {row.part: work_done(row) for row in snapshot.health}))

    def rate(self, part: str) -> float | None:
        """Return the work per second over the last ten; None until there are two samples."""
        if len(self._samples) < 2:
            return None
        (first_ns, first), (last_ns, last) = self._samples[0], self._samples[-1]
        seconds = (last_ns - first_ns) / NS_PER_S
        return (last.get(part, 0) - first.get(part, 0)) / seconds if seconds > 0 else None

    def course(self, part: str) -> list[float]:
        """Return the work in each of the last seconds, oldest first."""
        counts = [counts.get(part, 0) for _, counts in self._samples]
        return [float(after - before) for before, after in itertools.pairwise(counts)]
