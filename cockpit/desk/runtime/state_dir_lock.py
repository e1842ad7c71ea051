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
LOCK_BYTES = 64
MOST_DIGITS = 9
MOST_TICK_DIGITS = 19
_STARTED = 19
"""The place of the start among the fields of ``/proc/PID/stat`` after the name: the 22nd of all."""


def holder_of(state_dir: Path) -> int | None:
    """Return the process that last held the directory's lock, as it wrote it down; None when that is not known."""
    return recorded_holder(state_dir)[0]


def recorded_holder(state_dir: Path) -> tuple[int | None, int | None]:
    """Return the same process, and when it started, in clock ticks since the boot; None for what is not known."""
    try:
        lines = (state_dir / LOCK_NAME).read_bytes()[:LOCK_BYTES].decode("ascii").split("\n")
    except (OSError, UnicodeDecodeError):
        return None, None
    pid, ticks, *_ = (*lines, "", "")
    return _number(pid, MOST_DIGITS), _number(ticks, MOST_TICK_DIGITS)


def start_ticks(pid: int) -> int | None:
    """Return when the process started, in clock ticks since the boot; None when it has ended or cannot be read."""
    try:
        about = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return None
    fields = about.rpartition(")")[2].split()
    return _number(fields[_STARTED], MOST_TICK_DIGITS) if len(fields) > _STARTED else None


def _number(text: str, most_digits: int) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most_digits else None


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
            holder = os.pread(lock, LOCK_BYTES, 0).decode("ascii", "replace").partition("\n")[0].strip() or "unknown"
            raise AlreadyRunningError(
                f"a desk is already running for {state_dir} (process {holder}); attach to it with `cockpit`"
            ) from None
        os.ftruncate(lock, 0)
        # With its start: the number of a process that has ended becomes another's.
        os.pwrite(lock, f"{os.getpid()}\n{start_ticks(os.getpid()) or ''}\n".encode(), 0)
        yield
    finally:
        os.close(lock)
