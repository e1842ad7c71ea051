"""The desk's end of a websocket: a peer that is silent, that reads nothing, or that floods is cut off at once.

uvicorn closes such a connection in order, and then waits for ever for the peer to read what was sent before.
"""

import asyncio

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

PING_EVERY_S = 5.0
PONG_WITHIN_S = 8.0
"""A peer that answers no ping for so long is not there."""
READ_WITHIN_S = 12.0
"""So long a full send buffer waits for a peer to read."""
CLOSE_WITHIN_S = 2.0
MAX_MESSAGE_BYTES = 4_096
MAX_BYTES = 16_384
"""Of a peer's frames in ``WINDOW_S``; a cockpit sends some hundred."""
WINDOW_S = 10.0


class StreamProtocol(WebSocketsSansIOProtocol):
    """Aborts a connection that would otherwise stay."""

    _unread: asyncio.TimerHandle | None = None
    _since_s = float("-inf")
    _received = 0

    def data_received(self, data: bytes) -> None:
        now = self.loop.time()
        if now - self._since_s >= WINDOW_S:
            self._since_s, self._received = now, 0
        self._received += len(data)
        if self._received > MAX_BYTES:
            # Before a byte of it is parsed: what parses it also quotes.
            self.transport.abort()
            return
        super().data_received(data)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._unread is None:
            self._unread = self.loop.call_later(READ_WITHIN_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._forget_unread()

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self.loop.call_later(CLOSE_WITHIN_S, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_unread()
        super().connection_lost(exc)

    def _forget_unread(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
