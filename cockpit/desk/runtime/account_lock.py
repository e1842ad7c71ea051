"""One desk for an account on a machine: a name in the kernel that two desks cannot both hold.

It is the name of an abstract Unix socket. It lies in no directory: no user, TMPDIR, working directory, read-only file
system or cleaner of files changes it, and the kernel frees it when the process ends. Only another network namespace, as
of a container, has other names.
"""

import contextlib
import errno
import hashlib
import os
import socket
import struct
import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from cockpit.config.settings import Settings
from cockpit.desk.runtime.errors import AlreadyRunningError, StateDirError
from cockpit.model.errors import NOT_READABLE

HOLDER_BYTES = 4096
HOLDER_S = 0.5
"""How long a second desk waits for the first to name itself; the kernel names its process in any case."""


class LockHolder(msgspec.Struct, frozen=True):
    pid: int
    since: str
    state_dir: str


def lock_name(settings: Settings, namespace: str = "") -> str:
    """Return the lock's name: one for each account and mode; in a sandbox, for each venue too."""
    venue = settings.relay_ws_url if settings.mode == "SANDBOX" else ""
    text = "\n".join((settings.mode, settings.account_id, venue, namespace))
    return f"\0near-cockpit/{hashlib.sha256(text.encode()).hexdigest()[:32]}"


@contextlib.contextmanager
def hold_account(settings: Settings, namespace: str = "") -> Iterator[None]:
    """Hold the account's lock. Raises AlreadyRunningError, which names the holder, and StateDirError.

    ``namespace``: locks of different ones do not exclude each other.
    """
    address = lock_name(settings, namespace)
    holder = LockHolder(os.getpid(), f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC", str(settings.state_dir))
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as lock:
        try:
            lock.bind(address)
        except OSError as exc:
            if exc.errno != errno.EADDRINUSE:
                raise StateDirError(f"the account's lock cannot be held: {exc.strerror}; it needs Linux") from None
            raise AlreadyRunningError(
                f"a desk of {settings.mode} {settings.account_id} is already running on this machine: "
                f"{_holder(address)}; use that one, watch it with `cockpit --read-only`, or stop it first"
            ) from None
        lock.listen(16)
        naming = threading.Thread(target=_name_holder, args=(lock, holder), name="account lock", daemon=True)
        naming.start()
        try:
            yield
        finally:
            # The name is free once no thread waits on the socket any more.
            with contextlib.suppress(OSError):
                lock.shutdown(socket.SHUT_RDWR)
            naming.join()


def _name_holder(lock: socket.socket, holder: LockHolder) -> None:
    content = msgspec.json.encode(holder)
    while True:
        try:
            asking, _ = lock.accept()
        except OSError:
            return
        with contextlib.closing(asking), contextlib.suppress(OSError):
            asking.setblocking(False)
            asking.send(content)


def _holder(address: str) -> str:
    process = "a process"
    try:
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as asking:
            asking.settimeout(HOLDER_S)
            asking.connect(address)
            credentials = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
            pid, uid, _ = struct.unpack("3i", credentials)
            process = f"process {pid} of user {uid}"
            holder = msgspec.json.decode(asking.recv(HOLDER_BYTES), type=LockHolder)
    except (OSError, *NOT_READABLE):
        return process
    if not holder.state_dir.isprintable() or not holder.since.isprintable():
        return process
    return f"{process} since {holder.since}, with COCKPIT_STATE_DIR={holder.state_dir}"
