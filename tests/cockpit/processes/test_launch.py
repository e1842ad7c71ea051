"""Waiting for the exit of a process that is another's child."""

import os
import signal
import subprocess
import sys

from cockpit.processes.launch import end_process, wait_for_exit

PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
sys.stdin.read()
"""


async def test_the_exit_of_a_process_is_seen_although_its_parent_never_waits() -> None:
    with subprocess.Popen(  # noqa: ASYNC220 - it is the parent of the process under test
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert not await wait_for_exit(pid, 0.1)
        assert await end_process(pid, 10)
        assert parent.stdin is not None
        parent.stdin.close()


async def test_the_exit_of_our_own_child_is_seen() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])  # noqa: ASYNC220
    os.kill(child.pid, signal.SIGKILL)
    assert await wait_for_exit(child.pid, 10)
    child.returncode = -signal.SIGKILL
