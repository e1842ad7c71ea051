"""The benches in their quick mode: every process starts, and what they print has everything in it."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.dialogs import DIALOGS
from venue.protocol.tokens import EURE, NBTC

ROOT = Path(__file__).parents[2]


def quick(bench: str, *options: str) -> Any:
    """What a bench prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-m", bench, "--quick", "--json", *options],
        cwd=ROOT,
        capture_output=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout)


@pytest.mark.slow
def test_quick_bench_measures_every_subject_in_both_tables() -> None:
    report = quick("bench.reaction", "--rates", "50,200")
    measured = {(row["other_pairs"], row["rate"], row["subject"]) for row in report["rows"]}
    subjects = ("echo", "signing echo", "desk")
    assert measured == {(share, rate, name) for share in (0.0, 0.9) for rate in (50.0, 200.0) for name in subjects}
    assert all(row["lost"] == 0 and row["answered"] == row["sent"] > 0 for row in report["rows"])
    assert all(0 < row["p50"] <= row["p99"] <= row["p999"] <= row["max"] for row in report["rows"])
    assert len(report["ratios"]) == 4
    assert report["samples"] > 0
    assert report["live"] > 0
    assert report["settled"] >= report["booked"] > 0
    assert Decimal(report["deposited"]) > 0
    assert report["wrong"] == []


@pytest.mark.slow
def test_terminal_bench_reports_every_figure_of_every_rate() -> None:
    report = quick("bench.terminal", "--rates", "20,200")
    assert (report["columns"], report["rows"]) == (120, 40)
    assert [(shown["rate"], shown["fills"]) for shown in report["shown"]] == [(20.0, True), (200.0, False)]
    for shown in report["shown"]:
        assert shown["disarmed"] == ""
        assert shown["requests"] > 0
        assert len(shown["pictures"]) == 1
        assert [key["kind"] for key in shown["keys"]] == ["another panel", "cursor", *(one.kind for one in DIALOGS)]
        assert all(0 < key["p50"] <= key["p99"] <= key["max"] for key in shown["keys"])
        assert 0 < shown["kb"] <= shown["kb_most"]
        assert shown["cpu"] > 0
        assert all(moment["rss"] > 0 for moment in shown["memory"])
    assert all(beside["kb"] > 0 for beside in report["beside"])


@pytest.mark.slow
def test_scale_bench_measures_twenty_markets_beside_the_signing_echo() -> None:
    report = quick("bench.scale", "--no-cockpit")
    assert report["markets"] == 20
    assert [row["subject"] for row in report["rows"]] == ["signing echo", "desk"]
    for row in report["rows"]:
        assert (row["sent"], row["others"], row["lost"]) == (40, 360, 0)
        assert 0 < row["p50"] <= row["p99"] <= row["p999"] <= row["max"]
        assert row["cpu"] >= row["idle_cpu"] >= 0
        assert row["rss"] > 0
    assert report["live"] > 0
    assert report["samples"] > 0
    assert report["wrong"] == []
    assert report["disarmed"] == ""


@pytest.mark.slow
def test_serving_bench_measures_every_kind_of_request_beside_the_echo() -> None:
    costs = {cost["kind"]: cost["of_echo"] for cost in quick("bench.serving")}
    assert set(costs) == {"echo", "balances", "block", "intent status", "ticker", "auction"}
    # Far below what is measured: this is a test of the bench, on any machine.
    assert all(ratio > 0.1 for kind, ratio in costs.items() if kind != "auction")
    assert costs["auction"] > 0.005


@pytest.mark.slow
def test_soak_settles_quotes_of_both_directions_through_lost_links_and_explains_every_balance() -> None:
    report = quick("bench.soak")
    events = [event for stretch in report["stretches"] for event in stretch["events"]]
    assert sorted(events) == ["deposit", "link lost", "relay restarted"]
    for stretch in report["stretches"]:
        assert stretch["sent"] > 0
        assert stretch["memory"]["live"] > 0
        for latency in (stretch["desk"], stretch["echo"]):
            assert 0 < latency["p50"] <= latency["p99"] <= latency["p999"] <= latency["max"]
        assert all(slow["cause"] for slow in stretch["slow"])
    assert set(report["given"]) >= {EURE.token_id, NBTC.token_id}
    assert report["differences"] == []
    assert report["counts"]["settled"] > 0
    assert report["disarmed"] == ""


@pytest.mark.slow
def test_observed_bench_measures_a_desk_that_is_scraped_and_tells_beside_one_alone() -> None:
    report = quick("bench.observed", "--rates", "50")
    assert sorted(turn["subject"] for turn in report["turns"]) == ["alone", "observed"]
    assert all(turn["answered"] == turn["sent"] > 0 for turn in report["turns"])
    assert report["scrapes"] > 0
    assert report["alerts"] > 0
