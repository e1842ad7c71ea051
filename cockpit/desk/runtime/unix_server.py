"""Serves the control API on a Unix socket that only its owner can open, and holds the account's lock."""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

MAX_SOCKET_PATH = 107
"""Bytes: the kernel's limit for the path of a Unix socket."""


class AlreadyRunningError(Exception):
    """Another desk holds this state directory; the text names it and says what to do."""


class StateDirError(Exception):
    """The state directory cannot be used; the text says why and what to do."""


@contextlib.contextmanager
def held(state_dir: Path) -> Iterator[None]:
    """Hold the directory's lock for a desk's life: a second desk is refused, and a dead one's lock is free."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(state_dir / "desk.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as exc:
        raise StateDirError(
            f"the state directory {state_dir} cannot be used: {exc.strerror}; set COCKPIT_STATE_DIR to another"
        ) from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise AlreadyRunningError(
                f"a desk is already running for {state_dir} (process {holder}); attach to it with `cockpit`"
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(lock)


def bind(path: Path) -> socket.socket:
    """A listening Unix socket, mode 0600 from its first moment; a stale one is replaced (the lock is held)."""
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
    """uvicorn without its own signal handling: the desk decides what a signal means."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def server(app: Starlette) -> QuietServer:
    """A server for the app that writes no log of its own."""
    return QuietServer(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=1,
        )
    )
