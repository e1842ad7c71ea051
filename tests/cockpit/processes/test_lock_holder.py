"""The process that holds a desk's lock is proven before it is sent a signal; no other process ever is."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.desk.runtime.state_dir_lock import LOCK_NAME, hold_state_dir, recorded_holder, start_ticks
from cockpit.desk.runtime.unix_server import bind
from cockpit.processes.errors import UnprovenHolderError
from cockpit.processes.launch import is_listening
from cockpit.processes.lock_holder import proven_holder
from tests.support.processes.hung_desk import HungProcess


@pytest.fixture
def bystander() -> Iterator[int]:
    """Another process of this user, whose number a lock may name."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield process.pid
    assert process.poll() is None
    process.kill()
    process.wait()


def test_who_holds_the_lock_is_proven_and_ended_for_certain(short_dir: Path) -> None:
    desk = HungProcess(short_dir, "obeys")
    try:
        desk.stop()
        assert is_listening(short_dir / "desk.sock")
        with proven_holder(short_dir) as found:
            assert found is not None
            assert found.pid == desk.pid
            found.send(signal.SIGKILL)
            assert desk.code == -signal.SIGKILL
            # Its number may be anybody's now: the descriptor is nobody else's.
            found.send(signal.SIGKILL)
        with proven_holder(short_dir) as found:
            assert found is None
    finally:
        desk.close()


def test_a_lock_that_nobody_holds_names_nobody(tmp_path: Path, bystander: int) -> None:
    with proven_holder(tmp_path) as found:
        assert found is None
    (tmp_path / LOCK_NAME).write_text(f"{bystander}\n{start_ticks(bystander)}\n")
    with proven_holder(tmp_path) as found:
        assert found is None


_NAMES = st.sampled_from(["holder", "bystander", "nobody", "garbage"])


@given(pid=_NAMES, ticks=_NAMES)
@settings(max_examples=16, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_the_lock_says_only_its_holder_is_ever_found(
    tmp_path: Path, bystander: int, pid: str, ticks: str
) -> None:
    pids = {"holder": os.getpid(), "bystander": bystander, "nobody": 2**22 + 7, "garbage": "9" * 30}
    starts = {"holder": start_ticks(os.getpid()), "bystander": start_ticks(bystander), "nobody": 1, "garbage": "x"}
    with hold_state_dir(tmp_path):
        (tmp_path / LOCK_NAME).write_text(f"{pids[pid]}\n{starts[ticks]}\n")
        if (pid, starts[ticks]) == ("holder", starts["holder"]):
            with proven_holder(tmp_path) as found:
                assert found is not None
                assert found.pid == os.getpid()
        else:
            with pytest.raises(UnprovenHolderError), proven_holder(tmp_path):
                pytest.fail("it was found")


def test_a_socket_of_another_process_proves_nothing(short_dir: Path) -> None:
    desk = HungProcess(short_dir, "obeys")
    try:
        # The directory now has a socket that this process listens on.
        refused = pytest.raises(UnprovenHolderError, match=str(os.getpid()))
        with bind(short_dir / "desk.sock"), refused, proven_holder(short_dir):
            pytest.fail("it was found")
    finally:
        desk.close()


def test_the_start_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    with hold_state_dir(tmp_path):
        assert recorded_holder(tmp_path) == (os.getpid(), start_ticks(os.getpid()))
    assert start_ticks(2**22 + 7) is None
