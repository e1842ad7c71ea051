"""The recording half of a desk: history, writer and the ``/events`` of its socket, in this process."""

import asyncio
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

from cockpit.desk.api.events.event_route import EventRoute
from cockpit.desk.api.events.event_stream import EventStream
from cockpit.desk.runtime.unix_server import QuietServer, bind, server
from cockpit.model.events import AnyEvent
from storage.history import Run
from storage.sqlite.history import SqliteHistory
from storage.writer import HistoryWriter
from tests.support.history import rows
from tests.support.waiting import until


class EventsDesk:
    """Starts and ends as often as it is told to, each time as another run of the same history."""

    def __init__(self, directory: Path) -> None:
        self.socket_path = directory / "desk.sock"
        self.history_path = directory / "history.sqlite"
        self.runs = 0

    async def start(self) -> None:
        self.runs += 1
        self.run: Run = rows.run(f"run-{self.runs}", at_ns=rows.START_NS + self.runs)
        self.history = SqliteHistory(self.history_path)
        await self.history.open(self.run)
        self.stream = EventStream(self.history)
        self.writer = HistoryWriter(self.history, interval_s=0.005, on_written=self.stream.take)
        self._writing = asyncio.create_task(self.writer.run())
        identity = {"run_id": self.run.run_id, "mode": "SANDBOX", "account": "maker.near"}
        route = EventRoute(self.stream, identity, lambda: rows.START_NS)
        self._server: QuietServer = server(Starlette(routes=[WebSocketRoute("/events", route.serve)]))
        self._serving = asyncio.create_task(self._server.serve([bind(self.socket_path)]))
        await until(lambda: self._server.started)

    def record(self, *events: AnyEvent) -> None:
        for event in events:
            self.writer.record(event)

    def drop(self) -> None:
        """Cut every connection off, as a follower that does not answer is."""
        for connection in list(self._server.server_state.connections):
            connection.transport.abort()

    async def stop(self, *last: AnyEvent) -> None:
        """End it; the last events are recorded when nobody is served any more."""
        self._server.should_exit = True
        await self._serving
        self.socket_path.unlink(missing_ok=True)
        self.record(*last)
        self.writer.stop()
        await self._writing
        await self.history.close(self.run.started_ns)
