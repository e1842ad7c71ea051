"""How every part of the desk records what happened, whatever the history is kept in."""

from typing import Protocol

from cockpit.model.events import AnyEvent


class Recorder(Protocol):
    """Takes events at once and makes them durable soon after, in order."""

    @property
    def writable(self) -> bool:
        """Whether what is recorded now will be written: nothing has been lost, and no write is failing or stalled."""

    @property
    def complete(self) -> bool:
        """Whether it is writable and nothing waits outside the database."""

    def record(self, event: AnyEvent) -> None:
        """Take an event. Never blocks and never raises."""

    async def flush(self) -> None:
        """Return when everything recorded so far is durable. Raises HistoryError when it never will be."""
