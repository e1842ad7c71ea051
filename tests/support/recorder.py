"""A recorder that keeps what it was given in memory."""

from typing import Any

from cockpit.model.events import AnyEvent
from cockpit.model.recorder import LateEvent


class MemoryRecorder:
    """Satisfies ``cockpit.model.recorder.Recorder``; a test sets ``writable`` and ``complete``."""

    def __init__(self, events: list[Any] | None = None) -> None:
        self.events: list[Any] = [] if events is None else events
        self.writable = True
        self.complete = True
        self.problem = ""
        self.flushes = 0

    def record(self, event: AnyEvent) -> None:
        self.events.append(event)

    def record_late(self, event: LateEvent[AnyEvent]) -> None:
        made = event.made()
        if made is not None:
            self.record(made)

    async def flush(self) -> None:
        self.flushes += 1
