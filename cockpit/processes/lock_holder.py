"""The process that holds a state directory, proven before it is sent a signal: a number may be another's by now."""

import asyncio
import contextlib
import os
import signal
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cockpit.config.paths import SOCKET_NAME
from cockpit.desk.runtime.state_dir_lock import LOCK_NAME, recorded_holder, start_ticks
from cockpit.processes.errors import UnprovenHolderError

LOCKS = Path("/proc/locks")
_CREDENTIALS = struct.Struct("3i")


class HeldProcess(msgspec.Struct, frozen=True, kw_only=True):
    """A process by its number, and by a descriptor that stays this process for ever."""

    pid: int
    descriptor: int

    def send(self, number: signal.Signals) -> None:
        """Send a signal; nothing when the process has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.descriptor, number)

    async def ended(self, within_s: float) -> bool:
        """Wait until the process has ended; False if it still runs after so long."""
        loop, gone = asyncio.get_running_loop(), asyncio.Event()
        loop.add_reader(self.descriptor, gone.set)
        try:
            async with asyncio.timeout(within_s):
                await gone.wait()
        except TimeoutError:
            return False
        finally:
            loop.remove_reader(self.descriptor)
        return True


@contextlib.contextmanager
def proven_holder(state_dir: Path) -> Iterator[HeldProcess | None]:
    """Yield the process that holds the directory's lock; None when none does.

    Raises UnprovenHolderError when it is not certain to be this user's desk: the kernel must name it as the holder of
    the lock, it must have started when the lock says, and the desk's socket, where one listens, must be its own.
    """
    pid, ticks = recorded_holder(state_dir)
    holders = _holders(state_dir)
    if not holders:
        yield None
        return
    if pid is None or holders != {pid}:
        raise UnprovenHolderError(f"the lock names process {pid}, the kernel {_listed(holders)}")
    try:
        descriptor = os.pidfd_open(pid)
    except OSError as exc:
        raise UnprovenHolderError(f"process {pid} cannot be looked at: {exc.strerror}") from None
    try:
        # All of it is asked once the descriptor stands: what is true now is true of the process behind it.
        _prove(state_dir, pid, ticks)
        yield HeldProcess(pid=pid, descriptor=descriptor)
    finally:
        os.close(descriptor)


def _prove(state_dir: Path, pid: int, ticks: int | None) -> None:
    started = start_ticks(pid)
    if ticks is None or started != ticks:
        raise UnprovenHolderError(f"process {pid} did not start when the lock says that the desk did")
    if _owner(pid) != os.geteuid():
        raise UnprovenHolderError(f"process {pid} belongs to another user")
    listening = _listener(state_dir / SOCKET_NAME)
    if listening is not None and listening != pid:
        raise UnprovenHolderError(f"process {listening} listens on the desk's socket, {pid} holds its lock")
    if _holders(state_dir) != {pid}:
        raise UnprovenHolderError(f"process {pid} does not hold the desk's lock any more")


def _holders(state_dir: Path) -> set[int]:
    """Return the processes that hold the lock by the kernel's word, each by its number here."""
    try:
        inode = (state_dir / LOCK_NAME).stat(follow_symlinks=False).st_ino
    except FileNotFoundError:
        return set()
    except OSError as exc:
        raise UnprovenHolderError(f"the desk's lock cannot be read: {exc.strerror}") from None
    try:
        lines = LOCKS.read_text("ascii", "replace").splitlines()
    except OSError as exc:
        raise UnprovenHolderError(f"{LOCKS} cannot be read: {exc.strerror}") from None
    # "1: FLOCK  ADVISORY  WRITE 4711 00:1b:245542 0 EOF"; one that waits has "->" after its number.
    fields = (line.split() for line in lines)
    found = (one for one in fields if len(one) >= 6 and one[1] == "FLOCK" and one[3] == "WRITE")
    return {int(one[4]) for one in found if one[4].isdigit() and one[5].rpartition(":")[2] == str(inode)}


def _owner(pid: int) -> int | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8", "replace").splitlines()
    except OSError:
        return None
    # Not the owner of the directory: that is root's for a process that keeps its memory private.
    uids = next((line.split()[1:] for line in lines if line.startswith("Uid:")), [])
    return int(uids[0]) if uids and uids[0].isdigit() else None


def _listener(path: Path) -> int | None:
    """Return the process that listens on the socket, also when it is stopped; None when that is not known."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
            found = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        except OSError:
            return None
    pid, _, _ = _CREDENTIALS.unpack(found)
    return pid or None


def _listed(pids: set[int]) -> str:
    return ", ".join(map(str, sorted(pids)))
