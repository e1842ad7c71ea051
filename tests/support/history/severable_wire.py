"""A connection to the database that can be cut or stalled, as a bad network does."""

import asyncio
import contextlib
from typing import Self


class SeverableWire:
    """Forwards a port of its own to ``port`` on loopback."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._whole = True
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0

    def cut(self) -> None:
        """Break every connection and refuse new ones until it is mended."""
        self._whole = False
        for end in tuple(self._ends):
            end.transport.abort()

    def hang(self) -> None:
        """Let nothing through, on any connection, until it is mended."""
        self._flowing.clear()

    def mend(self) -> None:
        """Let everything through again."""
        self._whole = True
        self._flowing.set()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection("127.0.0.1", self._to)
            self._ends |= {writer, back}
            for source, sink in ((reader, back), (there, writer)):
                task = asyncio.create_task(self._pump(source, sink))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65_536):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        self._ends.discard(sink)
        sink.close()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
