"""The reaction bench in its quick mode: every process starts, every request is answered, every sample is valid."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_quick_bench_measures_every_subject_in_both_tables() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.reaction", "--quick", "--json", "--rates", "50,200"],
        cwd=ROOT,
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    report = msgspec.json.decode(done.stdout)
    measured = {(row["other_pairs"], row["rate"], row["subject"]) for row in report["rows"]}
    subjects = ("echo", "signing echo", "desk")
    assert measured == {(share, rate, name) for share in (0.0, 0.9) for rate in (50.0, 200.0) for name in subjects}
    assert all(row["lost"] == 0 and row["answered"] == row["sent"] > 0 for row in report["rows"])
    assert all(0 < row["p50"] <= row["p99"] <= row["max"] for row in report["rows"])
    assert len(report["ratios"]) == 4
    assert report["samples"] > 0
    assert report["wrong"] == []
