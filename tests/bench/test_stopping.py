"""The stopping bench once: every method stops the desk, and no quote follows an answer."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bench.stopping_methods import METHODS

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_every_method_stops_the_desk() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.stopping", "--quick", "--json"],
        cwd=ROOT,
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    stops = {row["what"]: row["stops"] for row in msgspec.json.decode(done.stdout)}
    assert set(stops) == {method.what for method in METHODS}
    assert all(len(each) == 1 and each[0]["after"] == 0 and each[0]["live"] > 0 for each in stops.values())
    for command in ("disarm", "limit met", "hard stop"):
        assert stops[command][0]["arrival_ms"] <= stops[command][0]["last_ms"] < stops[command][0]["answer_ms"]
    assert stops["clock stepped by a minute"][0]["last_ms"] < 3_000
    assert stops["detach"][0]["last_ms"] > 900
