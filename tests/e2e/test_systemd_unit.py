"""The desk as the shipped unit starts it: all but its state directory is read-only, and it is still the only one."""

import signal
from pathlib import Path

import pytest

from cockpit.alerting.service import LINGER_HURRIED_S
from cockpit.processes.launch import is_listening
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.processes import Process, bare_environment
from tests.support.processes.systemd import can_confine, confine, directives
from tests.support.waiting import until


def as_the_unit(desk: DeskProcess) -> Process:
    """Start it with a working directory that it cannot write to."""
    arguments = ["desk", "--env-file", str(desk.env_file)]
    log = desk.state_dir.parent / "unit.log"
    return Process(arguments, log, bare_environment(), enter=confine(desk.state_dir))


async def test_a_desk_of_the_unit_and_any_other_exclude_each_other(launch: Launch, short_dir: Path) -> None:
    if not can_confine():
        pytest.skip("no mount namespace can be made here")
    outside = await launch()
    (short_dir / "unit").mkdir(mode=0o700)
    inside = DeskProcess(short_dir / "unit", outside.settings)
    refused = as_the_unit(inside)
    assert refused.wait() == 1
    assert "already running on this machine" in refused.output()
    assert str(outside.process.pid) in refused.output()
    outside.process.stop()
    confined = as_the_unit(inside)
    try:
        await until(lambda: is_listening(inside.socket_path) or not confined.running, 30, "the desk answers")
        assert confined.running, confined.output()
        refused = outside.spawn()
        assert refused.wait() == 1
        assert f"process {confined.pid} " in refused.output()
        confined.send(signal.Signals[directives()["KillSignal"]])
        assert confined.wait(int(directives()["TimeoutStopSec"])) == 0, confined.output()
        assert inside.count("SELECT count(*) FROM runs WHERE ended_ns IS NOT NULL") == 1
    finally:
        confined.kill()
        await inside.close()


def test_the_unit_lets_the_alert_service_tell_that_the_desk_died() -> None:
    unit = directives()
    assert (unit["KillMode"], unit["KillSignal"]) == ("control-group", "SIGTERM")
    assert int(unit["TimeoutStopSec"]) > LINGER_HURRIED_S
