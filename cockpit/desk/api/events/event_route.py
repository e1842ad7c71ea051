"""``/events``: a websocket that sends what is recorded, as lines of JSON by topic."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from cockpit.desk.api.events.event_stream import MOST_FOLLOWERS, EventStream, Follower, Portion
from cockpit.desk.api.operator_signs import read_reports
from cockpit.model.giving_way import give_way
from storage.errors import UnknownTopicError
from storage.rows import ROWS_PER_SLICE
from storage.topics.lines import DESK, GAP, MARK, encoded, event_line, find_topics, said

MOST_TOPICS = 50
BEGUN_S = 5.0
"""How long a follower waits for the history to say how far it goes."""
REFUSED = 1008
TOO_MANY = f"{MOST_FOLLOWERS} programs follow the events already; end one of them"
FELL_BEHIND = "the follower read too slowly"
NO_POSITION = "the history does not say how far it goes; it may be written late"


class EventRoute:
    """Sends the events of the stream to whoever connects. ``identity`` is what ``/healthz`` returns."""

    def __init__(self, stream: EventStream, identity: Mapping[str, str], wall_ns: Callable[[], int]) -> None:
        self._stream = stream
        self._identity = identity
        self._run_id = identity["run_id"]
        self._wall_ns = wall_ns

    async def serve(self, socket: WebSocket) -> None:
        """Send until the follower disconnects; one that is slow loses events, is told how many, and delays nobody."""
        await socket.accept()
        try:
            tables = find_topics(socket.query_params.getlist("topic")[:MOST_TOPICS])
        except UnknownTopicError as error:
            await self._refuse(socket, str(error))
            return
        if self._stream.full:
            await self._refuse(socket, TOO_MANY)
            return
        follower = Follower(frozenset(table.event for table in tables.values()))
        gone = asyncio.create_task(read_reports(socket, None))
        try:
            with self._stream.following(follower) as begun:
                first: set[asyncio.Future[Any]] = {begun, gone}
                await asyncio.wait(first, timeout=BEGUN_S, return_when=asyncio.FIRST_COMPLETED)
                if not gone.done():
                    await socket.send_text(self._hello(begun.result() if begun.done() else None))
                await self._send(socket, follower, gone)
        except (WebSocketDisconnect, OSError, RuntimeError):
            return
        finally:
            gone.cancel()

    async def _send(self, socket: WebSocket, follower: Follower, gone: "asyncio.Task[None]") -> None:
        while True:
            portion = asyncio.create_task(follower.next())
            try:
                await asyncio.wait({portion, gone}, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    return
                for frame in self._frames(portion.result()):
                    await socket.send_text(frame)
                    # A frame that needs no waiting gives no turn to the requests that wait.
                    await give_way()
            finally:
                portion.cancel()

    def _frames(self, portion: Portion) -> Iterator[str]:
        """Yield the frames one by one: each is made when the one before it has left."""
        now = self._wall_ns()
        if portion.lost:
            yield said(GAP, now, run_id=self._run_id, lost=portion.lost, reason=FELL_BEHIND)
        for first in range(0, len(portion.events), ROWS_PER_SLICE):
            some = portion.events[first : first + ROWS_PER_SLICE]
            yield "\n".join(event_line(self._run_id, event) for event in some)
        yield said(MARK, now, run_id=self._run_id, position=portion.position)

    def _hello(self, position: Mapping[str, int] | None) -> str:
        reason = NO_POSITION if position is None else ""
        fields = {**self._identity, "state": "connected", "position": position, "reason": reason}
        return said(DESK, self._wall_ns(), **fields)

    async def _refuse(self, socket: WebSocket, reason: str) -> None:
        await socket.send_text(encoded({"error": reason}))
        await socket.close(REFUSED)
