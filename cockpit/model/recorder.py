"""How every part of the desk records events, whatever database holds the history."""

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from cockpit.model.events import AnyEvent

EventT_co = TypeVar("EventT_co", bound=AnyEvent, covariant=True)


class LateEvent(Generic[EventT_co]):
    """An event that is made by whoever reads it first, of values that do not change: its texts take longer than a
    request may wait.
    """

    __slots__ = ("_made", "_make")

    def __init__(self, make: Callable[[], EventT_co]) -> None:
        self._make: Callable[[], EventT_co] | None = make
        self._made: EventT_co | None = None

    def made(self) -> EventT_co:
        if self._made is None:
            assert self._make is not None
            self._made = self._make()
            self._make = None
        return self._made


class Recorder(Protocol):
    """Takes events without blocking and writes them soon after, in order."""

    @property
    def writable(self) -> bool:
        """Whether events recorded now will be written: nothing is lost, and no write is failing or stalled."""

    @property
    def complete(self) -> bool:
        """Whether it is writable and nothing waits outside the database."""

    @property
    def problem(self) -> str:
        """Why it is not writable, in one sentence; empty while it is."""

    def record(self, event: AnyEvent) -> None:
        """Record an event. Never blocks, never raises."""

    def record_late(self, event: LateEvent[AnyEvent]) -> None:
        """Record, in the same order, an event that is made shortly before it is written. Never blocks, never raises."""

    async def flush(self) -> None:
        """Return once everything recorded so far is durable. Raises HistoryError if it cannot be written."""
