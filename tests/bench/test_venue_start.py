"""The bench of a venue's start measures both commands, and a venue does not cost many times a bare command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MOST_CPU_RATIO = 6.0
"""Of `cockpit --version`, whatever the machine; 2.7 was measured."""


@pytest.mark.slow
def test_a_venue_is_ready_at_a_small_multiple_of_a_bare_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.venue_start", "--times", "3", "--json"],
        cwd=ROOT,
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    row = json.loads(done.stdout)
    assert all(row[name][kind] > 0 for name in ("venue", "version") for kind in ("wall_s", "cpu_s"))
    assert 1 < row["cpu_ratio"] < MOST_CPU_RATIO
