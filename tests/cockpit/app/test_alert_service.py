"""The alert service as an operator sees it: its row, what it did not deliver, and the key that acknowledges."""

import asyncio

from msgspec.structs import replace

from cockpit.app.notifications import Notification, diff_snapshots
from cockpit.client.desk_client import DeskClient
from cockpit.desk.snapshots.health import alerts_health
from cockpit.model.alerts.state import AlertsState, UndeliveredRow
from cockpit.model.snapshot import Snapshot
from panels.views.health import undelivered_fields
from tests.support.cockpit import samples
from tests.support.cockpit.driven import cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

LOST = UndeliveredRow(rule="urgent", target="phone", text="disarmed", count=3, last_ns=0, reason="no connection")
FAILING = AlertsState(
    configured=True, state="degraded", detail="phone: no connection", undelivered=3, unacknowledged=1, rows=(LOST,)
)


def with_alerts(alerts: AlertsState, seq: int = 2) -> Snapshot:
    shot = samples.snapshot(seq)
    return replace(shot, alerts=alerts, health=(*shot.health, *alerts_health(alerts)))


def test_a_desk_without_alerts_has_no_row_of_them() -> None:
    assert alerts_health(AlertsState()) == ()
    (row,) = alerts_health(FAILING)
    assert (row.part, row.state, row.last_error) == ("alerts", "degraded", "phone: no connection")
    assert row.counters["undelivered"] == 3


def test_a_service_that_fails_is_a_fault_once() -> None:
    works, fails = with_alerts(AlertsState(configured=True, state="ok")), with_alerts(FAILING)
    assert diff_snapshots(works, fails, ()) == (Notification("fault", "alerts are degraded: phone: no connection"),)
    assert diff_snapshots(fails, fails, ()) == ()


def test_what_was_not_delivered_is_listed_with_time_and_reason() -> None:
    assert undelivered_fields(AlertsState()) == ()
    line = undelivered_fields(FAILING)[-1]
    assert "1970-01-01 00:00:00 UTC" in line.label
    assert line.value.text == "urgent, phone: disarmed (3 times); no connection"


async def test_the_key_acknowledges_alerts_at_the_desk(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("4", "z")
        await asyncio.to_thread(desk.say, with_alerts(FAILING))
        await driven.shows("alerts", "phone: no connection")
        await driven.press("a")
        await seen(driven.pilot, lambda: ("alerts", "acknowledge") in desk.verbs())
        calm = replace(FAILING, undelivered=0, unacknowledged=0, state="ok", detail="1 target", rows=())
        await asyncio.to_thread(desk.say, with_alerts(calm, 3))
        await driven.shows("1 target")
        asked = len(desk.asked)
        await driven.press("a")
        assert len(desk.asked) == asked
