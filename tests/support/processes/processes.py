"""Real processes of the program, each with its own log, ended when the test is over."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from cockpit.config.settings import NAMES
from tests.support.waiting import PATIENCE_S


def bare_environment(**given: str) -> dict[str, str]:
    """This environment without any setting of the program, and with what is given."""
    return {name: value for name, value in os.environ.items() if name not in NAMES} | given


class Process:
    """``cockpit`` with these arguments, in a session of its own; its output goes to ``log``.

    ``enter``: what the new process does before the program runs.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        environ: Mapping[str, str],
        enter: Callable[[], None] | None = None,
    ) -> None:
        self.log = log
        with log.open("ab") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cockpit", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env=dict(environ),
                cwd=log.parent,
                start_new_session=True,
                preexec_fn=enter,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def output(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def send(self, number: signal.Signals) -> None:
        """Send a signal; a process that has ended is left alone."""
        if self.running:
            self._process.send_signal(number)

    def wait(self, within_s: float = PATIENCE_S) -> int:
        """Return the exit code; AssertionError when it does not end."""
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"process {self.pid} has not ended: {self.output()[-2000:]}") from None

    def stop(self) -> int:
        """Ask it to end and return its exit code."""
        self.send(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        self.send(signal.SIGKILL)
        self._process.wait()


def await_file(path: Path, process: Process, within_s: float = PATIENCE_S) -> None:
    """Wait until the process has written the file."""
    deadline = time.monotonic() + within_s
    while not path.exists():
        assert process.running, f"it ended: {process.output()[-2000:]}"
        assert time.monotonic() < deadline, f"{path} was not written: {process.output()[-2000:]}"
        time.sleep(0.02)
