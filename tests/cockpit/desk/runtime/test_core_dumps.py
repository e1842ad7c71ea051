import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes.command import GOOD, env_file
from tests.support.processes.processes import Process, bare_environment
from tests.support.waiting import until

CRASH = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
if "private" in sys.argv:
    from cockpit.desk.runtime.core_dumps import keep_memory_private
    keep_memory_private()
os.abort()
"""


def test_a_crash_leaves_no_core(tmp_path: Path) -> None:
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        pytest.skip("core dumps are forbidden here")
    pid = subprocess.run([sys.executable, "-c", CRASH, "private"], cwd=tmp_path, check=False)
    assert pid.returncode == -signal.SIGABRT
    assert list(tmp_path.iterdir()) == []


async def test_a_desk_has_its_core_dumps_off(tmp_path: Path) -> None:
    settings = env_file(tmp_path, {**GOOD, "COCKPIT_STATE_DIR": str(tmp_path)})
    desk = Process(["desk", "--env-file", str(settings)], tmp_path / "log", bare_environment())
    try:
        await until((tmp_path / "desk.sock").exists, 20, "the desk listens")
        assert resource.prlimit(desk.pid, resource.RLIMIT_CORE) == (0, 0)
        # The files of a process that is not dumpable belong to root, which shows nothing where the test is root.
        assert os.getuid() == 0 or os.stat(f"/proc/{desk.pid}/mem").st_uid == 0
    finally:
        desk.stop()
