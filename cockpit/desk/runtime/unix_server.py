"""Serves an application on a Unix socket that only its owner can open."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from cockpit.desk.runtime.errors import StateDirError
from cockpit.desk.runtime.stream_protocol import (
    MAX_MESSAGE_BYTES,
    PING_EVERY_S,
    PONG_WITHIN_S,
    StreamProtocol,
)

MAX_SOCKET_PATH = 107
"""Bytes: the kernel's limit for the path of a Unix socket."""


def bind(path: Path) -> socket.socket:
    """Listen on a Unix socket, mode 0600 from the start; replace a stale one. The caller holds the directory's lock."""
    if len(os.fsencode(path)) > MAX_SOCKET_PATH:
        raise StateDirError(
            f"the socket's path {path} is longer than {MAX_SOCKET_PATH} bytes; set COCKPIT_STATE_DIR to a shorter one"
        )
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(64)
    listener.setblocking(False)
    return listener


class QuietServer(uvicorn.Server):
    """uvicorn without signal handling of its own: the desk handles signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(app: Starlette) -> QuietServer:
    """Make a server for the app that writes no log of its own."""
    return QuietServer(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws=StreamProtocol,
            ws_per_message_deflate=False,
            ws_max_size=MAX_MESSAGE_BYTES,
            ws_ping_interval=PING_EVERY_S,
            ws_ping_timeout=PONG_WITHIN_S,
            timeout_graceful_shutdown=1,
        )
    )
