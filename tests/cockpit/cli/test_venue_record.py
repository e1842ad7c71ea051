"""`cockpit venue --record`: a whole log after the end, no file replaced, none left by a venue that did not open."""

from pathlib import Path

import httpx

from tests.support.processes.command import run
from tests.support.processes.venue_process import QUIET, VenueProcess
from venue.sandbox.recording.reading import read_recording


def test_a_venue_records_until_it_ends_and_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    venue = VenueProcess(tmp_path, *QUIET, "--seed", "9", "--record", str(path))
    try:
        assert httpx.get(venue.env["SANDBOX_CONTROL_URL"] + "/state", trust_env=False, timeout=30).is_success
    finally:
        assert venue.process.stop() == 0
    found = read_recording(path)
    assert (found.complete, found.dropped, found.start.seed) == (True, 0, 9)
    assert [(frame.kind, frame.endpoint) for frame in found.frames] == [("request", "control"), ("answer", "control")]
    before = path.read_bytes()
    again = run("venue", *QUIET, "--record", str(path), cwd=tmp_path)
    assert again.returncode == 1
    assert "replaces no file" in again.stderr
    assert len(again.stderr.splitlines()) == 1
    assert path.read_bytes() == before


def test_a_venue_that_does_not_open_leaves_no_log(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    ran = run("venue", *QUIET, "--fault", "boat=1", "--record", str(path), cwd=tmp_path)
    assert ran.returncode == 1
    assert not path.exists()
