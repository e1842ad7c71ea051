"""The cockpit collects no garbage while it starts, gives way to the desk, and leaves the session as it was."""

import gc
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.app.terminal.process import NICENESS, gc_paused

SCRIPT = """
import os, sys
from pathlib import Path
from cockpit.app.terminal.process import LowPriority
session = Path(sys.argv[2])
priority = LowPriority(Path(sys.argv[1]), session)
priority.lower()
print(os.nice(0), session.read_text().strip() if session.exists() else "none")
priority.restore()
print(session.read_text().strip() if session.exists() else "none")
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Path]:
    """A socket that somebody in the tests' session listens on."""
    path = tmp_path / "desk.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield path


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """The autogroup file of a session that is nicer than usual already."""
    path = tmp_path / "autogroup"
    path.write_text("/autogroup-7 nice 2\n")
    return path


def niceness(desk: Path, session: Path, *, own_session: bool = True) -> list[str]:
    """The niceness of a process and of its session, lowered and then restored."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, desk, session],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=own_session,
    )
    return done.stdout.splitlines()


def test_a_session_is_given_its_own_niceness_back(desk: Path, session: Path) -> None:
    assert niceness(desk, session) == [f"{os.nice(0) + NICENESS} {NICENESS}", "2"]


def test_a_session_that_the_desk_is_in_is_left_unchanged(desk: Path, session: Path) -> None:
    alone = niceness(desk, session, own_session=False)
    assert alone == [f"{os.nice(0) + NICENESS} /autogroup-7 nice 2", "/autogroup-7 nice 2"]


def test_without_a_desk_or_an_autogroup_nothing_fails(desk: Path, tmp_path: Path, session: Path) -> None:
    assert niceness(desk, tmp_path / "nothing here") == [f"{os.nice(0) + NICENESS} none", "none"]
    assert niceness(tmp_path / "nobody", session)[0] == f"{os.nice(0) + NICENESS} /autogroup-7 nice 2"


def test_no_garbage_is_collected_during_the_start_and_collection_goes_on_whatever_happens() -> None:
    with pytest.raises(SystemExit, match="2") as ended, gc_paused():
        sys.exit(2 if not gc.isenabled() else 1)
    assert ended.value.code == 2
    assert gc.isenabled()
