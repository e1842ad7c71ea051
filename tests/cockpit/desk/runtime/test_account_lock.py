"""One desk an account on a box, whatever state directory it was given."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cockpit.config.settings import Settings, load
from cockpit.desk.runtime.account_lock import account_held, lock_name
from cockpit.desk.runtime.unix_server import AlreadyRunningError, StateDirError
from tests.support.settings import environ, loopback


def settings(state_dir: Path, **changes: str) -> Settings:
    return load(None, environ(COCKPIT_STATE_DIR=str(state_dir), **changes))


def test_a_second_state_directory_with_the_same_account_is_refused_and_the_holder_named(tmp_path: Path) -> None:
    first, second = settings(tmp_path / "one"), settings(tmp_path / "two")
    with account_held(first, tmp_path):
        with pytest.raises(AlreadyRunningError) as refused, account_held(second, tmp_path):
            pass
        for said in (str(os.getpid()), str(tmp_path / "one"), "maker.near", "since", "--read-only"):
            assert said in str(refused.value)
    with account_held(second, tmp_path):
        pass
    assert list(tmp_path.glob("*.lock")) == []


def test_another_account_is_another_desk(tmp_path: Path) -> None:
    with (
        account_held(settings(tmp_path), tmp_path),
        account_held(settings(tmp_path, NEAR_INTENTS_ACCOUNT_ID="other.near"), tmp_path),
    ):
        assert len(list(tmp_path.glob("*.lock"))) == 2


def test_rehearsals_on_venues_of_their_own_do_not_exclude_each_other(tmp_path: Path) -> None:
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
        from cockpit.desk.runtime.account_lock import account_held
        from tests.cockpit.desk.runtime.test_account_lock import settings
        with account_held(settings(Path({str(tmp_path / "dead")!r})), Path({str(tmp_path)!r})):
            os.kill(os.getpid(), signal.SIGKILL)
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=False)
    assert killed.returncode == -9
    assert len(list(tmp_path.glob("*.lock"))) == 1
    with account_held(settings(tmp_path / "next"), tmp_path):
        pass


def test_a_lock_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    one = settings(tmp_path)
    (tmp_path / lock_name(one)).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateDirError, match="lock"), account_held(one, tmp_path):
        pass
