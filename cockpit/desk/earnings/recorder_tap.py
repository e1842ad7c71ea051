"""A recorder that shows what is recorded to a listener: what it sums up is what history will hold."""

from collections.abc import Callable

from cockpit.model.events import AnyEvent
from cockpit.model.recorder import LateEvent, Recorder


class RecorderTap:
    """Passes everything on; ``note`` must not raise, and does not get late events."""

    def __init__(self, recorder: Recorder, note: Callable[[AnyEvent], None]) -> None:
        self._recorder = recorder
        self._record = recorder.record
        self._note = note

    @property
    def writable(self) -> bool:
        return self._recorder.writable

    @property
    def complete(self) -> bool:
        return self._recorder.complete

    @property
    def problem(self) -> str:
        return self._recorder.problem

    def record(self, event: AnyEvent) -> None:
        self._record(event)
        self._note(event)

    def record_late(self, event: LateEvent[AnyEvent]) -> None:
        """Pass it on; nobody is shown it, as that would make it now."""
        self._recorder.record_late(event)

    async def flush(self) -> None:
        await self._recorder.flush()
