"""How every part of the desk records events, whatever database holds the history."""

from typing import Protocol

from cockpit.model.events import AnyEvent


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

    async def flush(self) -> None:
        """Return once everything recorded so far is durable. Raises HistoryError if it cannot be written."""
