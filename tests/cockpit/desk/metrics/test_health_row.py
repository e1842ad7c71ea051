"""A port that is taken is a part that does not work: Health shows it, and the alerts are told of it."""

from cockpit.desk.alerts.facts import read_facts
from cockpit.desk.metrics.messages import port_taken
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.desk.snapshots.health import metrics_health
from cockpit.model.snapshot import METRICS, MetricsState
from tests.support.desk.desk_harness import DeskHarness, World

URL = "http://127.0.0.1:9464/metrics"
TAKEN = MetricsState(address=URL, state="down", problem=port_taken("127.0.0.1:9464"))


def test_there_is_a_row_only_where_an_address_is_set() -> None:
    assert metrics_health(MetricsState()) == ()
    (served,) = metrics_health(MetricsState(address=URL, state="ok"))
    assert (served.part, served.state, served.detail, served.last_error) == (METRICS, "ok", f"served at {URL}", "")
    (taken,) = metrics_health(TAKEN)
    assert (taken.state, taken.last_error) == ("down", TAKEN.problem)


async def test_the_alerts_are_told_of_a_port_that_is_taken() -> None:
    desk = DeskHarness(World())
    await desk.start()
    others = metrics_health(TAKEN)
    now = desk.world.wall()
    found = read_facts(desk.trading, desk.writer, Supervisor(), (), now, settled=0, others=others)
    assert f"{METRICS}: {TAKEN.problem}" in found.down
    await desk.end(clean=True)
