"""One desk for a state directory: a lock that the kernel frees when its process ends."""

import contextlib
import fcntl
import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from cockpit.desk.runtime.errors import AlreadyRunningError, StateDirError

LOCK_NAME = "desk.lock"
MOST_DIGITS = 9


def holder_of(state_dir: Path) -> int | None:
    """Return the process that last held the directory's lock, as it wrote it down; None when that is not known."""
    try:
        text = (state_dir / LOCK_NAME).read_bytes()[:32].decode("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return int(text) if text.isdigit() and len(text) <= MOST_DIGITS else None


def _refuse_foreign(state_dir: Path) -> None:
    found = state_dir.stat()
    if found.st_uid not in (os.geteuid(), 0):
        raise StateDirError(
            f"the state directory {state_dir} belongs to another user; set COCKPIT_STATE_DIR to another"
        )
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        quoted = shlex.quote(str(state_dir))
        raise StateDirError(f"others may write in the state directory {state_dir}; run chmod 700 {quoted}")


@contextlib.contextmanager
def hold_state_dir(state_dir: Path) -> Iterator[None]:
    """Hold the directory's lock. Raises AlreadyRunningError and StateDirError."""
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_foreign(state_dir)
        # In a directory of others, or through a link, the lock would truncate a file of somebody's choice.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        lock = os.open(state_dir / LOCK_NAME, flags, 0o600)
    except OSError as exc:
        raise StateDirError(
            f"the state directory {state_dir} cannot be used: {exc.strerror}; set COCKPIT_STATE_DIR to another"
        ) from None
    try:
        if not stat.S_ISREG(os.fstat(lock).st_mode):
            raise StateDirError(f"{state_dir / LOCK_NAME} is no regular file; remove it and start again")
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
