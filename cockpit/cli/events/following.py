"""Follows a desk's events: each once, from the history up to where the desk says it goes, then from the desk.

The desk tells with every batch how far the history goes after it. So whatever is missed while nobody is connected, or
left half received, is read from the history; and a batch whose lines are not the rows that it added is read there too.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractContextManager

import msgspec

from cockpit.cli.errors import RefusedByDeskError
from cockpit.client.desk_client import ConnectionLost
from cockpit.model.errors import NOT_READABLE
from storage.errors import HistoryError
from storage.reader import Reader, runs
from storage.topics.lines import BY_TOPIC, DESK, GAP, MARK, said
from storage.topics.pages import Chosen, Position, newest_position, read_page

Open = Callable[[], AbstractContextManager[Reader]]
Print = Callable[[Iterable[str]], None]

UNREAD = "the history cannot be read"
NOT_ITS = "the history that is read here is not that of the desk"
LATE = "the history is written late: what was recorded meanwhile is in it once it is complete"


class _Said(msgspec.Struct, frozen=True):
    """What is read of a line."""

    topic: str = ""
    run_id: str = ""
    position: dict[str, int] | None = None
    error: str = ""


def drain(open_reader: Open, chosen: Chosen, after: Position, upto: Position | None, put: Print) -> Position:
    """Print what the history holds after one position up to another, or to its end; return where that is.

    The history is opened for each page anew: what waits for a slow reader of the output must not hold it open.
    """
    position, more = dict(after), True
    while more:
        with open_reader() as reader:
            if upto is None:
                upto = newest_position(reader)
            page = read_page(reader, chosen, position, upto)
        put(page.lines)
        position, more = dict(page.position), page.more
    return position


class Following:
    """Prints lines for ever. ``position``: where to go on from; None begins with what happens next."""

    def __init__(
        self, open_reader: Open, chosen: Chosen, position: Position | None, put: Print, wall_ns: Callable[[], int]
    ) -> None:
        self._open_reader = open_reader
        self._chosen = chosen
        self._tables = tuple(chosen.tables.values())
        self._position = position
        self._put = put
        self._wall_ns = wall_ns
        self._connected: bool | None = None
        self._run_id = ""
        self._held: list[str] = []
        self._held_gap = False
        self._exact = True
        """Whether ``_position`` is right after what was printed last."""
        self._own = True
        """Whether the history that is read here is the desk's."""

    async def run(self, frames: AsyncIterator[str | ConnectionLost]) -> None:
        """Print until cancelled. Raises RefusedByDeskError."""
        async for frame in frames:
            if isinstance(frame, ConnectionLost):
                self._lost(frame.reason)
            else:
                for line in frame.split("\n"):
                    self._take(line)

    def _take(self, line: str) -> None:
        try:
            found = msgspec.json.decode(line, type=_Said)
        except NOT_READABLE:
            return
        if found.error:
            raise RefusedByDeskError(found.error)
        if found.topic == DESK:
            self._joined(line, found)
        elif found.topic == MARK:
            self._marked(found.position)
        elif found.topic == GAP:
            self._held.append(line)
            self._held_gap = True
        elif found.topic in BY_TOPIC:
            self._held.append(line)

    def _joined(self, line: str, found: _Said) -> None:
        self._held.clear()
        self._connected, self._run_id = True, found.run_id
        shown = msgspec.json.decode(line)
        shown.pop("position", None)
        self._put([msgspec.json.encode(shown).decode()])
        self._own = self._knows(found.run_id)
        started = self._position is not None
        if found.position is None:
            if started and self._exact and self._own:
                self._read_to(None)
            self._gap(LATE)
            self._exact = False
            return
        if not self._exact:
            self._gap(LATE)
        elif started and not self._own:
            self._gap(NOT_ITS)
        elif started:
            self._read_to(found.position)
        self._position, self._exact = found.position, True

    def _marked(self, position: Position | None) -> None:
        held, gap = self._held, self._held_gap
        self._held, self._held_gap = [], False
        if position is None:
            self._exact = False
        elif not self._exact or gap or not self._own or self._adds_up(held, position):
            self._position, self._exact = position, True
        else:
            self._read_to(position)
            self._position = position
            return
        self._put(held)

    def _adds_up(self, held: list[str], position: Position) -> bool:
        """Return whether the lines are the rows that were added: a fact that was recorded twice is one row."""
        before = self._position or {}
        counts = Counter(BY_TOPIC[msgspec.json.decode(line, type=_Said).topic].name for line in held)
        added = {table.name: position.get(table.name, 0) - before.get(table.name, 0) for table in self._tables}
        # One that was emptied, as old requests are, begins anew.
        return all(rows == counts[name] or rows < 0 for name, rows in added.items())

    def _lost(self, reason: str) -> None:
        if self._connected is not False:
            self._put([said(DESK, self._wall_ns(), run_id=self._run_id, state="disconnected", reason=reason)])
        self._connected = False
        held, self._held, self._held_gap = self._held, [], False
        if not self._exact:
            # Nothing tells where in the history these are.
            self._put(held)
        elif self._position is not None and self._own:
            self._read_to(None)

    def _read_to(self, upto: Position | None) -> None:
        after = self._position or {}
        if upto is not None:
            # A table that was emptied, as old requests are, begins anew.
            after = {name: last if last <= upto.get(name, 0) else 0 for name, last in after.items()}
        try:
            self._position = drain(self._open_reader, self._chosen, after, upto, self._put)
        except HistoryError as problem:
            if upto is not None:
                self._gap(f"{UNREAD}: {problem}")

    def _knows(self, run_id: str) -> bool:
        try:
            with self._open_reader() as reader:
                return any(run.run_id == run_id for run in runs(reader))
        except HistoryError:
            return False

    def _gap(self, reason: str) -> None:
        self._put([said(GAP, self._wall_ns(), run_id=self._run_id, lost=None, reason=reason)])
