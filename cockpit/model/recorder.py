"""How every part of the desk records events, whatever database holds the history."""

from collections.abc import Callable
from pathlib import PurePath
from typing import Generic, Protocol, TypeVar

from cockpit.model.events import AnyEvent

EventT_co = TypeVar("EventT_co", bound=AnyEvent, covariant=True)


class LateEvent(Generic[EventT_co]):
    """An event that is made by whoever reads it first, of values that do not change: its texts take longer than a
    request may wait. It must be one that the next desk can do without.

    Where ``make`` raises, ``instead`` makes the event without its texts. ``name``: its kind and ids, for the log.
    """

    __slots__ = ("_instead", "_made", "_make", "failure", "name")

    def __init__(
        self,
        make: Callable[[], EventT_co],
        *,
        instead: Callable[[], EventT_co] | None = None,
        name: tuple[str, ...] = (),
    ) -> None:
        self._make: Callable[[], EventT_co] | None = make
        self._instead = instead
        self._made: EventT_co | None = None
        self.name = name
        self.failure = ""

    def made(self) -> EventT_co | None:
        """Return the event; None where it could not be made at all. Never raises.

        ``failure`` then tells the kind of the error and where it was raised, not its text, which may hold anything.
        """
        if self._make is not None:
            try:
                self._made = self._make()
            except Exception as error:
                self._make_instead(_raised(error))
            self._make = self._instead = None
        return self._made

    def _make_instead(self, failure: str) -> None:
        try:
            self._made = None if self._instead is None else self._instead()
        except Exception as error:
            failure = f"{failure}, then {_raised(error)}"
        self.failure = failure


def _raised(error: Exception) -> str:
    line = error.__traceback__
    while line is not None and line.tb_next is not None:
        line = line.tb_next
    where = "" if line is None else f" in {PurePath(line.tb_frame.f_code.co_filename).name}:{line.tb_lineno}"
    return f"{type(error).__name__}{where}"


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
        """Return once everything recorded so far is durable, but for late events that could not be made. Raises
        HistoryError if it cannot be written.
        """
