"""A process that holds a state directory as a desk does, and hangs: in a spinning loop, or until it is woken."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Literal

from tests.support.waiting import until_blocking

How = Literal["spins", "obeys"]

_PROGRAM = """
import signal, sys, time
from pathlib import Path
from cockpit.desk.runtime.state_dir_lock import hold_state_dir
from cockpit.desk.runtime.unix_server import bind

state_dir, how = Path(sys.argv[1]), sys.argv[2]
if how == "spins":
    signal.signal(signal.SIGTERM, lambda *_: None)
with hold_state_dir(state_dir):
    listener = bind(state_dir / "desk.sock")
    (state_dir / "ready").touch()
    while True:
        time.sleep(0.05)
"""


class HungProcess:
    """``spins`` ignores SIGTERM as a busy loop does; ``obeys`` ends by it."""

    def __init__(self, state_dir: Path, how: How) -> None:
        self._process = subprocess.Popen([sys.executable, "-c", _PROGRAM, str(state_dir), how])
        until_blocking((state_dir / "ready").exists)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def code(self) -> int:
        return self._process.wait(30)

    def stop(self) -> None:
        os.kill(self.pid, signal.SIGSTOP)

    def close(self) -> None:
        if self.running:
            self._process.kill()
        self._process.wait(30)
