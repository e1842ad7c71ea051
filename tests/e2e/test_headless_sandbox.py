"""`cockpit sandbox --headless --arm --json`: the whole system from one command, and its figures add up."""

import json
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.processes.processes import Process, bare_environment
from tests.support.waiting import until
from venue.protocol.tokens import DEFAULT_TOKENS


def sandbox(state_dir: Path, *options: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """Run a headless sandbox to its end with these settings in the environment."""
    return subprocess.run(
        [sys.executable, "-m", "cockpit", "sandbox", "--headless", "--set", "pace=quick", *options],
        env=bare_environment(COCKPIT_STATE_DIR=str(state_dir)) | environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def left_behind(state_dir: Path) -> list[str]:
    """Processes of the sandbox run that are still there."""
    lines = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(state_dir) in line]


def check_counts(report: Mapping[str, Any]) -> None:
    quotes, rows = report["quotes"], report["rows"]
    assert report["requests"] + report["dry"] == report["decisions"]
    assert report["decisions"] == rows["swap_demand_events"] == rows["trade_decisions"]
    assert sum(report["reasons"].values()) == report["decisions"]
    assert quotes["sent"] == rows["execute_trade_commands"] == report["reasons"]["quote"]
    assert quotes["sent"] == quotes["accepted"] + quotes["refused"] + quotes["unknown"]
    assert quotes["sent"] == quotes["refused"] + quotes["settled"] + quotes["expired"] + quotes["alive"]
    assert sum(report["fills"].values()) == quotes["settled"]
    assert report["malformed"] == 0


def check_balances(report: Mapping[str, Any]) -> None:
    assert [asset["symbol"] for asset in report["balances"]] == [token.symbol for token in DEFAULT_TOKENS.tokens]
    for asset in report["balances"]:
        numbers = {name: int(asset[name]) for name in ("opening", "filled", "deposited", "closing")}
        assert numbers["opening"] + numbers["filled"] + numbers["deposited"] == numbers["closing"]
        assert asset["unexplained"] == "0"


def test_a_sandbox_run_explains_every_base_unit(short_dir: Path) -> None:
    ran = sandbox(short_dir, "--arm", "--for", "8", "--json", "--rate", "12", "--other-pairs", "0.5", "--seed", "3")
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    report = json.loads(ran.stdout)
    assert report["explained"] is True
    assert report["requests"] > 0
    assert report["other_pairs"] is None, "the relay filters them, and how many there are is not claimed"
    assert report["quotes"]["settled"] > 0
    assert all(report["asked"][market.name] > 0 for market in DEFAULT_TOKENS.markets)
    assert report["dry"] == report["reasons"]["dry"] > 0
    assert 0 < report["router_legs"] < report["requests"]
    assert report["mix"] == "today"
    assert {one["kind"] for one in report["takers"]} == {"prompt", "probe"}
    assert sum(one["fills"] for one in report["takers"]) == report["quotes"]["settled"]
    assert all(float(one["pnl"]) for one in report["takers"] if one["fills"])
    check_counts(report)
    check_balances(report)
    reaction = report["reaction"]
    assert 0 < reaction["p50_us"] <= reaction["p99_us"] <= reaction["max_us"]

    with closing(sqlite3.connect(short_dir / "sandbox" / "latest" / "history.sqlite")) as db:
        settled = db.execute(
            "SELECT c.asset_in, c.amount_in, c.asset_out, c.amount_out FROM trade_execution_results r"
            " JOIN execute_trade_commands c USING (command_id) WHERE r.outcome = 'settled'"
        ).fetchall()
    for token in DEFAULT_TOKENS.tokens:
        own = token.token_id
        moved = sum(int(got) * (a == own) - int(gave) * (b == own) for a, got, b, gave in settled)
        assert next(int(asset["filled"]) for asset in report["balances"] if asset["symbol"] == token.symbol) == moved
    assert left_behind(short_dir) == []


def test_an_unarmed_sandbox_run_signs_nothing_and_never_sees_a_real_key(short_dir: Path) -> None:
    real = {"NEAR_INTENTS_RELAY_WS_URL": "wss://relay.example.com/ws", "NEAR_INTENTS_API_KEY": "canary5ecret"}
    ran = sandbox(short_dir, "--for", "1", "--rate", "20", "--other-pairs", "0", **real)
    assert ran.returncode == 0, ran.stderr
    assert "sent 0" in ran.stdout
    assert "fills: 0 buys, 0 sells" in ran.stdout
    assert "nBTC: 0.5 to 0.5, 0 base units unexplained" in ran.stdout
    assert "\nBTC: " not in ran.stdout
    files = [path for path in short_dir.rglob("*") if path.is_file()]
    assert [path for path in files if b"canary5ecret" in path.read_bytes()] == []
    assert left_behind(short_dir) == []


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGTERM, 143), (signal.SIGHUP, 129), pytest.param(signal.SIGINT, 1, marks=pytest.mark.slow)],
)
async def test_a_sandbox_run_that_is_stopped_early_ends_venue_and_desk(
    short_dir: Path, number: signal.Signals, code: int
) -> None:
    environ = bare_environment(COCKPIT_STATE_DIR=str(short_dir))

    # Tests that run in the background of a shell may have been told to ignore SIGINT, and so would their children.
    def heed() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    run = Process(["sandbox", "--headless", "--arm", "--for", "60"], short_dir / "log", environ, enter=heed)
    history = short_dir / "sandbox" / "latest" / "history.sqlite"

    def armed() -> bool:
        if not history.exists():
            return False
        with closing(sqlite3.connect(f"{history.resolve().as_uri()}?mode=ro", uri=True)) as db:
            try:
                query = "SELECT COUNT(*) FROM operator_actions WHERE command = 'arm trade-executor' AND accepted"
                return bool(db.execute(query).fetchone()[0])
            except sqlite3.OperationalError:
                return False

    await until(armed, 30, "the run is armed")
    run.send(number)
    assert run.wait() == code
    assert left_behind(short_dir) == []
    with closing(sqlite3.connect(history)) as db:
        assert db.execute("SELECT ended_ns IS NOT NULL FROM runs").fetchall() == [(1,)]


def asked(state_dir: Path) -> list[tuple[Any, ...]]:
    """The requests that the newest sandbox run received, in order."""
    with closing(sqlite3.connect(state_dir / "sandbox" / "latest" / "history.sqlite")) as db:
        return db.execute(
            "SELECT quote_id, asset_in, amount_in, amount_out, min_deadline_ms FROM swap_demand_events ORDER BY at_ns"
        ).fetchall()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_requests_from_the_first_on(short_dir: Path) -> None:
    received = []
    for name in ("a", "b"):
        ran = sandbox(short_dir / name, "--for", "1", "--rate", "40", "--other-pairs", "0", "--seed", "11")
        assert ran.returncode == 0, ran.stderr
        received.append(asked(short_dir / name))
    both = min(len(requests) for requests in received)
    assert both > 0
    assert received[0][:both] == received[1][:both]


@pytest.mark.slow
def test_a_long_sandbox_run_with_a_deposit_explains_every_base_unit(short_dir: Path) -> None:
    ran = sandbox(short_dir, "--arm", "--for", "60", "--json", "--rate", "60", "--other-pairs", "0.5")
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    check_counts(report)
    check_balances(report)
    deposited = {asset["symbol"]: asset["deposited"] for asset in report["balances"]}
    assert deposited == {"BTC": "0", "nBTC": "1000000", "EURe": "0"}


@pytest.mark.slow
def test_a_run_against_a_mix_reports_each_kind(short_dir: Path) -> None:
    flow = ("--rate", "30", "--other-pairs", "0", "--set", "router_legs=0", "--seed", "3")
    mix = ("--takers", "prompt=0.5,patient=0.3,probe=0.2", "--rivals", "static", "--market", "normal", "--dry", "1")
    ran = sandbox(short_dir, "--arm", "--for", "15", "--json", *flow, *mix)
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    kinds = {one["kind"]: one for one in report["takers"]}
    assert set(kinds) == {"prompt", "patient", "probe"}
    assert report["mix"] == "prompt=0.5,patient=0.3,probe=0.2"
    assert kinds["prompt"]["fills"] > 0
    assert (kinds["probe"]["asked"], kinds["probe"]["fills"]) == (report["dry"], 0)
    assert sum(one["fills"] for one in kinds.values()) == report["quotes"]["settled"]
    prompt = kinds["prompt"]
    assert float(prompt["spread"]) > 0
    assert float(prompt["given_away"]) == pytest.approx(float(prompt["spread"]) - float(prompt["at_booking"]))
