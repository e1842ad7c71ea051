"""Starting, finding and ending the processes a cockpit runs: its desk, and the venue of a sandbox."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cockpit.processes.errors import ProcessStartError

START_WITHIN_S = 20.0
POLL_S = 0.02
LOG_TAIL = 3
MOST_PIDS = 2**31


def spawn(
    arguments: Sequence[str], log_file: Path, environ: Mapping[str, str], *, module: str = "cockpit"
) -> subprocess.Popen[bytes]:
    """Start ``cockpit`` with these arguments in a session of its own, so that it outlives the terminal.

    ``module`` is run in its place; a bench has one that steps the desk's clock. Nothing is imported from the current
    directory: what lies there would run beside the signing key.
    """
    descriptor = os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env=_without_relative_paths(environ),
            start_new_session=True,
        )
    finally:
        os.close(descriptor)


def _without_relative_paths(environ: Mapping[str, str]) -> dict[str, str]:
    # An empty or relative entry of PYTHONPATH is the current directory again.
    kept = dict(environ)
    paths = [path for path in kept.pop("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(path)]
    return kept | ({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})


async def wait_until_ready(
    process: subprocess.Popen[bytes], what: str, log_file: Path, is_ready: Callable[[], bool]
) -> None:
    """Wait until the process is ready. Raises ProcessStartError if it ends first or takes longer than 20 s."""
    deadline = time.monotonic() + START_WITHIN_S
    while not is_ready():
        code = process.poll()
        if code is not None:
            raise ProcessStartError(f"{what} ended with exit code {code}: {_tail(log_file)}")
        if time.monotonic() > deadline:
            raise ProcessStartError(f"{what} was not ready within {START_WITHIN_S:g} s; see its log {log_file}")
        await asyncio.sleep(POLL_S)


def _tail(log_file: Path) -> str:
    lines = log_file.read_text("utf-8", "replace").splitlines()[-LOG_TAIL:]
    return " / ".join(line.strip() for line in lines if line.strip()) or f"its log {log_file} is empty"


def is_listening(socket_path: Path) -> bool:
    """Return whether somebody listens on the Unix socket, also one that accepts no connection any more.

    True also where this user may not connect: what is unknown must not be told as a desk that does not run.
    """
    import socket

    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        # The queue of a process that hangs fills up, and would then hold whoever connects for ever.
        probe.setblocking(False)
        try:
            probe.connect(str(socket_path))
        except (BlockingIOError, PermissionError):
            return True
        except OSError:
            return False
    return True


async def end_process(pid: int, within_s: float = 10.0) -> bool:
    """Send SIGTERM to a process of ours and wait for its exit; False if it still runs after ``within_s`` seconds."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    return await wait_for_exit(pid, within_s)


async def wait_for_exit(pid: int, within_s: float = 10.0) -> bool:
    """Wait for the exit of a process; False if it still runs after ``within_s`` seconds."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if not _exists(pid):
            return True
        await asyncio.sleep(POLL_S)
    return False


def runs_with(pid: int, argument: str) -> bool:
    """Return whether the process runs and was started with this argument: its number may be another's by now."""
    if not 0 < pid < MOST_PIDS or not _exists(pid):
        return False
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return argument.encode() in words


def _exists(pid: int) -> bool:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _ended(pid)


def _ended(pid: int) -> bool:
    # A zombie: ended, but its parent has not waited for it. In a container nobody may ever do so.
    try:
        about = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return False
    return about.rpartition(")")[2].split()[:1] == ["Z"]
