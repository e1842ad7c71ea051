"""`cockpit venue`: its lines are settings that any solver can use, and it ends on a signal."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from websockets.asyncio.client import connect

from cockpit.cli.venue.env_file import write_env
from cockpit.config.settings import load
from tests.support.processes.command import run
from tests.support.processes.processes import Process, await_file, bare_environment
from tests.support.venue.http_server import Reply, http_server
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE, NBTC
from venue.sandbox.base.fault_values import OneTimeFaults
from venue.sandbox.base.faults import Faults
from venue.sandbox.config import VenueConfig

LAST = re.compile(r"^SANDBOX_CONTROL_URL=.*\n", re.MULTILINE)
QUIET = ("venue", "--rate", "0")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_lines_it_prints_are_settings_of_a_maker(tmp_path: Path, number: signal.Signals) -> None:
    process = Process(QUIET, tmp_path / "log", bare_environment())
    path = tmp_path / "venue.env"
    path.touch(mode=0o600)
    try:
        await until(lambda: LAST.search(process.output()), 20, "the last line is printed")
        path.write_text(process.output())
        settings = load(path, {"HOME": "/nowhere"})
        assert settings.mode == "SANDBOX"
        assert len(settings.near_rpc_urls) == 2

        # Another solver: no code of ours but the settings.
        headers = {"Authorization": f"Bearer {settings.api_key.reveal()}"}
        async with connect(settings.relay_ws_url, additional_headers=headers, compression=None) as socket:
            await socket.send('{"jsonrpc":"2.0","id":1,"method":"subscribe","params":["quote"]}')
            assert '"result"' in str(await socket.recv())
        async with httpx.AsyncClient(trust_env=False) as http:
            body = {"jsonrpc": "2.0", "id": "1", "method": "status", "params": []}
            for url in settings.near_rpc_urls:
                assert (await http.post(url, json=body)).json()["result"]["chain_id"] == "sandbox"
    finally:
        process.send(number)
        assert process.wait() == 0
    assert process.output() == path.read_text()


def test_further_accounts_are_printed_beside_the_makers(tmp_path: Path) -> None:
    path = tmp_path / "venue.env"
    options = [*QUIET, "--account", "solver.near", "--account", "taker.near", "--write-env", str(path)]
    process = Process(options, tmp_path / "log", bare_environment())
    try:
        await_file(path, process)
        assert load(path, {"HOME": "/nowhere"}).account_id == "maker.sandbox.near"
    finally:
        assert process.stop() == 0
    lines = r"^# NEAR_INTENTS_ACCOUNT_ID=(.+)\n# NEAR_INTENTS_SIGNER_PRIVATE_KEY=(ed25519:\w+)$"
    found = re.findall(lines, path.read_text(), re.MULTILINE)
    assert [account for account, _ in found] == ["solver.near", "taker.near"]
    assert len({key for _, key in found}) == 2


async def test_faults_hold_from_the_start_and_are_switched_while_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "venue.env"
    options = [*QUIET, "--fault", "near_a=429", "--fault", "relay_stall", "--write-env", str(path)]
    process = Process(options, tmp_path / "log", bare_environment())
    try:
        await_file(path, process)
        env = dict(line.split("=", 1) for line in path.read_text().splitlines() if not line.startswith("#"))
        control = ("--control", env["SANDBOX_CONTROL_URL"])

        def fault(*arguments: str) -> str:
            done = run("venue", "fault", *control, *arguments, cwd=tmp_path, environ={})
            return done.stdout if done.returncode == 0 else done.stderr

        assert json.loads(fault()) == {"near_a": "429", "relay_stall": True}
        async with httpx.AsyncClient(trust_env=False) as http:
            assert (await http.post(env["NEAR_RPC_URL"].split(",")[0], json={})).status_code == 429
        changed = json.loads(fault("--mend", 'exchange_late_ms={"kraken": 500}', "fee_factor=2.5"))
        assert changed == {"exchange_late_ms": {"kraken": 500}, "fee_factor": "2.5"}
        refused = fault("relay_stal")
        assert "nothing changed" in refused
        assert "relay_stal" in refused
        assert fault("--mend") == "no fault holds\n"
        assert "is no JSON" in fault("exchange_late_ms={")
    finally:
        assert process.stop() == 0
    assert "does not answer" in run("venue", "fault", *control, cwd=tmp_path, environ={}).stderr


@pytest.mark.parametrize("body", [b"[]", b"<html>", b"7", b""])
async def test_what_is_no_sandbox_is_told_in_one_line(tmp_path: Path, body: bytes) -> None:
    async with http_server(lambda _: Reply(body=body)) as server:
        arguments = ("venue", "fault", "--control", server.url, "relay_stall")
        done = await asyncio.to_thread(partial(run, *arguments, cwd=tmp_path, environ={}))
    assert done.returncode == 1
    assert f"the sandbox at {server.url} does not answer" in done.stderr
    assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize("fault", ["no_such_fault", "near_a=what"])
def test_a_fault_that_there_is_not_starts_no_venue(tmp_path: Path, fault: str) -> None:
    done = run(*QUIET, "--fault", fault, cwd=tmp_path, environ={})
    assert done.returncode == 1
    assert "cannot run the venue" in done.stderr


@pytest.mark.parametrize("command", ["venue", "sandbox"])
def test_a_setting_that_there_is_not_starts_nothing_and_names_those_that_there_are(
    tmp_path: Path, command: str
) -> None:
    done = run(command, "--set", "dri=1", "--set", "settle_s=5", cwd=tmp_path, environ={})
    assert done.returncode != 0
    assert "there is no venue setting 'dri'; there are dry, " in done.stderr
    assert "settle_s: expected two of 0 to 604,800 s, got '5'" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_settings_and_the_faults_are_listed() -> None:
    from cockpit.cli.main import main

    def listed(*arguments: str) -> str:
        return CliRunner().invoke(main, arguments).output

    everything = listed("venue", "settings")
    assert listed("venue", "--set", "help") == listed("sandbox", "--set", "help") == everything
    assert re.findall(r"^(\w+)=", everything, re.MULTILINE) == list(VenueConfig.__struct_fields__)
    assert listed("venue", "settings", "dry") == (
        "dry=0.2\n    0 to 1\n    Share of price checks in all requests, which nobody takes.\n"
    )
    assert "there is no venue setting 'drx'; there are dry, " in listed("venue", "settings", "drx")
    faults = [*Faults.__struct_fields__, *OneTimeFaults.__struct_fields__]
    assert re.findall(r"^(\w+)=", listed("venue", "fault", "--list"), re.MULTILINE) == faults


HEAVY = ("textual", "rich", "plotext", "pydantic", "httpx", "aiosqlite", "asyncpg", "segno")
"""What the cockpit and the desk load. A venue that loaded them would be ready later."""


def test_a_venue_loads_nothing_that_it_does_not_need() -> None:
    script = f"import sys, cockpit.cli.venue.command; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_it_writes_its_lines_to_a_private_file(tmp_path: Path) -> None:
    path = tmp_path / "venue.env"
    process = Process([*QUIET, "--write-env", str(path)], tmp_path / "log", bare_environment())
    try:
        await_file(path, process)
        assert path.stat().st_mode & 0o777 == 0o600
        assert load(path, {"HOME": "/nowhere"}).is_loopback
    finally:
        assert process.stop() == 0
    assert process.output() == ""


def test_a_port_in_use_is_reported_in_one_line(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run(*QUIET, "--port", str(min(taken.getsockname()[1], 65_526)), cwd=tmp_path)
    assert ran.returncode == 1
    assert "in use" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_an_invalid_recording_is_reported_in_one_line(tmp_path: Path) -> None:
    bad = tmp_path / "prices.csv"
    bad.write_text("this is no recording\n")
    for path in (bad, tmp_path / "missing.csv"):
        ran = run(*QUIET, "--prices", str(path), cwd=tmp_path)
        assert ran.returncode == 1
        assert "Traceback" not in ran.stderr
        assert len(ran.stderr.splitlines()) == 1, ran.stderr
        assert os.path.basename(path) in ran.stderr


async def test_the_makers_balances_and_the_kinds_of_btc_are_options(tmp_path: Path) -> None:
    path = tmp_path / "venue.env"
    options = ["--funded", "nBTC", "--credited", "nBTC", "--balance", "BTC=0.25", "--balance", "eure=1"]
    process = Process([*QUIET, *options, "--write-env", str(path)], tmp_path / "log", bare_environment())
    try:
        await_file(path, process)
        env = dict(line.split("=", 1) for line in path.read_text("utf-8").splitlines())
        async with httpx.AsyncClient(base_url=env["SANDBOX_CONTROL_URL"], trust_env=False) as http:
            state = (await http.get("/state")).json()
            credits = (await http.get("/chains")).json()[BTC.chain]["credits"]
    finally:
        assert process.stop() == 0
    held = {NBTC.token_id: "50000000", BTC.token_id: "25000000", EURE.token_id: str(10**18)}
    assert state["balances"][state["account"]] == held
    assert credits == NBTC.token_id


@pytest.mark.parametrize(
    "option",
    [
        *(("--balance", balance) for balance in ("DOGE=1", "BTC", "BTC=x", "BTC=-1", "BTC=1e999999999", "BTC=NaN")),
        ("--funded", "x"),
    ],
)
def test_an_unusable_balance_or_token_is_reported_in_one_line(tmp_path: Path, option: tuple[str, str]) -> None:
    ran = run(*QUIET, *option, cwd=tmp_path)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert len(ran.stderr.splitlines()) == 1, ran.stderr


MARKETS = """
[[tokens]]
symbol = "EURx"
near_token = "eurx.near"
underlying = "EUR"
decimals = 6
chain = "eth:100"
bridge = "poa"

[[markets]]
base = "nBTC"
quote = "EURx"
"""


async def test_a_venue_plays_the_markets_of_a_file(tmp_path: Path) -> None:
    file, path = tmp_path / "markets.toml", tmp_path / "venue.env"
    file.write_text(MARKETS)
    file.chmod(0o600)
    options = ["--markets", str(file), "--balance", "EURx=2", "--rate", "100", "--other-pairs", "0"]
    process = Process(["venue", *options, "--write-env", str(path)], tmp_path / "log", bare_environment())
    try:
        await_file(path, process)
        env = dict(line.split("=", 1) for line in path.read_text("utf-8").splitlines())
        async with httpx.AsyncClient(base_url=env["SANDBOX_CONTROL_URL"], trust_env=False) as http:
            state = (await http.get("/state")).json()
            gnosis = (await http.get("/chains")).json()["eth:100"]
            assert state["balances"][state["account"]]["nep141:eurx.near"] == "2000000"
            assert {"nep141:eurx.near", EURE.token_id} == gnosis["tokens"].keys()
            body = {"token_id": "nep141:eurx.near", "amount": 5_000_000, "confirm_after_s": 0}
            assert (await http.post("/deposit", json=body)).status_code == 200
            coins = (await http.get("/chains")).json()["eth:100"]["coins"]
            assert list(coins["eth:100:eurx.near"].values()) == ["5000000"]
    finally:
        assert process.stop() == 0


@pytest.mark.parametrize("text", ["tokens = 1", MARKETS.replace("eurx.near", "?"), "[stage]\ncontract = 'x.near'\n"])
def test_a_file_of_markets_that_does_not_fit_is_reported_in_one_line(tmp_path: Path, text: str) -> None:
    file = tmp_path / "markets.toml"
    file.write_text(text)
    file.chmod(0o600)
    ran = run(*QUIET, "--markets", str(file), cwd=tmp_path)
    assert ran.returncode == 1
    assert "Traceback" not in ran.stderr
    assert str(file) in ran.stderr
    assert len(ran.stderr.splitlines()) == 1, ran.stderr


LIVE = "NEAR_INTENTS_SIGNER_PRIVATE_KEY=ed25519:the-only-copy\n"


@pytest.mark.parametrize("change", ["other", "changed", "symlink", "directory"])
def test_a_file_that_is_not_an_unchanged_one_of_a_venue_is_never_replaced(tmp_path: Path, change: str) -> None:
    path, target = tmp_path / ".env", tmp_path / "target"
    write_env(path, "SANDBOX_CONTROL_URL=http://127.0.0.1:1\n")
    write_env(path, "SANDBOX_CONTROL_URL=http://127.0.0.1:2\n")
    assert "127.0.0.1:2" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    if change == "other":
        path.write_text(LIVE)
    elif change == "changed":
        path.write_text(LIVE + path.read_text())
    elif change == "symlink":
        path.rename(target)
        path.symlink_to(target)
    else:
        path.unlink()
        path.mkdir()
    before = sorted(tmp_path.iterdir()), path.is_symlink() or path.is_dir() or path.read_text()
    done = run("venue", "--write-env", str(path), cwd=tmp_path, environ={})
    assert done.returncode != 0
    assert change == "directory" or "is not an unchanged file of a venue" in done.stderr
    with pytest.raises(FileExistsError):
        write_env(path, LIVE)
    assert before == (sorted(tmp_path.iterdir()), path.is_symlink() or path.is_dir() or path.read_text())


def test_a_file_of_somebody_else_beside_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "my.part").write_text("mine")
    write_env(tmp_path / "my.env", "SANDBOX_CONTROL_URL=http://127.0.0.1:1\n")
    assert (tmp_path / "my.part").read_text() == "mine"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["my.env", "my.part"]
