"""What a process costs: CPU between two moments, and memory."""

from pathlib import Path
from time import perf_counter

import psutil

MB = 1_000_000


class Usage:
    """Follows one process."""

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
        """Resident memory."""
        return float(self._process.memory_info().rss) / MB

    def pss_mb(self) -> float | None:
        """Resident memory with what is shared divided among its users; None where the kernel has no figure."""
        try:
            lines = self._rollup.read_text("ascii").splitlines()
        except OSError:
            return None
        return next((int(line.split()[1]) * 1024 / MB for line in lines if line.startswith("Pss:")), None)

    def _cpu_s(self) -> float:
        times = self._process.cpu_times()
        return float(times.user + times.system)
