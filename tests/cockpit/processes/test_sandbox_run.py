"""Which processes belong to a rehearsal: a number in its file may be another process's by now."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from cockpit.config.settings import load
from cockpit.desk.runtime.state_dir_lock import LOCK_NAME, holder_of
from cockpit.processes.launch import runs_with
from cockpit.processes.sandbox_run import DESK_ENV, PIDS, VENUE_ENV, ProcessIds, SandboxRun
from tests.support.settings import loopback

NAME = "20260101-000000-1"


@contextmanager
def sleeping(*arguments: str) -> Iterator[int]:
    """A process with these words in its command line."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", *arguments]) as process:
        try:
            # Until it runs its own program it has the command line of these tests.
            deadline = time.monotonic() + 30
            while not runs_with(process.pid, "import time; time.sleep(600)"):
                assert time.monotonic() < deadline, "the process has not started"
                time.sleep(0.01)
            yield process.pid
        finally:
            process.kill()


def a_run(root: Path, name: str = NAME, **pids: int | bool) -> SandboxRun:
    directory = root / name
    directory.mkdir(parents=True)
    (directory / PIDS).write_bytes(msgspec.json.encode(msgspec.convert(pids, ProcessIds)))
    return SandboxRun(directory)


async def test_a_process_that_has_the_number_now_is_not_ended(tmp_path: Path) -> None:
    with sleeping() as stranger:
        run = a_run(tmp_path, venue=stranger, desk=stranger)
        assert not run.venue_runs()
        assert SandboxRun.crashed(tmp_path) == []
        assert await run.end() == []
        assert runs_with(stranger, "import time; time.sleep(600)"), "it lives"


def test_what_is_asked_is_the_newest_run_that_runs_or_else_the_newest(short_dir: Path) -> None:
    older, newer = (a_run(short_dir, name, venue=0, desk=0) for name in ("20260101-000000-1", "20260102-000000-1"))
    (short_dir / "latest").symlink_to(newer.directory.name)
    assert SandboxRun.newest(short_dir).directory.resolve() == newer.directory.resolve()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(older.socket_path))
        listening.listen()
        assert SandboxRun.newest(short_dir).directory == older.directory


async def test_a_venue_without_a_desk_has_crashed_and_can_be_ended(tmp_path: Path) -> None:
    older, newer = tmp_path / "20260101-000000-1", tmp_path / "20260102-000000-1"
    with sleeping(str(older / VENUE_ENV)) as first, sleeping(str(newer / VENUE_ENV)) as second:
        a_run(tmp_path, older.name, venue=first, desk=first)
        a_run(tmp_path, newer.name, venue=second, desk=0)
        (tmp_path / "latest").symlink_to(newer.name)
        assert [run.directory for run in SandboxRun.crashed(tmp_path)] == [newer, older]
        assert await SandboxRun(older).end() == []
        assert [run.directory for run in SandboxRun.crashed(tmp_path)] == [newer]


@pytest.mark.parametrize(("headless", "desk"), [(True, 999_999), (False, 0)])
def test_a_run_that_somebody_starts_or_ends_right_now_has_not_crashed(
    tmp_path: Path, headless: bool, desk: int
) -> None:
    with sleeping(str(tmp_path / NAME / VENUE_ENV)) as venue, sleeping("sandbox") as launcher:
        run = a_run(tmp_path, venue=venue, desk=desk, launcher=launcher, headless=headless)
        assert not run.has_lost_its_desk()
        (run.directory / PIDS).unlink()
        (run.directory / PIDS).write_bytes(msgspec.json.encode(ProcessIds(venue=venue, desk=desk, headless=headless)))
        assert run.has_lost_its_desk(), "whoever started it has gone"


def test_a_desk_that_does_not_listen_yet_is_no_crash(tmp_path: Path) -> None:
    directory = tmp_path / NAME
    with sleeping(str(directory / VENUE_ENV)) as venue, sleeping(str(directory / DESK_ENV)) as desk:
        assert not a_run(tmp_path, venue=venue, desk=desk).has_lost_its_desk()


@pytest.mark.parametrize("pid", [0, -1, 2**31, 10**40])
def test_numbers_that_no_process_has(pid: int) -> None:
    assert not runs_with(pid, "sandbox")


@pytest.mark.parametrize("content", [b"", b"\xff", b"12x", b"9" * 32, b"-1", "١٢".encode()])
def test_a_lock_file_that_names_no_process(tmp_path: Path, content: bytes) -> None:
    (tmp_path / LOCK_NAME).write_bytes(content)
    assert holder_of(tmp_path) is None
    (tmp_path / LOCK_NAME).write_bytes(f"{os.getpid()}\n".encode())
    assert holder_of(tmp_path) == os.getpid()


def test_a_rehearsal_is_not_served_where_the_real_desks_metrics_are(short_dir: Path) -> None:
    run = a_run(short_dir, venue=0, desk=0)
    venue = loopback()
    del venue["HOME"]
    (run.directory / VENUE_ENV).write_text("".join(f"{name}={value}\n" for name, value in venue.items()))
    (run.directory / VENUE_ENV).chmod(0o600)
    own = {"METRICS_ADDRESS": "127.0.0.1:9464", "STRATEGY_MAX_NOTIONAL_EURE": "7"}
    run._write_desk_env(own, None)
    made = load(run.directory / DESK_ENV, {})
    assert made.max_notional_eure == 7
    assert made.metrics_address is None
