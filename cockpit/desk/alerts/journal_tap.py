"""Commands that somebody must be told of, taken on their way into the journal."""

from cockpit.desk.alerts.feed import AlertFeed
from cockpit.model.commands import ARMABLE
from cockpit.model.events import AnyEvent, OperatorAction
from cockpit.model.recorded.names import short_names
from cockpit.model.recorder import LateEvent, Recorder

DISARMS = (*(f"disarm {part}" for part in ARMABLE), "hard-stop")


class JournalTap:
    """Records as the recorder below it does, and notes disarms, hard stops and the desk's end."""

    def __init__(self, recorder: Recorder, feed: AlertFeed) -> None:
        self._recorder = recorder
        self._feed = feed

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
        self._recorder.record(event)
        if isinstance(event, OperatorAction) and event.accepted:
            self._note(event)

    def record_late(self, event: LateEvent[AnyEvent]) -> None:
        self._recorder.record_late(event)

    async def flush(self) -> None:
        await self._recorder.flush()

    def _note(self, action: OperatorAction) -> None:
        text = f"{action.actor}: {short_names(action.reason or action.command)}"
        if action.command in DISARMS:
            by_desk = action.actor == "desk" or action.actor.startswith("the desk:")
            self._feed.note("disarm", "critical" if by_desk else "info", text, subject="desk" if by_desk else "person")
        elif action.command == "shutdown":
            self._feed.stop_reason = text
