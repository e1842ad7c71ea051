"""Starting processes, and waiting for the exit of one that is another's child."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cockpit.client.desk_client import MAY_NOT_CONNECT, connection_reason
from cockpit.processes.launch import end_process, is_listening, spawn, wait_for_exit
from tests.support.processes.processes import bare_environment

NOBODY = 65_534
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


@pytest.mark.parametrize("path", ["", ".", ":", "..:"])
@pytest.mark.parametrize("name", ["uvloop.py", "queue.py", "venue.py", "cockpit.py"])
def test_nothing_is_imported_from_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, path: str
) -> None:
    (tmp_path / name).write_text("open('imported', 'w').close()")
    monkeypatch.chdir(tmp_path)
    process = spawn(["desk", "--help"], tmp_path / "log", bare_environment(PYTHONPATH=path))
    assert process.wait(30) == 0, (tmp_path / "log").read_text()
    assert not (tmp_path / "imported").exists()


@contextmanager
def without_rights(directory: Path) -> Iterator[None]:
    """As somebody who may not enter the directory; root may enter all."""
    directory.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        directory.chmod(0o700)


def test_a_desk_that_this_user_may_not_ask_is_none_that_does_not_run(short_dir: Path) -> None:
    place = short_dir / "desk.sock"
    assert not is_listening(place)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(place))
        listening.listen()
        with without_rights(short_dir), socket.socket(socket.AF_UNIX) as asking:
            assert is_listening(place)
            with pytest.raises(PermissionError) as refused:
                asking.connect(str(place))
            assert connection_reason(place, refused.value) == f"{MAY_NOT_CONNECT} ({place})"
