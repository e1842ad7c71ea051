"""What a process costs: CPU between two moments, and memory."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, perf_counter

import psutil

MB = 1_000_000
QUIET_PERCENT = 20.0
QUIET_WITHIN_S = 30.0


class Usage:
    """Follows one process, and those that it starts: a desk's history is written by one of them."""

    def __init__(self, pid: int) -> None:
        self._process = psutil.Process(pid)
        self._rollup = Path(f"/proc/{pid}/smaps_rollup")
        self.restart()

    def restart(self) -> None:
        """Count CPU from here on."""
        self._since = perf_counter()
        self._used = self._cpu_s()

    def cpu_percent(self) -> float:
        """Of one core, since ``restart``."""
        return 100 * (self._cpu_s() - self._used) / (perf_counter() - self._since)

    def cpu_s(self) -> float:
        """Seconds since ``restart``, to a hundredth."""
        return self._cpu_s() - self._used

    def rss_mb(self) -> float:
        """Resident memory of the process itself."""
        return float(self._process.memory_info().rss) / MB

    def children_rss_mb(self) -> float:
        """Resident memory of the processes that it started."""
        return sum(self._of_children(lambda one: float(one.memory_info().rss))) / MB

    def pss_mb(self) -> float | None:
        """Resident memory with what is shared divided among its users; None where the kernel has no figure."""
        try:
            lines = self._rollup.read_text("ascii").splitlines()
        except OSError:
            return None
        return next((int(line.split()[1]) * 1024 / MB for line in lines if line.startswith("Pss:")), None)

    def _cpu_s(self) -> float:
        return _cpu_s_of(self._process) + sum(self._of_children(_cpu_s_of))

    def _of_children(self, figure: Callable[[psutil.Process], float]) -> Iterator[float]:
        for one in self._process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                yield figure(one)


def _cpu_s_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def until_quiet(usage: Usage, *, every_s: float = 0.5) -> None:
    """Wait until the process uses less than a fifth of a core, at most 30 s: what it has left to do is done."""
    deadline = monotonic() + QUIET_WITHIN_S
    percent = QUIET_PERCENT
    while percent >= QUIET_PERCENT and monotonic() < deadline:
        usage.restart()
        await asyncio.sleep(every_s)
        percent = usage.cpu_percent()
