"""A real rehearsal, and what report, trace and replay tell of it afterwards."""

import json
import subprocess
import sys
from pathlib import Path

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


def test_a_rehearsal_is_reported_traced_and_replayed_to_the_letter(short_dir: Path) -> None:
    options = ("--headless", "--arm", "--for", "8", "--json", "--rate", "12", "--other-pairs", "0.5", "--seed", "3")
    ran = cockpit(short_dir, "sandbox", *options)
    assert ran.returncode == 0, ran.stderr
    lived = json.loads(ran.stdout)

    told = cockpit(short_dir, "report", "--sandbox", "--run", "last", "--json", "--fills")
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)
    assert (report["demands"], report["decisions"]) == (lived["requests"], lived["decisions"])
    assert report["sent"] == lived["quotes"]["sent"]
    assert report["outcomes"]["settled"] == len(report["fills"]) == lived["quotes"]["settled"] > 0
    assert [asset["unexplained"] for asset in report["inventory"]] == ["0", "0"]
    assert report["others_settled"] > 0

    settled = report["fills"][0]
    life = json.loads(cockpit(short_dir, "trace", "--sandbox", "--json", settled["tx_hash"][:12]).stdout)
    assert life["quote_id"] == settled["quote_id"]
    assert {row["table"] for row in life["rows"]} >= {"swap_demand_events", "trade_decisions", "execute_trade_commands"}

    again = cockpit(short_dir, "replay", "--sandbox", "--json")
    assert again.returncode == 0, again.stdout
    replayed = json.loads(again.stdout)
    assert replayed["same"] == replayed["decisions"] == lived["decisions"]
    assert replayed["recorded"] == replayed["replayed"]
    assert replayed["replayed"]["quoted"] == lived["quotes"]["sent"]
