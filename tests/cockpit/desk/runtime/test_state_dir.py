"""The lock and the socket of a state directory, and what an operator reads when they cannot be used."""

import os
import stat
from pathlib import Path

import pytest

from cockpit.desk.runtime.errors import AlreadyRunningError, StateDirError
from cockpit.desk.runtime.state_dir_lock import hold_state_dir, recorded_holder, start_ticks
from cockpit.desk.runtime.unix_server import bind


def test_a_path_too_long_for_a_socket_names_the_setting_to_change(tmp_path: Path) -> None:
    with pytest.raises(StateDirError, match="COCKPIT_STATE_DIR"):
        bind(tmp_path / ("x" * 100) / "desk.sock")


def test_the_mask_of_the_process_is_as_before(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        bind(tmp_path / "desk.sock").close()
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(before)


def test_a_second_desk_is_refused_with_the_holder_of_the_directory(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with hold_state_dir(state):
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        with pytest.raises(AlreadyRunningError, match=str(os.getpid())), hold_state_dir(state):
            pytest.fail("two desks hold one directory")
    with hold_state_dir(state):
        assert recorded_holder(state) == (os.getpid(), start_ticks(os.getpid()))


def test_a_lock_file_left_by_a_killed_desk_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "desk.lock").write_text("4194304000\n")
    with hold_state_dir(tmp_path):
        assert recorded_holder(tmp_path) == (os.getpid(), start_ticks(os.getpid()))


def test_an_unusable_state_directory_names_the_setting_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateDirError, match="COCKPIT_STATE_DIR"), hold_state_dir(tmp_path / "file" / "state"):
        pytest.fail("a file is no directory")


@pytest.mark.parametrize("mode", [0o700, 0o777, 0o1777, 0o770])
def test_no_file_is_truncated_through_a_link_in_a_directory_of_others(tmp_path: Path, mode: int) -> None:
    state, victim = tmp_path / "state", tmp_path / "victim"
    state.mkdir()
    state.chmod(mode)
    victim.write_text("precious")
    (state / "desk.lock").symlink_to(victim)
    with pytest.raises(StateDirError), hold_state_dir(state):
        pytest.fail("it was opened")
    assert victim.read_text() == "precious"
    (state / "desk.lock").unlink()
    if mode != 0o700:
        with pytest.raises(StateDirError, match="chmod 700"), hold_state_dir(state):
            pytest.fail("others may write in it")
