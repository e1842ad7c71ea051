"""The bench of a desk's start names every stage and restores every live quote, in both engines."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STAGES = ["Python", "imports", "settings", "history opened", "parts built"]
QUOTES = 200


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_start_is_measured_by_stages_and_restores_what_is_live(engine: str) -> None:
    command = [sys.executable, "-m", "bench.start", "--quick", "--quotes", str(QUOTES), "--engine", engine, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=180, check=False)
    assert done.returncode == 0, done.stderr.decode()
    libraries, empty, full = json.loads(done.stdout)
    assert [row["subject"] for row in (libraries, empty, full)] == ["libraries alone", "empty history", "full history"]
    assert (empty["restored"], full["restored"]) == (0, QUOTES)
    for row in (empty, full):
        stages = [one["stage"] for one in row["stages"]]
        assert stages[:5] == STAGES
        assert {"quotes restored", "workers started", "reconciled"} <= {*stages}
        assert [one["cpu_s"] for one in row["stages"]] == sorted(one["cpu_s"] for one in row["stages"])
