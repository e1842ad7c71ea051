"""The stopping bench once: every method stops the desk, and no quote follows an answer."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_method_stops_the_desk() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.stopping", "--times", "1", "--rate", "100", "--json"],
        cwd=ROOT,
        capture_output=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    rows = {row["what"]: row for row in msgspec.json.decode(done.stdout)}
    assert {"disarm", "hard stop", "SIGTERM", "SIGKILL", "detach", "history locked"} <= set(rows)
    assert all(row["after"] == 0 and len(row["last_frame_ms"]) == 1 for row in rows.values())
    assert rows["clock stepped by a minute"]["last_frame_ms"][0] < 3_000
    assert rows["detach"]["last_frame_ms"][0] > 900
