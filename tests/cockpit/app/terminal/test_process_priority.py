"""What the cockpit does to its own place among a machine's programs, and what it leaves behind."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.app.terminal.process_priority import NICE

TOLD = """
import os, sys
from pathlib import Path
from cockpit.app.terminal.process_priority import LowPriority
session = Path(sys.argv[2])
way = LowPriority(Path(sys.argv[1]), session)
way.begin()
print(os.nice(0), session.read_text().strip() if session.exists() else "none")
way.end()
print(session.read_text().strip() if session.exists() else "none")
"""


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Path]:
    """Where something listens, in the session of the tests."""
    path = tmp_path / "desk.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        yield path


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """What Linux says of a session that is nicer than usual already."""
    path = tmp_path / "autogroup"
    path.write_text("/autogroup-7 nice 2\n")
    return path


def told(desk: Path, session: Path, *, of_its_own: bool = True) -> list[str]:
    """What a process that gives way, and ends that, sees of itself and of this session."""
    done = subprocess.run(
        [sys.executable, "-c", TOLD, desk, session],
        capture_output=True,
        text=True,
        check=True,
        start_new_session=of_its_own,
    )
    return done.stdout.splitlines()


def test_a_session_is_given_its_own_niceness_back(desk: Path, session: Path) -> None:
    assert told(desk, session) == [f"{os.nice(0) + NICE} {NICE}", "2"]


def test_a_session_that_the_desk_is_in_is_left_as_it_is(desk: Path, session: Path) -> None:
    alone = told(desk, session, of_its_own=False)
    assert alone == [f"{os.nice(0) + NICE} /autogroup-7 nice 2", "/autogroup-7 nice 2"]


def test_without_a_desk_or_sessions_that_count_nothing_fails(desk: Path, tmp_path: Path, session: Path) -> None:
    assert told(desk, tmp_path / "nothing here") == [f"{os.nice(0) + NICE} none", "none"]
    assert told(tmp_path / "nobody", session)[0] == f"{os.nice(0) + NICE} /autogroup-7 nice 2"
