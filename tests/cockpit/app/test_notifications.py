"""What an operator must notice: others' commands, faults until acknowledged, the terminal's own words, NO_COLOR."""

import asyncio
from decimal import Decimal

import pytest
from msgspec.structs import replace

from cockpit.app.app import CockpitApp
from cockpit.app.notifications import FILLS_APART_S, FaultLog, FillCounter, Notification, diff_snapshots, terminal_title
from cockpit.app.terminal.escape_codes import notification, window_title
from cockpit.app.terminal.options import TerminalOptions, options_from_environment
from cockpit.client.desk_client import DeskClient
from cockpit.model.recorded.names import short_names
from cockpit.model.snapshot import JournalRow, Snapshot
from panels.frame.banners import faults_line
from panels.kit.messages import NO_COLOR_IS_SET, NO_DATA, unavailable
from panels.kit.textual_internals import screen_strips
from panels.kit.theme import BLIND_NAME, DISPLAY_NAMES, NAMES, PLAIN_NAME, styles
from panels.kit.view import View
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen


def row(
    actor: str, command_id: str = "id-9", command: str = "set limits", reason: str = "min_edge_bps = 7"
) -> JournalRow:
    return JournalRow(command_id=command_id, age_ms=5, actor=actor, command=command, accepted=True, reason=reason)


def with_rows(*rows: JournalRow, seq: int = 2) -> Snapshot:
    return replace(samples.snapshot(seq), journal=rows)


def test_what_others_did_is_announced_once_and_own_commands_are_not() -> None:
    before, after = (
        with_rows(row("bob", "old")),
        with_rows(row("bob on pts/3", "new"), row("me", "mine"), row("bob", "old")),
    )
    assert diff_snapshots(before, after, {"mine"}) == (
        Notification("other", "bob on pts/3: Min edge: 7 bps", journalled=True),
    )
    assert diff_snapshots(after, after, {"mine"}) == ()


def test_disarms_by_the_desk_fills_and_faults_are_different_kinds() -> None:
    shot = samples.snapshot()
    later = replace(
        shot,
        journal=(row("desk", "d", "disarm trade-executor", "trade-executor is disarmed: relay lost for 31 s"),),
        counts=replace(shot.counts, settled=shot.counts.settled + 1),
        history="down",
    )
    assert [item.kind for item in diff_snapshots(shot, later, ())] == ["disarm", "fill", "fault"]
    assert diff_snapshots(shot, replace(shot, run_id="run-2"), ())[0].kind == "fault"
    rows = (replace(shot.inventory.rows[0], unexplained=Decimal("-0.5")), *shot.inventory.rows[1:])
    unexplained = replace(shot, inventory=replace(shot.inventory, rows=rows))
    assert diff_snapshots(shot, unexplained, ()) == ()
    assert diff_snapshots(unexplained, samples.unproven(unexplained), ())[0].text == "unexplained difference: -0.5 BTC"


def test_the_first_fill_is_announced_at_once_and_the_next_ones_together() -> None:
    fills = FillCounter()
    assert fills.take_due(0.0) is None
    fills.add(Notification("fill", "filled: buy", 1))
    assert fills.take_due(5.0) == Notification("fill", "filled: buy", 1)
    fills.add(Notification("fill", "filled: sell", 1))
    fills.add(Notification("fill", "1,200 fills", 1_200))
    assert fills.take_due(5.0 + FILLS_APART_S - 0.1) is None
    assert fills.take_due(5.0 + FILLS_APART_S) == Notification("fill", "1,201 fills", 1_201)
    assert fills.take_due(100.0) is None


def fallen(*rows: JournalRow) -> Snapshot:
    """The executor is armed no more."""
    return replace(with_rows(*rows), executor_armed=False, executor_why="relay lost for 31 s")


def test_a_disarm_is_announced_once_whoever_did_it() -> None:
    armed = replace(samples.snapshot(), journal=())
    disarm, reason = "disarm trade-executor", "trade-executor is disarmed: relay lost for 31 s"
    disarmed = (Notification("disarm", "desk: executor is disarmed: relay lost for 31 s", journalled=True),)
    assert diff_snapshots(armed, fallen(row("desk", "d", disarm, reason)), ()) == disarmed
    others = diff_snapshots(armed, fallen(row("bob on pts/3", "b", disarm, "trade-executor is disarmed")), ())
    assert [item.kind for item in others] == ["other"]
    assert diff_snapshots(armed, fallen(row("me", "mine", disarm)), {"mine"}) == ()
    unlisted = Notification("disarm", "executor disarmed: relay lost for 31 s")
    assert diff_snapshots(armed, fallen(), ()) == (unlisted,), "a journal that has moved on lists nothing"


def test_an_operator_whose_name_starts_like_the_desks_is_an_operator() -> None:
    before, after = with_rows(), with_rows(row("desk on pts/3", "n", "arm trade-executor", "trade-executor is armed"))
    assert [item.kind for item in diff_snapshots(before, after, ())] == ["other"]
    alone = row("the desk: no cockpit was attached for 60 s", "s", "hard-stop", "disarmed; 3 live quotes are burned")
    assert [item.kind for item in diff_snapshots(before, with_rows(alone), ())] == ["disarm"]


def test_faults_stay_until_they_are_acknowledged() -> None:
    faults = FaultLog()
    for text in ("a", "b", "a"):
        faults.add(text)
    line = faults_line(faults.texts)
    assert line is not None
    assert "2 faults, latest: b" in "".join(cell.text for cell in line)
    assert faults.acknowledge() == ("a", "b")
    assert faults_line(faults.texts) is None


def test_a_text_of_the_desk_cannot_command_the_terminal() -> None:
    sequences = notification("t", "x\x1b]0;evil\x07;y", ("bell", "osc9", "osc777"))
    assert sequences == "\x07\x1b]9;t: x ]0;evil ;y\x1b\\\x1b]777;notify;t;x ]0,evil ,y\x1b\\"
    assert notification("t", "b", ()) == ""
    assert window_title("a\nb") == "\x1b]2;a b\x1b\\"


def test_the_title_carries_world_and_state() -> None:
    shot = samples.snapshot()
    assert terminal_title(View(snapshot=None)) == "cockpit: no desk"
    assert terminal_title(View(snapshot=replace(shot, rung="LIVE"))) == "[SANDBOX] ● ARMED sandbox-maker.near"
    assert terminal_title(View(snapshot=replace(shot, rung="SAFE", mode="LIVE"))) == "[LIVE] ○ SAFE sandbox-maker.near"
    assert terminal_title(View(snapshot=shot, quiet_ms=9_000)) == f"[SANDBOX] ✗ {NO_DATA} sandbox-maker.near"


def test_a_sandbox_takes_its_look_from_the_environment() -> None:
    look = options_from_environment(
        {"COCKPIT_THEME": "LIGHT", "COCKPIT_NOTIFY": "osc9, horn", "COCKPIT_NOTIFY_ON": "fill"}, mouse=False
    )
    assert (look.theme, look.notify, look.occasions, look.mouse) == ("light", ("osc9",), ("fill",), False)


async def test_two_cockpits_see_what_the_other_did_and_faults_wait(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        emitted: list[str] = []
        driven.app.emit = emitted.append  # type: ignore[assignment,method-assign]
        await asyncio.to_thread(desk.say, with_rows(row("bob on pts/3")))
        await driven.shows("bob on pts/3: Min edge: 7 bps")
        down = replace(with_rows(row("bob on pts/3"), seq=3), history="down")
        await asyncio.to_thread(desk.say, down)
        await driven.shows("! FAULT", "a acknowledges", "history is down")
        assert "\x07" in emitted
        driven.clock.now += 2
        await asyncio.to_thread(desk.say, replace(down, seq=4, history="ok"))
        await driven.shows("! FAULT", "history is down")
        await driven.press("a")
        await driven.hides("! FAULT")


async def test_fills_are_counted_in_the_status_bar_and_cover_nothing(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        settled = samples.snapshot().counts.settled
        for seq in range(2, 7):
            counts = replace(samples.snapshot().counts, settled=settled + 10 * seq)
            await asyncio.to_thread(desk.say, replace(samples.snapshot(seq), counts=counts))
            await seen(driven.pilot, lambda: driven.app.view.snapshot == desk.current)
            await driven.shows(f"fills {settled + 10 * seq:,}")
        assert driven.app.sentences.kept == ()


async def test_a_disarm_by_the_desk_is_one_fault_and_no_toast(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        emitted: list[str] = []
        driven.app.emit = emitted.append  # type: ignore[assignment,method-assign]
        why = "trade-executor is disarmed: relay lost for 31 s"
        await asyncio.to_thread(desk.say, fallen(row("desk", "d", "disarm trade-executor", why)))
        await driven.shows("! FAULT", f"desk: {short_names(why)}", "executor ○ DISARMED")
        assert [each for each in emitted if each == "\x07"] == ["\x07"]
        assert driven.app.sentences.kept == ()
        await driven.press("a")
        await driven.hides("! FAULT")


async def test_the_window_is_named_after_the_desk(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = replace(samples.disarmed(), mode="SANDBOX", rung="SAFE")
    async with cockpit(link, NARROW) as driven:
        emitted: list[str] = []
        driven.app.emit = emitted.append  # type: ignore[assignment,method-assign]
        await asyncio.to_thread(desk.say, replace(samples.snapshot(2), rung="LIVE"))
        await seen(driven.pilot, lambda: window_title("[SANDBOX] ● ARMED sandbox-maker.near") in emitted)


async def test_no_color_keeps_armed_safe_sandbox_and_live_apart(
    desk: FakeDesk, link: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = CockpitApp(link, paint_hz=30, options=TerminalOptions(theme="light"))
    async with app.run_test(size=(120, 40)) as pilot:
        assert app.theme == PLAIN_NAME
        await seen(pilot, lambda: app.view_model.newest is not None)
        await pilot.press("t")
        assert app.theme == PLAIN_NAME
        await pilot.pause(0.2)
        colours = {
            segment.style.color.name
            for strip in screen_strips(app.screen, app.size)
            for segment in strip.apply_filter(app.get_line_filters()[-1], app.screen.background_colors[1])
            if segment.style is not None and segment.style.color is not None
        }
        assert colours <= {"default"}


def test_without_colour_weight_and_reverse_mark_what_matters() -> None:
    plain = styles(PLAIN_NAME)
    assert all(style.color is None and style.bgcolor is None for style in plain.values())
    assert plain["live"].reverse
    assert not plain["sandbox"].reverse
    assert plain["alarm"].reverse
    assert plain["good"] != plain["muted"]


@pytest.mark.parametrize("name", list(NAMES))
async def test_every_theme_paints(desk: FakeDesk, link: DeskClient, name: str) -> None:
    app = CockpitApp(link, paint_hz=30, options=TerminalOptions(theme=name))
    async with app.run_test(size=(80, 24)) as pilot:
        await seen(pilot, lambda: app.view_model.newest is not None)
        assert app.theme == NAMES[name]


async def test_the_key_turns_through_every_theme(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        names = []
        for _ in NAMES:
            names.append(driven.app.theme)
            await driven.press("t")
        assert names == list(NAMES.values())
        assert driven.app.theme == names[0]


async def test_every_theme_is_named_in_the_palette_and_chosen_there(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("ctrl+p")
        await driven.opens("Search for commands")
        await driven.press(*"theme", "colon")
        await driven.shows(*(f"Theme: {words}" for words in DISPLAY_NAMES.values()), "In use")
        await driven.press(*"colour-blind")
        await driven.hides("Theme: dark")
        await driven.press("enter")
        await seen(driven.pilot, lambda: driven.app.theme == BLIND_NAME)


async def test_without_colour_the_palette_shows_why_other_themes_are_unavailable(
    desk: FakeDesk, link: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with cockpit(link) as driven:
        await driven.press("ctrl+p")
        await driven.opens("Search for commands")
        await driven.press(*"theme", "colon", "space", *"dark")
        await driven.shows("Theme: dark", f"✗ {unavailable(NO_COLOR_IS_SET)}")
        await driven.press("enter")
        await seen(driven.pilot, lambda: len(driven.app.screen_stack) == 1)
        assert driven.app.theme == PLAIN_NAME
