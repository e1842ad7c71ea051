"""What this cockpit noticed by itself: connections lost and restored, changes of rung, ignored keys."""

from collections import deque
from collections.abc import Callable
from typing import Literal

import msgspec

from cockpit.client.desk_client import ConnectionLost
from cockpit.model.snapshot import Snapshot
from panels.kit.messages import NO_REASON_GIVEN

MAX_NOTICES = 200
Weight = Literal["good", "info", "warn", "bad"]


class Notice(msgspec.Struct, frozen=True):
    """A sentence and when it was noticed, in seconds of the cockpit's clock."""

    number: int
    at: float
    weight: Weight
    text: str


def _commanded(before: Snapshot, now: Snapshot) -> bool:
    """Return whether the journal lists what changed the rung, with its cause."""
    known = {row.command_id for row in before.journal}
    return any(
        row.accepted and row.command_id not in known and row.command.startswith(("arm ", "disarm ", "hard-stop"))
        for row in now.journal
    )


class NoticeLog:
    """The newest two hundred notices. ``clock`` counts seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._notices: deque[Notice] = deque(maxlen=MAX_NOTICES)
        self._count = 0
        self._down = False

    def note(self, text: str, weight: Weight = "info") -> None:
        """Keep a sentence, and drop the oldest where there are too many."""
        self._count += 1
        self._notices.append(Notice(self._count, self._clock(), weight, text))

    def received(self, before: Snapshot | None, item: Snapshot | ConnectionLost) -> None:
        """Note what the newest item from the desk changes."""
        if isinstance(item, ConnectionLost):
            if not self._down:
                self._down = True
                if before is None:
                    self.note(f"not connected yet: {item.reason}")
                else:
                    self.note(f"connection lost: {item.reason}", "bad")
            return
        if self._down or before is None:
            self.note("reconnected" if before is not None else f"connected to {item.account}", "good")
            self._down = False
        if before is None:
            return
        if before.run_id != item.run_id:
            self.note(f"connected to another desk: run {item.run_id}", "warn")
            return
        if before.rung != item.rung and not _commanded(before, item):
            why = item.executor_why if before.rung == "LIVE" else item.strategy_why
            fell = ("SAFE", "SHADOW", "LIVE").index(item.rung) < ("SAFE", "SHADOW", "LIVE").index(before.rung)
            self.note(f"{before.rung} → {item.rung}: {why or NO_REASON_GIVEN}", "warn" if fell else "info")
        for what, old, now in (("relay", before.relay, item.relay), ("history", before.history, item.history)):
            if old != now:
                self.note(f"{what}: {old} → {now}", "good" if now == "ok" else "bad" if now == "down" else "warn")

    def newest(self) -> tuple[Notice, ...]:
        """Return the notices, newest first."""
        return tuple(reversed(self._notices))

    def age_ms(self, notice: Notice) -> int:
        """Return the age of a notice, ms."""
        return int(max(0.0, self._clock() - notice.at) * 1000)
