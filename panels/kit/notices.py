"""What this cockpit noticed by itself: links lost and found, rungs left, keys that were not followed."""

from collections import deque
from collections.abc import Callable
from typing import Literal

import msgspec

from cockpit.client.desk_client import ConnectionLost
from cockpit.model.snapshot import Snapshot

KEPT = 200
Weight = Literal["good", "info", "warn", "bad"]


class Notice(msgspec.Struct, frozen=True):
    """A sentence, when it was noticed (seconds of the cockpit's clock), and how heavy it is."""

    number: int
    at: float
    weight: Weight
    text: str


class NoticeLog:
    """The newest two hundred notices. ``clock`` counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._notices: deque[Notice] = deque(maxlen=KEPT)
        self._count = 0
        self._down = False

    def note(self, text: str, weight: Weight = "info") -> None:
        """Remember a sentence."""
        self._count += 1
        self._notices.append(Notice(self._count, self._clock(), weight, text))

    def heard(self, former: Snapshot | None, item: Snapshot | ConnectionLost) -> None:
        """Something came over the link: what it means beside what was known before."""
        if isinstance(item, ConnectionLost):
            if not self._down:
                self._down = True
                self.note(f"link lost: {item.reason}", "bad")
            return
        if self._down or former is None:
            self.note("attached again" if former is not None else f"attached to {item.account}", "good")
            self._down = False
        if former is None:
            return
        if former.run_id != item.run_id:
            self.note(f"another desk answers now: run {item.run_id}", "warn")
            return
        if former.rung != item.rung:
            why = item.executor_why if former.rung == "LIVE" else item.strategy_why
            fell = ("SAFE", "SHADOW", "LIVE").index(item.rung) < ("SAFE", "SHADOW", "LIVE").index(former.rung)
            self.note(f"{former.rung} → {item.rung}: {why or 'no reason given'}", "warn" if fell else "info")
        for what, before, now in (("relay", former.relay, item.relay), ("history", former.history, item.history)):
            if before != now:
                self.note(f"{what}: {before} → {now}", "good" if now == "ok" else "bad" if now == "down" else "warn")

    def newest(self) -> tuple[Notice, ...]:
        """What was noticed, newest first."""
        return tuple(reversed(self._notices))

    def age_ms(self, notice: Notice) -> int:
        """How long ago it was noticed."""
        return int(max(0.0, self._clock() - notice.at) * 1000)
