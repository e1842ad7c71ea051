"""One desk an account on a box: a lock that two state directories cannot both hold."""

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
from cockpit.desk.runtime.unix_server import AlreadyRunningError, StateDirError


class LockHolder(msgspec.Struct, frozen=True):
    """Who holds the lock."""

    pid: int
    since: str
    state_dir: str


def lock_name(settings: Settings) -> str:
    """Which desks exclude each other: those of one account in one mode; in a sandbox, on one venue."""
    venue = settings.relay_ws_url if settings.mode == "SANDBOX" else ""
    text = "\n".join((settings.mode, settings.account_id, venue))
    return f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.lock"


def lock_dir() -> Path:
    """The user's own directory of locks, the same for every session, 0700. Raises BadStateDir for a foreign one."""
    base = Path("/run/lock")
    if not os.access(base, os.W_OK | os.X_OK):
        base = Path(tempfile.gettempdir())
    path = base / f"near-cockpit-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as exc:
        raise StateDirError(f"the directory of locks {path} cannot be used: {exc.strerror}") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise StateDirError(f"{path} must be a directory of yours that only you can open; remove it and start again")
    return path


@contextlib.contextmanager
def account_held(settings: Settings, directory: Path | None = None) -> Iterator[None]:
    """Hold the account for a desk's life. Raises AlreadyRunning, which names the holder, and BadStateDir."""
    path = (directory or lock_dir()) / lock_name(settings)
    lock = _taken(path, settings)
    try:
        holder = LockHolder(os.getpid(), f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", str(settings.state_dir))
        os.ftruncate(lock, 0)
        os.pwrite(lock, msgspec.json.encode(holder), 0)
        yield
    finally:
        # Removed while it is still held: who opened it before finds out and opens the new one.
        path.unlink(missing_ok=True)
        os.close(lock)


def _taken(path: Path, settings: Settings) -> int:
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
                "use that one, `cockpit --read-only` to look on, or stop it first"
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
        return "its process is starting"
    return f"process {holder.pid} since {holder.since}, with COCKPIT_STATE_DIR={holder.state_dir}"
