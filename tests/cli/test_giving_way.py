"""What the cockpit does to its own place among a machine's programs, and what it leaves behind."""

import os
import subprocess
import sys
from pathlib import Path

from cockpit.giving_way import NICE

TOLD = """
import os, sys
from pathlib import Path
from cockpit.giving_way import GivingWay
session = Path(sys.argv[1])
way = GivingWay(session)
way.begin()
print(os.nice(0), session.read_text() if session.exists() else "none")
way.end()
print(session.read_text() if session.exists() else "none")
"""


def told(session: Path) -> list[str]:
    """What a process that gives way, and ends that, sees of itself and of this session."""
    done = subprocess.run([sys.executable, "-c", TOLD, session], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_session_is_given_its_own_niceness_back(tmp_path: Path) -> None:
    session = tmp_path / "autogroup"
    session.write_text("/autogroup-7 nice 2\n")
    assert told(session) == [f"{os.nice(0) + NICE} {NICE}", "2"]


def test_a_system_without_sessions_of_their_own_is_no_fault(tmp_path: Path) -> None:
    assert told(tmp_path / "nothing here") == [f"{os.nice(0) + NICE} none", "none"]
