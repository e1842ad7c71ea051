"""The quick bench as a process: its goals hold, and each of the desk's features that is switched off makes one fail."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.profit.__main__ import main
from bench.profit.makers import without

ROOT = Path(__file__).parents[3]


def bench(*options: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.profit", *options], cwd=ROOT, capture_output=True, timeout=1_500, check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_the_goals_hold_and_fail_without_each_feature(tmp_path: Path) -> None:
    picture = tmp_path / "profit.svg"
    options = ("--market", "normal,crash,storm")
    code, found, said = bench("--quick", "--ablate", "--json", "-", "--picture", str(picture), *options)
    result: dict[str, Any] = msgspec.json.decode(found)
    failed = {name: [goal["name"] for goal in goals if not goal["holds"]] for name, goals in result["goals"].items()}
    assert (code, failed["desk"]) == (0, []), said
    for feature in ("vol", "skew", "premium"):
        assert failed[without(feature)], feature
    assert len(result["cells"]) == 6
    assert picture.read_text("utf-8").startswith("<svg")


@pytest.mark.parametrize(
    "options",
    [("--makers", "nobody"), ("--market", "moon"), ("--takers", "friends"), ("--seeds", "0"), ("--hours", "1")],
)
def test_what_cannot_be_played_is_said(
    options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench.profit", *options])
    assert main() == 2
    found, said = capsys.readouterr()
    assert found == ""
    assert len(said.splitlines()) == 1


@pytest.mark.slow
def test_a_recording_that_is_none_is_said(tmp_path: Path) -> None:
    none = tmp_path / "bars.csv"
    none.write_text("nothing\n")
    code, _, said = bench("--recording", str(none), "--market", "crash", "--seeds", "1", "--makers", "amm")
    assert code == 2
    assert "the first line must name the columns" in said
