"""`cockpit venue replay`: a log served by a process of its own, and what is said of one that is not whole."""

import io
import json
from pathlib import Path

import httpx

from tests.support.processes.command import run
from tests.support.processes.processes import Process, await_file, bare_environment
from venue.sandbox.config import VenueConfig
from venue.sandbox.recording.frames import Dropped, encode
from venue.sandbox.virtual.playing import play


def log_of(path: Path) -> Path:
    out = io.BytesIO()
    play(VenueConfig(rate=0), None, out, seconds=3)
    path.write_bytes(out.getvalue().rpartition(b'{"kind":"end"')[0] + encode(Dropped(frames=7)))
    return path


def test_a_log_is_served_until_the_process_is_ended(tmp_path: Path) -> None:
    env_file, log = tmp_path / "replay.env", log_of(tmp_path / "frames.jsonl")
    process = Process(["venue", "replay", str(log), "--write-env", str(env_file)], tmp_path / "log", bare_environment())
    try:
        await_file(env_file, process)
        env = dict(line.split("=", 1) for line in env_file.read_text("utf-8").splitlines() if line[0] != "#")
        call = {"jsonrpc": "2.0", "id": "mine", "method": "block", "params": {"finality": "final"}}
        nodes = env["NEAR_RPC_URL"].split(",")
        answers = [httpx.post(node, json=call, timeout=30, trust_env=False).json() for node in nodes]
        state = httpx.get(env["SANDBOX_CONTROL_URL"], timeout=30, trust_env=False).json()
    finally:
        assert process.stop() == 0
    assert any("result" in answer and answer["id"] == "mine" for answer in answers)
    assert json.dumps(state["counts"]).count('"answered": 1') >= 1
    said = process.output()
    assert "cut off" in said
    assert "7 frames" in said


def test_a_file_that_is_no_log_is_refused_in_a_line(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    path.write_text("no log\n")
    ran = run("venue", "replay", str(path), cwd=tmp_path)
    assert ran.returncode == 1
    assert len(ran.stderr.splitlines()) == 1
    assert "line 1" in ran.stderr
