import time

import pytest

from cockpit.desk.risk.heartbeat import Heartbeat
from cockpit.model.environment import Environment
from tests.support.desk.builders import Clock
from venue.protocol.units import NS_PER_S


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="only Linux has it")
def test_ages_are_of_a_clock_that_runs_on_while_the_machine_is_suspended() -> None:
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    assert before <= Environment().monotonic_ns() <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def test_a_suspended_machine_is_seen_by_that_clock() -> None:
    boot = Clock(5 * NS_PER_S)
    heartbeat = Heartbeat(Environment(wall_ns=Clock(), monotonic_ns=boot))
    assert heartbeat.beat() == 0
    boot.pass_ms(250)
    assert heartbeat.beat() == 0
    # The lid is closed for an hour: timers and the monotonic clock of the event loop stand still meanwhile.
    boot.pass_ms(3_600_000)
    assert "last ran 3600000 ms ago" in heartbeat.problem()
    assert heartbeat.beat() == 3_600 * NS_PER_S
