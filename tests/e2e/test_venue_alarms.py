"""The venue's own alarms reach a LIVE desk: what touches it disarms, the rest is shown, and silence only warns."""

import json

from cockpit.desk.interlocks.alarms import COMMAND
from cockpit.desk.interlocks.checklist import NAMES
from cockpit.model.commands import Result
from cockpit.model.snapshot import InterlockRow, Snapshot
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC

WITHIN_S = 10
"""Sources are asked each second here."""


def row_of(shot: Snapshot) -> InterlockRow:
    (row,) = [row for row in shot.interlocks if row.ident == "alarms"]
    return row


def effects(shot: Snapshot) -> list[str]:
    return [row.effect for row in shot.alarms.rows]


async def until_green(desk: DeskProcess) -> Snapshot:
    return await desk.until(lambda shot: row_of(shot).passed and not shot.alarms.rows, WITHIN_S)


async def until_disarmed(desk: DeskProcess, text: str) -> Snapshot:
    """Wait until the alarm closed LIVE; arming is refused with its text and the strategy stays armed."""
    shot = await desk.until(lambda shot: not shot.executor_armed, WITHIN_S, text)
    assert shot.executor_why.startswith(f"disarmed by desk: {NAMES['alarms']}: ")
    assert text in shot.executor_why
    assert (shot.rung, row_of(shot).passed) == ("SHADOW", False)
    refused = await desk.link.send("trade-executor", "arm")
    assert isinstance(refused, Result)
    assert not refused.accepted
    assert text in refused.reason
    return shot


async def test_an_incident_that_touches_the_desk_disarms_while_it_lasts(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch(ALARMS_POLL_MS="1000")
    await desk.arm()
    assert await taker.ask(BTC.token_id, amount_in=50_000)

    # Another chain's incident is shown and closes nothing.
    (other,) = await control.alarms(incident={"scopeType": "chain", "scopeValue": "sol"})
    shot = await desk.until(lambda shot: effects(shot) == ["shown"], WITHIN_S)
    assert (shot.executor_armed, row_of(shot).passed, row_of(shot).warning) == (True, True, False)

    (ours,) = await control.alarms(
        incident={"scopeType": "chain", "scopeValue": "gnosis", "publicDescription": "paused\x1b[31m"}
    )
    shot = await until_disarmed(desk, "SHIELD: chain gnosis: paused [31m (touches what this desk uses)")
    assert effects(shot) == ["disarms", "shown"]

    # What was seen holds while nothing can be read.
    await control.faults(shield="garbage")
    await control.alarms(resolve=ours)
    shot = await desk.until(lambda shot: any(row.unreadable_ms is not None for row in shot.alarms.sources), WITHIN_S)
    assert effects(shot) == ["disarms", "shown"]
    await control.faults(shield="ok")
    await desk.until(lambda shot: effects(shot) == ["shown"], WITHIN_S)
    await control.alarms(resolve=other)
    await until_green(desk)

    await desk.arm("trade-executor")
    # A count without a list is an incident of unknown scope.
    await control.faults(shield_count=3)
    await until_disarmed(desk, "SHIELD: 3 more, not listed (scope unknown)")
    await control.faults(shield_count=None)
    await until_green(desk)

    written = "SELECT actor, accepted, reason, arguments FROM operator_actions WHERE command = ? ORDER BY id"
    await until(lambda: len(desk.rows(written, COMMAND)) == 6, 10, "every change is in the history")
    journalled = desk.rows(written, COMMAND)
    assert {(actor, accepted) for actor, accepted, _, _ in journalled} == {("desk", 1)}
    assert journalled[-1][2] == "no alarms"
    assert json.loads(journalled[1][3])["alarms"][0]["effect"] == "disarms"


async def test_a_maintenance_warns_until_it_starts_and_what_cannot_be_read_only_warns(
    launch: Launch, control: Control, taker: Taker
) -> None:
    await control.faults(shield="500", status_page="429")
    desk = await launch(ALARMS_POLL_MS="1000")
    await desk.arm()
    shot = await desk.snapshot()
    assert (row_of(shot).passed, row_of(shot).warning, effects(shot)) == (True, True, [])
    assert "SHIELD unreadable for " in row_of(shot).measured
    assert "status page unreadable for " in row_of(shot).measured
    assert await taker.ask(BTC.token_id, amount_in=50_000), "it trades on"

    await control.mend()
    post = {"post_type": "maintenance", "title": "Upgrade of the Verifier", "starts_in_s": 8, "ends_in_s": 14}
    await control.alarms(post=post)
    shot = await desk.until(lambda shot: effects(shot) == ["warns"], 7)
    assert (shot.executor_armed, row_of(shot).passed, row_of(shot).warning) == (True, True, True)
    assert "status page: maintenance: Upgrade of the Verifier; starts 20" in row_of(shot).measured
    await until_disarmed(desk, "status page: maintenance: Upgrade of the Verifier (scope unknown)")
    await desk.until(lambda shot: row_of(shot).passed, 20)


async def test_an_alarm_outlives_a_crash_until_a_readable_answer(launch: Launch, control: Control) -> None:
    desk = await launch(ALARMS_POLL_MS="1000")
    (ours,) = await control.alarms(incident={"scopeType": "intents", "scopeValue": "near"})
    await desk.until(lambda shot: effects(shot) == ["disarms"], WITHIN_S)
    written = "SELECT count(*) FROM operator_actions WHERE command = ?"
    await until(lambda: desk.count(written, COMMAND) == 1, 10, "the alarm is in the history")
    desk.process.kill()

    await control.faults(shield="garbage")
    await control.alarms(resolve=ours)
    await desk.start()
    shot = await desk.until(lambda shot: shot.alarms.sources[0].unreadable_ms is not None, WITHIN_S)
    assert effects(shot) == ["disarms"]
    assert not row_of(shot).passed
    await control.faults(shield="ok")
    await until_green(desk)
