"""One desk for an account on a machine: a lock that two state directories cannot both hold."""

import contextlib
import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from cockpit.config.settings import Settings
from cockpit.desk.runtime.errors import AlreadyRunningError, StateDirError


class LockHolder(msgspec.Struct, frozen=True):
    pid: int
    since: str
    state_dir: str


def lock_name(settings: Settings) -> str:
    """Return the lock's file name: one for each account and mode; in a sandbox, for each venue too."""
    venue = settings.relay_ws_url if settings.mode == "SANDBOX" else ""
    text = "\n".join((settings.mode, settings.account_id, venue))
    return f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.lock"


def lock_dir() -> Path:
    """Return the user's own directory of locks, mode 0700. Raises StateDirError for a foreign one."""
    base = Path("/run/lock")
    if not os.access(base, os.W_OK | os.X_OK):
        base = Path(tempfile.gettempdir())
    path = base / f"near-cockpit-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as exc:
        raise StateDirError(f"the lock directory {path} cannot be used: {exc.strerror}") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StateDirError(f"{path} must be your own directory with mode 0700; remove it and start again")
    return path


@contextlib.contextmanager
def hold_account(settings: Settings, directory: Path | None = None) -> Iterator[None]:
    """Hold the account's lock. Raises AlreadyRunningError, which names the holder, and StateDirError."""
    path = (directory or lock_dir()) / lock_name(settings)
    lock = _acquire(path, settings)
    try:
        holder = LockHolder(os.getpid(), f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", str(settings.state_dir))
        os.ftruncate(lock, 0)
        os.pwrite(lock, msgspec.json.encode(holder), 0)
        yield
    finally:
        # Removed while it is held: a process that opened it before notices and opens the new one.
        path.unlink(missing_ok=True)
        os.close(lock)


def _acquire(path: Path, settings: Settings) -> int:
    while True:
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as exc:
            raise StateDirError(f"the account's lock {path} cannot be used: {exc.strerror}") from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held_by = _holder(lock)
            os.close(lock)
            raise AlreadyRunningError(
                f"a desk of {settings.mode} {settings.account_id} is already running on this machine: {held_by}; "
                "use that one, watch it with `cockpit --read-only`, or stop it first"
            ) from None
        if _is_at(lock, path):
            return lock
        os.close(lock)


def _is_at(lock: int, path: Path) -> bool:
    try:
        there = path.stat()
    except FileNotFoundError:
        return False
    here = os.fstat(lock)
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def _holder(lock: int) -> str:
    try:
        holder = msgspec.json.decode(os.pread(lock, 4096, 0), type=LockHolder)
    except msgspec.MsgspecError:
        return "it is just starting"
    return f"process {holder.pid} since {holder.since}, with COCKPIT_STATE_DIR={holder.state_dir}"
