"""`cockpit venue --scenario`: a real venue's timeline fires at its times, and --check only says what it would do."""

import time
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner, Result

from cockpit.cli.sandbox import sandbox
from cockpit.cli.venue.command import venue
from cockpit.cli.venue.play import play
from cockpit.processes import headless_sandbox
from cockpit.processes.sandbox_run import LIKE_PRODUCTION, VenueFlags
from tests.support.processes.venue_process import QUIET, VenueProcess
from tests.support.waiting import until
from venue.sandbox.recording.reading import read_recording
from venue.sandbox.scenario.reading import ready_names

SHORT = """
name = "short"
seed = 5
duration_s = 60

[venue]
status_after_s = 1.5

[[step]]
at_s = 1
faults = { near_a = "429" }
for_s = 1

[[step]]
at_s = 2.5
faults = { relay_late_ms = 70 }

[[step]]
at_s = 3
end = true
"""


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "short.toml"
    path.write_text(text)
    return str(path)


LASTING = """
name = "lasting"
seed = 5
duration_s = 3

[[step]]
at_s = 1
faults = { relay_late_ms = 70 }
for_s = 1.5

[[step]]
at_s = 1
faults = { near_a = "429" }

[[step]]
at_s = 2
faults = { near_b = "500" }
deposit = { chain = "btc:mainnet", amount = 7_000 }
"""


async def test_a_timeline_fires_at_its_times(tmp_path: Path) -> None:
    options = ("--scenario", write(tmp_path, LASTING), "--set", "start_paused=true")
    started = VenueProcess(tmp_path, *QUIET, *options)
    seen: dict[str, float] = {}
    try:
        async with httpx.AsyncClient(base_url=started.env["SANDBOX_CONTROL_URL"], trust_env=False, timeout=30) as http:

            async def state() -> dict[str, Any]:
                found: dict[str, Any] = (await http.get("/state")).json()
                return found

            first = await state()
            assert first["seed"] == 5
            assert (first["scenario"]["name"], first["scenario"]["done"]) == ("lasting", 0)
            assert first["faults"]["near_a"] == "ok"
            begun = time.monotonic()
            await http.post("/traders", json={"running": True})

            async def over() -> bool:
                found = await state()
                faults, now = found["faults"], time.monotonic()
                holding = {
                    "near_a": faults["near_a"] == "429",
                    "near_b": faults["near_b"] == "500",
                    "mended": "near_a" in seen and faults["relay_late_ms"] == 0,
                    "deposit": bool(found["deposits"]),
                    "over": found["scenario"]["over"],
                }
                for name, holds in holding.items():
                    if holds:
                        seen.setdefault(name, now - begun)
                return bool(found["scenario"]["over"])

            await until(over, 60)
            last = await state()
    finally:
        assert started.process.stop() == 0
    # Never early, but for what timers round; how late a loaded machine is, is not the scenario's matter.
    due = {"near_a": 1.0, "near_b": 2.0, "mended": 2.5, "deposit": 2.0, "over": 3.0}
    assert seen.keys() == due.keys()
    assert {name: at_s for name, at_s in due.items() if seen[name] < at_s - 0.05} == {}
    assert last["scenario"]["done"] == last["scenario"]["events"]
    assert last["scenario"]["problems"] == []


def test_a_scenario_ends_the_venue_and_is_named_in_its_log(tmp_path: Path) -> None:
    log = tmp_path / "frames.jsonl"
    started = VenueProcess(tmp_path, *QUIET, "--scenario", write(tmp_path, SHORT), "--record", str(log))
    try:
        assert started.process.wait(60) == 0
    finally:
        started.process.stop()
    found = read_recording(log)
    assert found.complete
    assert (found.start.scenario, found.start.seed) == ("short", 5)


def told(command: click.Command, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def test_check_says_what_a_scenario_would_do_and_starts_nothing(tmp_path: Path) -> None:
    ran = told(venue, "--scenario", write(tmp_path, SHORT), "--check")
    assert (ran.exit_code, ran.stderr) == (0, "")
    lines = ran.stdout.splitlines()
    assert lines[1] == "seed 5, 60 s, 3 steps"
    assert any("0:01  faults near_a=429 for 1 s" in line for line in lines)
    assert any("0:03  the venue ends" in line for line in lines)
    ready = told(venue, "--scenario", "crash", "--check")
    assert ready.exit_code == 0
    assert "price by -800 bps over 20 s" in ready.stdout


@pytest.mark.parametrize("command", [venue, sandbox])
def test_all_that_is_wrong_with_a_scenario_is_told_a_line_each(tmp_path: Path, command: click.Command) -> None:
    wrong = SHORT.replace("at_s = 1\n", "at_s = -1\n").replace('"429"', '"430"').replace("seed = 5", "sed = 5")
    ran = told(command, "--scenario", write(tmp_path, wrong))
    assert ran.exit_code == 2
    assert len(ran.stderr.splitlines()) == 3, ran.stderr
    assert [word for word in ("line 3: ", "line 10, step 1: ", "line 11, step 1: ") if word not in ran.stderr] == []


def test_the_help_names_every_ready_scenario() -> None:
    shown = " ".join(told(venue, "--help").stdout.split())
    assert [name for name in ready_names() if name not in shown] == []


def test_check_needs_a_scenario() -> None:
    ran = told(venue, "--check")
    assert ran.exit_code == 2
    assert "--scenario" in ran.stderr


def test_a_scenario_plays_in_virtual_time_to_the_same_bytes(tmp_path: Path) -> None:
    scenario = write(tmp_path, SHORT.replace("duration_s = 60", "duration_s = 5"))
    sums = []
    for name, options in (("a", ()), ("b", ()), ("c", ("--seed", "6"))):
        path = tmp_path / f"{name}.jsonl"
        ran = CliRunner().invoke(play, [scenario, "--out", str(path), *options])
        assert ran.exit_code == 0, ran.output
        sums.append(ran.stdout.splitlines()[-1])
        assert read_recording(path).complete
        assert path.stat().st_mode & 0o777 == 0o600
    assert sums[0] == sums[1] != sums[2]
    again = CliRunner().invoke(play, [scenario, "--out", str(tmp_path / "a.jsonl")])
    assert again.exit_code == 1
    assert "exists" in again.output
    assert CliRunner().invoke(play, ["crush", "--out", str(tmp_path / "d.jsonl")]).exit_code == 2
    assert not (tmp_path / "d.jsonl").exists()


@pytest.mark.parametrize("named", [False, True])
def test_a_rehearsal_settles_as_its_scenario_says(
    tmp_path: Path, short_dir: Path, monkeypatch: pytest.MonkeyPatch, named: bool
) -> None:
    """Its settings win over those of every rehearsal, and lose against the command line's."""
    flags: list[VenueFlags] = []

    async def noted(run: object, venue_flags: VenueFlags, *rest: object, **options: object) -> int:
        flags.append(venue_flags)
        return 0

    monkeypatch.setenv("COCKPIT_STATE_DIR", str(short_dir))
    monkeypatch.setattr(headless_sandbox, "run_headless", noted)
    arguments = ["--headless", "--set", "fee_pips=2", *(("--scenario", write(tmp_path, SHORT)) if named else ())]
    ran = CliRunner().invoke(sandbox, arguments)
    assert ran.exit_code == 0, ran.output
    (found,) = flags
    usual = [one for one in LIKE_PRODUCTION if not (named and one.startswith("status_after_s"))]
    assert found.settings == (*usual, "fee_pips=2")
    assert (found.scenario is not None) is named
