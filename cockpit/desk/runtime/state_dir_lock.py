"""One desk for a state directory: a lock that the kernel frees when its process ends."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from cockpit.desk.runtime.errors import AlreadyRunningError, StateDirError


@contextlib.contextmanager
def hold_state_dir(state_dir: Path) -> Iterator[None]:
    """Hold the directory's lock. Raises AlreadyRunningError and StateDirError."""
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
