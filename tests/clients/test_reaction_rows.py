"""Public makers in the reaction bench: real answers that the Verifier would accept, beside desk and echoes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.public_makers.py_near import NAME as PY_NEAR
from bench.public_makers.reference_solver import NAME as REFERENCE_SOLVER
from tests.clients.installation import require_node

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CHECKOUT = "REFERENCE_SOLVER_DIR"
OURS = {"echo", "signing echo", "desk"}


def measured(*options: str) -> Any:
    """Return the report of a quick bench."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.reaction", "--quick", "--json", "--rates", "50", *options],
        cwd=ROOT,
        capture_output=True,
        timeout=230,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def check(report: Any, name: str) -> None:
    """Check that the maker's requests were answered, and that sampled answers verify and settle."""
    rows = [row for row in report["rows"] if row["subject"] == name]
    assert rows
    for row in rows:
        assert row["sent"] >= row["answered"] > row["sent"] / 2
        assert 0 < row["p50"] <= row["p99"] <= row["max"]
        assert row["rss"] > 20
    (maker,) = [maker for maker in report["public_makers"] if maker["name"] == name]
    assert maker["version"]
    assert maker["samples"] > 0
    assert maker["wrong"] == []
    assert maker["settled"] > 0
    assert len(report["beside"][name]) == len(rows)


def test_the_reference_solver_is_measured_beside_the_desk() -> None:
    require_node()
    checkout = os.environ.get(CHECKOUT)
    if checkout is None:
        pytest.skip(f"needs {CHECKOUT}, a checkout of the reference solver with its packages")
    report = measured("--reference-solver", checkout)
    assert report["missing"] == []
    assert {row["subject"] for row in report["rows"]} == {*OURS, REFERENCE_SOLVER}
    assert {row["other_pairs"] for row in report["rows"]} == {0.0, 0.9}
    check(report, REFERENCE_SOLVER)


def test_py_near_is_measured_where_the_reference_solver_is_missing(python_clients: Path, tmp_path: Path) -> None:
    report = measured(
        "--other-pairs", "0", "--py-near", str(python_clients), "--reference-solver", str(tmp_path / "nowhere")
    )
    assert {row["subject"] for row in report["rows"]} == {*OURS, PY_NEAR}
    check(report, PY_NEAR)
    (missing,) = report["missing"]
    assert missing.startswith(f"No row for the {REFERENCE_SOLVER}: ")
