"""Quitting: leave the desk running or stop it; Enter stops nothing, and an armed desk is disarmed first."""

import asyncio

from msgspec.structs import replace

from cockpit.app.app import Exit
from cockpit.client.desk_client import DeskClient
from cockpit.model.snapshot import JournalRow, Snapshot
from panels.dialogs import messages
from panels.kit.messages import LAST_KNOWN_STATE, STALE_SCREEN, TERMS_CHANGED, desk_stopped
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

DISARMS = [("strategy-engine", "disarm"), ("trade-executor", "disarm")]
TO_STOP = ("tab", "tab")
STOPPED_BY_ROOT = JournalRow(
    command_id="s", age_ms=0, actor="root on pts/3", command="shutdown", accepted=True, reason="stopping"
)


def disarmed(seq: int) -> Snapshot:
    return replace(samples.snapshot(seq), strategy_armed=False, executor_armed=False)


async def to_quit(driven: Driven) -> None:
    await driven.press("q")
    await driven.opens("Leave the desk running")


async def ended(driven: Driven) -> None:
    await seen(driven.pilot, lambda: driven.app.return_value is not None)


async def test_enter_leaves_a_desk_running_and_stops_none(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        await to_quit(driven)
        assert "Nothing is armed" in driven.text
        await driven.press(*TO_STOP, "enter", "enter")
        assert "Stop the desk" in driven.text
        assert driven.app.return_value is None
        await driven.press("shift+tab", "enter")
        await ended(driven)
    assert driven.app.return_value == Exit(stop_desk=False)
    assert desk.asked == []


async def test_a_desk_that_somebody_stopped_leaves_nothing_to_ask(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = replace(samples.disarmed(), journal=(STOPPED_BY_ROOT,))
    async with cockpit(link) as driven:
        desk.stop()
        await driven.shows(desk_stopped("root on pts/3", desk.current.mode))
        await driven.press("q")
        await ended(driven)
    assert driven.app.return_value == Exit(stop_desk=False)


async def test_a_desk_without_anything_armed_is_stopped_without_a_command(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        await to_quit(driven)
        await driven.press(*TO_STOP, "space")
        await ended(driven)
    assert driven.app.return_value == Exit(stop_desk=True)
    assert desk.asked == []


async def test_an_armed_desk_is_disarmed_once_before_it_is_stopped(desk: FakeDesk, link: DeskClient) -> None:
    desk.held.clear()
    async with cockpit(link, NARROW) as driven:
        await to_quit(driven)
        await driven.shows("strategy and the executor are ARMED", "7 live quotes may still settle")
        await driven.press(*TO_STOP, "space", "space")
        await driven.press(*TO_STOP, "space", "space")
        await driven.shows(messages.command_sent("id-1"))
        assert driven.app.screen.query_one("#stop").disabled
        assert driven.app.return_value is None
        desk.held.set()
        await ended(driven)
    assert driven.app.return_value == Exit(stop_desk=True)
    assert sorted(desk.verbs()) == DISARMS
    ids = {part: body["command_id"] for part, _, body in desk.asked}
    assert ids == {"trade-executor": "id-1", "strategy-engine": "id-1-strategy"}


async def test_a_desk_armed_after_it_was_painted_is_disarmed_too(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        await to_quit(driven)
        driven.app.view_model.take(samples.snapshot(2))
        driven.app.screen.query_one("#stop").action_press()  # type: ignore[attr-defined]
        await ended(driven)
    assert sorted(desk.verbs()) == DISARMS


async def test_left_open_it_stops_nothing(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await to_quit(driven)
        await driven.press(*TO_STOP)
        driven.clock.now += 121
        await asyncio.to_thread(desk.say, samples.snapshot(2))
        await driven.press("space")
        await driven.shows(messages.closed_unattended("Quit?"))
        await driven.hides("Leave the desk running")
        assert driven.app.return_value is None
    assert desk.asked == []


async def test_pressed_on_a_stale_picture_it_stops_nothing(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        await to_quit(driven)
        driven.app._skipping_since_s = 0.0
        await driven.press(*TO_STOP, "space")
        await driven.shows(STALE_SCREEN)
        assert driven.app.return_value is None


async def test_a_question_about_one_desk_does_not_stop_another(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await to_quit(driven)
        await driven.press(*TO_STOP)
        await asyncio.to_thread(desk.say, replace(samples.disarmed(2), run_id="run-2"))
        await driven.shows(f"{messages.BLOCKED}: {TERMS_CHANGED}")
        await driven.press("space")
        assert driven.app.return_value is None
    assert desk.asked == []


async def test_a_desk_that_will_not_disarm_can_be_stopped_anyway(desk: FakeDesk, link: DeskClient) -> None:
    desk.answering = desk.refuse
    async with cockpit(link, NARROW) as driven:
        await to_quit(driven)
        await driven.press(*TO_STOP, "space")
        await driven.shows("refused: the moon is not full", messages.RETRY, "Stop anyway")
        assert driven.app.return_value is None
        await driven.press("tab", "tab", "tab", "enter")
        assert driven.app.return_value is None
        await driven.press("space")
        await ended(driven)
    assert driven.app.return_value == Exit(stop_desk=True)


async def test_an_unknown_outcome_is_retried_under_the_same_ids(desk: FakeDesk) -> None:
    desk.answering = lambda *_: None
    ids = iter(("first", "second"))
    link = DeskClient(desk.path, actor="ops", new_id=lambda: next(ids), timeout_s=0.2)
    async with cockpit(link, NARROW) as driven:
        await to_quit(driven)
        await driven.press(*TO_STOP, "space")
        await driven.shows(f"? disarm (command first): {messages.UNKNOWN}", messages.RETRY, "Stop anyway")
        desk.answering = desk.accept
        await driven.press(*TO_STOP, "space")
        await ended(driven)
    assert driven.app.return_value == Exit(stop_desk=True)
    assert sorted(body["command_id"] for _, _, body in desk.asked) == [*["first"] * 2, *["first-strategy"] * 2]


async def test_a_disarm_that_the_desk_reports_ends_the_unknown_and_stops_nothing_by_itself(desk: FakeDesk) -> None:
    desk.answering = lambda *_: None
    link = DeskClient(desk.path, actor="ops", new_id=lambda: "first", timeout_s=0.2)
    async with cockpit(link, NARROW) as driven:
        await to_quit(driven)
        await driven.press(*TO_STOP, "space")
        await driven.shows(messages.MAY_HAVE_DONE_IT, "Stop anyway")
        await asyncio.to_thread(desk.say, disarmed(2))
        await driven.shows(messages.EVERYTHING_DISARMED, "Stop the desk", "Leave the desk running")
        await driven.hides("Stop anyway")
        assert driven.app.return_value is None
        await driven.press(*TO_STOP, "space")
        await ended(driven)
    assert driven.app.return_value == Exit(stop_desk=True)


async def test_of_a_desk_that_has_ended_it_says_what_still_binds_and_stops_none(
    desk: FakeDesk, link: DeskClient
) -> None:
    desk.current = replace(samples.snapshot(), mode="LIVE")
    async with cockpit(link, NARROW, world="LIVE") as driven:
        await to_quit(driven)
        await driven.press(*TO_STOP)
        desk.stop()
        await driven.shows("The desk has ended", "`cockpit` starts it again, disarmed", "7 quotes were live")
        assert "Left running" not in driven.flat
        for gone in (messages.LEAVE_RUNNING, "and stop", messages.AGAIN_LEAVES):
            assert gone not in driven.text
        # Space was meant for what stood there before.
        await driven.press("space")
        assert messages.QUIT in driven.text
        driven.clock.now += 100
        await driven.shows("none can settle any more")
        await driven.press("tab", "enter")
        await ended(driven)
    assert driven.app.return_value == Exit(stop_desk=False)
    assert desk.asked == []


async def test_of_a_desk_that_somebody_stopped_meanwhile_only_the_sandbox_is_left_to_end(
    desk: FakeDesk, link: DeskClient
) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_quit(driven)
        await driven.press(*TO_STOP)
        await asyncio.to_thread(desk.say, replace(samples.snapshot(2), journal=(STOPPED_BY_ROOT,)))
        desk.stop()
        await driven.shows("root on pts/3 stopped the desk", messages.END_SANDBOX, messages.AGAIN_QUITS)
        await driven.press("space")
        await ended(driven)
    assert driven.app.return_value == Exit(stop_desk=True)
    assert desk.asked == []


async def test_a_desk_that_does_not_answer_may_still_run(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await to_quit(driven)
        driven.clock.now += 12
        await driven.shows(LAST_KNOWN_STATE, "Left running, the desk", messages.LEAVE_RUNNING)
