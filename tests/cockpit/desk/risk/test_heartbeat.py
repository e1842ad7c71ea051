from cockpit.desk.risk.heartbeat import MAX_AGE_NS, Heartbeat
from cockpit.model.environment import Environment
from tests.support.desk.builders import Clock


def test_without_a_recent_tick_nothing_may_be_signed() -> None:
    clock = Clock()
    heartbeat = Heartbeat(Environment(wall_ns=clock, monotonic_ns=clock))
    assert "have not run yet" in heartbeat.problem()
    assert heartbeat.beat() == 0
    assert heartbeat.problem() == ""
    clock.now_ns += MAX_AGE_NS
    assert heartbeat.problem() == ""
    clock.now_ns += 10**6
    assert "last ran 1001 ms ago" in heartbeat.problem()
    heartbeat.beat()
    assert heartbeat.problem() == ""
    heartbeat.hold("it waits")
    assert heartbeat.problem() == "it waits"
    clock.now_ns += MAX_AGE_NS + 1
    assert heartbeat.beat() == MAX_AGE_NS + 1
    assert heartbeat.problem() == "it waits"
    heartbeat.release()
    assert heartbeat.problem() == ""
