"""One desk for an account on a machine, whatever its state directory."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cockpit.config.settings import Settings, load
from cockpit.desk.runtime.account_lock import hold_account, lock_name
from cockpit.desk.runtime.errors import AlreadyRunningError, StateDirError
from tests.support.settings import environ, loopback


def settings(state_dir: Path, **changes: str) -> Settings:
    return load(None, environ(COCKPIT_STATE_DIR=str(state_dir), **changes))


def test_a_second_state_directory_of_the_account_is_refused_with_the_holder(tmp_path: Path) -> None:
    first, second = settings(tmp_path / "one"), settings(tmp_path / "two")
    with hold_account(first, tmp_path):
        with pytest.raises(AlreadyRunningError) as refused, hold_account(second, tmp_path):
            pass
        for text in (str(os.getpid()), str(tmp_path / "one"), "maker.near", "since", "--read-only"):
            assert text in str(refused.value)
    with hold_account(second, tmp_path):
        pass
    assert list(tmp_path.glob("*.lock")) == []


def test_another_account_is_another_desk(tmp_path: Path) -> None:
    with (
        hold_account(settings(tmp_path), tmp_path),
        hold_account(settings(tmp_path, NEAR_INTENTS_ACCOUNT_ID="other.near"), tmp_path),
    ):
        assert len(list(tmp_path.glob("*.lock"))) == 2


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
        with hold_account(settings(Path({str(tmp_path / "killed")!r})), Path({str(tmp_path)!r})):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert killed.returncode == -9
    assert len(list(tmp_path.glob("*.lock"))) == 1
    with hold_account(settings(tmp_path / "next"), tmp_path):
        pass


def test_a_lock_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    one = settings(tmp_path)
    (tmp_path / lock_name(one)).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateDirError, match="lock"), hold_account(one, tmp_path):
        pass
