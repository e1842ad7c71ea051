"""A real sandbox run, and its report, trace and replay afterwards."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.processes.processes import bare_environment


def cockpit(state_dir: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cockpit", *words],
        env=bare_environment(COCKPIT_STATE_DIR=str(state_dir)),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


@pytest.mark.slow
def test_a_sandbox_run_is_reported_traced_and_replayed_identically(short_dir: Path) -> None:
    options = ("--headless", "--arm", "--for", "8", "--json", "--rate", "12", "--other-pairs", "0.2", "--seed", "3")
    ran = cockpit(short_dir, "sandbox", *options, "--legacy-share", "0.4")
    assert ran.returncode == 0, ran.stderr
    summary = json.loads(ran.stdout)

    printed = cockpit(short_dir, "report", "--sandbox", "--run", "last", "--json", "--fills")
    assert printed.returncode == 0, printed.stderr
    report = json.loads(printed.stdout)
    assert (report["demands"], report["decisions"]) == (summary["requests"], summary["decisions"])
    assert report["sent"] == summary["quotes"]["sent"]
    assert report["outcomes"]["settled"] == len(report["fills"]) == summary["quotes"]["settled"] > 0
    held = [asset["symbol"] for asset in summary["balances"] if (asset["opening"], asset["closing"]) != ("0", "0")]
    assert [(asset["asset"], asset["unexplained"]) for asset in report["inventory"]] == [(one, "0") for one in held]
    assert report["others_settled"] > 0

    settled = report["fills"][0]
    trace = json.loads(cockpit(short_dir, "trace", "--sandbox", "--json", settled["tx_hash"][:12]).stdout)
    assert trace["quote_id"] == settled["quote_id"]
    assert {row["table"] for row in trace["rows"]} >= {
        "swap_demand_events",
        "trade_decisions",
        "execute_trade_commands",
    }

    again = cockpit(short_dir, "replay", "--sandbox", "--json")
    assert again.returncode == 0, again.stdout
    replayed = json.loads(again.stdout)
    assert replayed["same"] == replayed["decisions"] == summary["decisions"]
    assert replayed["recorded"] == replayed["replayed"]
    assert replayed["replayed"]["quoted"] == summary["quotes"]["sent"]
