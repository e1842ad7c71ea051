"""One desk for an account on a machine, whatever its state directory."""

import contextlib
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.config.settings import Settings, load
from cockpit.desk.runtime.account_lock import hold_account, lock_name
from cockpit.desk.runtime.errors import AlreadyRunningError
from cockpit.desk.runtime.state_dir_lock import hold_state_dir
from tests.support.processes.systemd import can_confine, confine
from tests.support.settings import environ, loopback


def settings(state_dir: Path, **changes: str) -> Settings:
    return load(None, environ(COCKPIT_STATE_DIR=str(state_dir), **changes))


def test_a_second_state_directory_of_the_account_is_refused_with_the_holder(tmp_path: Path) -> None:
    first, second = settings(tmp_path / "one"), settings(tmp_path / "two")
    with hold_account(first, str(tmp_path)):
        with pytest.raises(AlreadyRunningError) as refused, hold_account(second, str(tmp_path)):
            pass
        for text in (str(os.getpid()), str(tmp_path / "one"), "maker.near", "since", "--read-only"):
            assert text in str(refused.value)
    with hold_account(second, str(tmp_path)):
        pass


def test_another_account_is_another_desk(tmp_path: Path) -> None:
    with (
        hold_account(settings(tmp_path), str(tmp_path)),
        hold_account(settings(tmp_path, NEAR_INTENTS_ACCOUNT_ID="other.near"), str(tmp_path)),
    ):
        pass


def test_sandboxes_with_venues_of_their_own_do_not_exclude_each_other(tmp_path: Path) -> None:
    here = load(None, loopback(COCKPIT_STATE_DIR=str(tmp_path)))
    there = load(None, loopback(COCKPIT_STATE_DIR=str(tmp_path), NEAR_INTENTS_RELAY_WS_URL="ws://127.0.0.1:9999/ws"))
    live = settings(tmp_path)
    elsewhere = settings(tmp_path, NEAR_INTENTS_RELAY_WS_URL="wss://other.example.com/ws")
    assert len({lock_name(one) for one in (here, there, live)}) == 3
    assert lock_name(live) == lock_name(elsewhere), "money has one account, through whichever relay"


def test_the_lock_of_a_killed_desk_is_free(tmp_path: Path) -> None:
    code = f"""
        import os, signal
        from pathlib import Path
        from cockpit.desk.runtime.account_lock import hold_account
        from tests.cockpit.desk.runtime.test_account_lock import settings
        with hold_account(settings(Path({str(tmp_path / "killed")!r})), {str(tmp_path)!r}):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert killed.returncode == -9
    with hold_account(settings(tmp_path / "next"), str(tmp_path)):
        pass


def tried_by_a_child(second: Settings, namespace: str, change: Callable[[], object]) -> str:
    """Return why a desk that starts in a child process, after the change of it, is refused; empty if it is not."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        text = "the child broke"
        try:
            change()
            with hold_account(second, namespace):
                text = ""
        except AlreadyRunningError as error:
            text = str(error)
        finally:
            os.write(write, text.encode() or b" ")
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    with open(read, "rb") as told:
        return told.read().decode().strip()


def as_another_user_of_the_unit(state_dir: Path) -> None:
    confine(state_dir)()
    os.setuid(65534)


CHANGES: dict[str, Callable[[Path], object]] = {
    "another TMPDIR": lambda empty: os.environ.update(TMPDIR=str(empty)),
    "another working directory": os.chdir,
    "another user": lambda empty: os.setuid(65534),
    "no file system at all": os.chroot,
    "the shipped unit's read-only system": lambda empty: confine(empty)(),
    "the unit's system, and another user": as_another_user_of_the_unit,
}
OF_ROOT = {"another user", "no file system at all"}


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_lets_a_second_desk_start(tmp_path: Path, change: str) -> None:
    if os.getuid() and change in OF_ROOT:
        pytest.skip("only root can become another user or leave the file system")
    if "unit's" in change and not can_confine():
        pytest.skip("no mount namespace can be made here")
    first, second, empty = settings(tmp_path / "one"), settings(tmp_path / "two"), tmp_path / "empty"
    empty.mkdir()
    with hold_account(first, str(tmp_path)):
        told = tried_by_a_child(second, str(tmp_path), lambda: CHANGES[change](empty))
    assert "is already running" in told
    assert f"process {os.getpid()} of user {os.getuid()} since" in told
    assert tried_by_a_child(second, str(tmp_path), lambda: CHANGES[change](empty)) == ""


def test_a_removed_lock_file_lets_no_second_desk_start(tmp_path: Path) -> None:
    one = settings(tmp_path / "state")
    with hold_state_dir(one.state_dir), hold_account(one, str(tmp_path)):
        for left in one.state_dir.iterdir():
            left.unlink()
        with hold_state_dir(one.state_dir), pytest.raises(AlreadyRunningError), hold_account(one, str(tmp_path)):
            pytest.fail("two desks hold one account")


def test_the_name_of_the_lock_is_the_same_for_every_user_and_surrounding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = lock_name(settings(tmp_path))
    monkeypatch.setattr(os, "getuid", lambda: 23456)
    monkeypatch.setattr(os, "geteuid", lambda: 23456)
    for variable in ("HOME", "TMPDIR", "XDG_RUNTIME_DIR", "USER", "LOGNAME"):
        monkeypatch.setenv(variable, str(tmp_path / variable))
    monkeypatch.chdir(tmp_path)
    assert lock_name(settings(tmp_path / "elsewhere")) == name


def test_a_holder_that_does_not_answer_is_named_all_the_same(tmp_path: Path) -> None:
    one = settings(tmp_path)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as stopped:
        stopped.bind(lock_name(one, str(tmp_path)))
        stopped.listen(1)
        with pytest.raises(AlreadyRunningError, match=f"process {os.getpid()} "), hold_account(one, str(tmp_path)):
            pass
