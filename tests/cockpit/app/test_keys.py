"""Every key of the table, pressed: what the operator then sees."""

import asyncio

import pytest
from textual import events

from cockpit.app.app import CockpitApp
from cockpit.app.availability import unavailable_reason
from cockpit.client.desk_client import DeskClient
from panels.dialogs import messages
from panels.dialogs.trading.limits import FIELDS
from panels.kit.actions import ACTIONS, PANELS
from panels.kit.keymap import LINE_IGNORED, KeyMap, remapped
from panels.kit.messages import NO_CONNECTION, unavailable
from panels.kit.rows.grid import LiveGrid
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, Clock, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import screen_text, seen
from tests.support.waiting import until

OPENS = {
    "ctrl+s": "Arm the strategy?",
    "ctrl+e": "Arm the executor?",
    "ctrl+o": "Hard stop",
    "ctrl+t": "Trading is ACTIVE.",
    "l": FIELDS[0].label,
    "p": messages.PREVIEW_FIRST,
    "w": messages.WITHDRAWALS_FROZEN,
    "d": "y copies",
    "N": "kept in the journal",
    "question_mark": "Disarm everything",
    "ctrl+p": "Search for commands",
    "q": "Leave the desk running",
    "ctrl+q": "Leave the desk running",
    "ctrl+c": "Leave the desk running",
}
"""Keys that open a dialog, and a text in it."""

TURNS = {"tab": "6", "shift+tab": "4", "left": "1", "h": "1", "right": "5"}
"""Keys that go to another panel, and the number of the one they lead to from Decisions."""

TOGGLES = {"space": "FROZEN", "z": "numbers"}
ROWS = {"down", "j", "up", "k", "pagedown", "pageup", "home", "g", "end", "G", "enter", "y", "slash", "escape"}
COLUMNS = {"less_than_sign", "greater_than_sign", "shift+left", "shift+right", "b", "B", "c"}
COMMANDS = {"ctrl+x", "r"}
REWIND = {"R", "comma", "full_stop", "f", "F", "at"}
PAST = {"minus": "the chart", "plus": "the chart", "equals_sign": "the chart", "s": "P&L", "H": "history"}
ELSEWHERE = {
    **PAST,
    **dict.fromkeys(REWIND, "rewind"),
    "t": "themes",
    "a": "faults",
    "T": "the tour",
    "n": "the tour",
    "ctrl+z": "suspending",
    "U": "times",
}
"""Keys whose own tests press them."""


def shown(driven: Driven) -> str:
    """The number of the panel whose tab is lit."""
    idents = [ident for ident, _ in PANELS]
    return str((idents.index(driven.app.board.shown) + 1) % 10)


def decisions(driven: Driven) -> LiveGrid:
    return driven.app.screen_stack[0].query_one("#decisions-grid", LiveGrid)


async def closed(driven: Driven) -> None:
    """Leave what is open."""
    await driven.press("escape")
    await seen(driven.pilot, lambda: len(driven.app.screen_stack) == 1)


def test_every_key_of_the_table_is_pressed_here() -> None:
    numbers = {str(number % 10) for number in range(1, len(PANELS) + 1)}
    pressed = numbers | set(OPENS) | set(TURNS) | set(TOGGLES) | ROWS | COLUMNS | COMMANDS | set(ELSEWHERE)
    assert {key for action in ACTIONS for key in action.keys} == pressed


async def test_keys_that_open_a_dialog(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        for key, words in OPENS.items():
            await driven.press(key)
            await driven.opens(words)
            await closed(driven)
    assert desk.asked == [], "opening a dialog sends nothing"


async def test_what_has_no_key_is_in_the_palette(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    keyless = {action.id: action for action in ACTIONS if not action.keys}
    assert all(action.palette for action in keyless.values())
    async with cockpit(link) as driven:
        for action in keyless.values():
            await driven.press("ctrl+p")
            await driven.opens("Search for commands")
            await driven.press(*("space" if letter == " " else letter for letter in action.name))
            unavailable = "✗ unavailable"
            await driven.shows(
                action.name,
                unavailable if unavailable_reason(action.id, driven.app.view) else action.help,
            )
            await driven.press("escape")
            await seen(driven.pilot, lambda: len(driven.app.screen_stack) == 1)
        await driven.press("ctrl+p")
        await driven.opens("Search for commands")
        await driven.press(*"Startup")
        await driven.shows(keyless["findings"].help)
        await driven.press("enter")
        await driven.opens(messages.NO_FINDINGS, messages.ESC_CLOSES)
    assert desk.asked == []


async def test_a_key_pressed_twice_opens_one_dialog(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        for key in ("ctrl+s", "ctrl+e", "ctrl+o", "ctrl+t", "l", "w", "d", "question_mark", "q"):
            await driven.press(key, key)
            await seen(driven.pilot, lambda: len(driven.app.screen_stack) <= 2)
            while len(driven.app.screen_stack) > 1:
                await closed(driven)
    assert desk.asked == []


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_keys_that_go_to_a_panel(desk: FakeDesk, link: DeskClient, size: tuple[int, int]) -> None:
    async with cockpit(link, size) as driven:
        for number, (ident, _) in enumerate(PANELS, start=1):
            await driven.press(str(number % 10))
            assert driven.app.board.shown == ident
            await driven.pilot.pause()
            assert grid_of(driven, ident).has_focus
        for key, wanted in TURNS.items():
            await driven.press("5", key)
            await driven.shows(f"▸{wanted} ")
        await driven.press("0", "tab")
        assert shown(driven) == "1", "after the last one comes the first"


def grid_of(driven: Driven, ident: str) -> LiveGrid:
    """The rows of a panel."""
    return driven.app.screen_stack[0].query_one(f"#{ident}-grid", LiveGrid)


async def test_keys_that_turn_something_on_and_off(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        for key, words in TOGGLES.items():
            await driven.press(key)
            await driven.shows(words)
            await driven.press(key)
            await driven.hides(words)


async def test_keys_that_command_the_desk(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("r")
        await seen(driven.pilot, lambda: len(desk.asked) == 3)
        assert {verb for _, verb in desk.verbs()} == {"refresh"}
        await driven.press("ctrl+x")
        await seen(driven.pilot, lambda: len(desk.asked) == 5)
        assert sorted(desk.verbs()[3:]) == [("strategy-engine", "disarm"), ("trade-executor", "disarm")]


async def test_keys_of_the_rows(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        rows = decisions(driven)
        await until(lambda: rows.has_focus)
        for down, up in (("down", "up"), ("j", "k")):
            await driven.press(down, down, down)
            assert rows.cursor == 2, "the first move puts the cursor on the newest row"
            await driven.press(up)
            assert rows.cursor == 1
            await driven.press("escape")
            assert rows.following
        page = rows.size.height - 2
        await driven.press("pagedown", "pagedown", "pageup")
        assert rows.cursor == page
        for oldest, newest in (("end", "home"), ("G", "g")):
            await driven.press(oldest)
            assert rows.cursor_key == "decision-1"
            await driven.press(newest)
            assert rows.following
            assert rows.scroll_offset.y == 0


async def test_copying_names_what_was_copied(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        # A key before the list has the keyboard is no key of the list.
        await driven.press("5", "y")
        await driven.shows(messages.copied("request"), "request-0060-8f2c41d9")
        assert driven.app.clipboard == "request-0060-8f2c41d9"
        await driven.press("6", "y")
        await driven.shows(messages.copied("quote hash"), "hash0249vK3mQpXw7Zt")
        await driven.press("enter")
        await driven.opens("y copies")
        await driven.press("y", "y")
        assert driven.app.clipboard == "request-0024-8f2c41d9", "once more takes the next one"


async def test_a_filter_is_typed_kept_and_dropped(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        rows = decisions(driven)
        await driven.press("slash", *"side:buy -quoted >80")
        await driven.shows("/side:buy -quoted >80")
        assert len(driven.app.screen_stack) == 1, "letters typed into the filter are no keys"
        await driven.press("enter", "j")
        kept = {row.key for row in rows.rows}
        expected = {
            row.decision_id
            for row in samples.snapshot().decisions
            if row.side == "buy" and row.reason != "quote" and row.notional is not None and row.notional > 80
        }
        assert kept == expected
        assert kept
        await asyncio.to_thread(desk.say, samples.snapshot(2, decisions=64))
        await seen(driven.pilot, lambda: "decision-63" in {row.key for row in rows.rows})
        assert "decision-62" not in {row.key for row in rows.rows}, "what comes later is held to it, too"
        await driven.press("escape")
        await driven.hides("/side:buy")
        assert len(rows.rows) > len(kept)


async def test_the_filter_names_its_fields_and_completes_them(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        rows = decisions(driven)
        listed = len(rows.rows)
        await driven.press("slash")
        await driven.shows("decided_by", "tab completes")
        await driven.press("e", "u")
        assert len(rows.rows) == listed, "a half-typed name hides nothing"
        await driven.press("tab", "8", "0", "enter")
        await driven.shows("/eure>80")
        amounts = {row.decision_id: row.notional for row in samples.snapshot().decisions}
        assert rows.rows
        assert all((amounts[row.key] or 0) > 80 for row in rows.rows)
        await driven.hides("tab completes")


async def test_what_is_typed_ahead_goes_into_the_filter(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        for letter in "/dw:":
            # As a terminal sends them in one piece, without waiting for the line to open.
            driven.app.post_message(events.Key({"/": "slash", ":": "colon"}.get(letter, letter), letter))
        await driven.shows("✗ no field dw;")
        assert len(driven.app.screen_stack) == 1


async def test_disarming_works_wherever_the_operator_is(desk: FakeDesk, link: DeskClient) -> None:
    places = {
        "a filter being typed": ("slash", "s"),
        "the palette": ("ctrl+p",),
        "the help": ("question_mark",),
        "a drill-down": ("enter",),
        "the limits": ("l",),
        "the pricing": ("p",),
        "the form of a withdrawal": ("w",),
        "the deposit addresses": ("d",),
        "the trading state": ("ctrl+t",),
        "the question of a hard stop": ("ctrl+o",),
        "quitting": ("q",),
        "a frozen view": ("space",),
    }
    async with cockpit(link) as driven:
        for place, keys in places.items():
            desk.asked.clear()
            await driven.press(*keys, "ctrl+x")
            await seen(driven.pilot, lambda: len(desk.asked) == 2)
            assert {verb for _, verb in desk.verbs()} == {"disarm"}, place
            while len(driven.app.screen_stack) > 1:
                await driven.press("escape")
                await driven.pilot.pause()
            await driven.press("escape")


async def test_disarming_works_in_a_terminal_too_small_for_anything_else(desk: FakeDesk, link: DeskClient) -> None:
    app = CockpitApp(link, paint_hz=30, clock=Clock())
    async with app.run_test(size=(40, 10)) as pilot:
        await seen(pilot, lambda: "strategy + executor ARMED" in screen_text(pilot))
        assert "too small for panels: 40×10 of 80×24" in screen_text(pilot)
        assert "^x DISARM" in screen_text(pilot)
        assert "Decisions" not in screen_text(pilot)
        await pilot.press("ctrl+x")
        await seen(pilot, lambda: len(desk.asked) == 2)
        await pilot.resize_terminal(*NARROW)
        await seen(pilot, lambda: "▸5 Dec" in screen_text(pilot) and "quoted" in screen_text(pilot))


async def test_disarming_works_while_the_app_is_busy(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        desk.held.clear()
        await driven.press("r", "r", "r")
        await seen(driven.pilot, lambda: len(desk.asked) >= 3)
        for number in range(40):
            await asyncio.to_thread(desk.say, samples.snapshot(number + 2, decisions=61 + number))
        await driven.press(*"jjjj", "ctrl+x")
        await seen(driven.pilot, lambda: sum(verb == "disarm" for _, verb in desk.verbs()) == 2)
        desk.held.set()


async def test_an_unavailable_action_stays_visible_with_its_reason(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await asyncio.to_thread(desk.stop)
        driven.clock.now += 10
        await driven.shows("✗^s Arm strategy", "✗^e Arm executor", "✗w Withdraw", "^x DISARM")
        await driven.press("w")
        await driven.shows(NO_CONNECTION)
        assert len(driven.app.screen_stack) == 1
        await driven.press("question_mark")
        await driven.shows(unavailable(NO_CONNECTION))


async def test_remapped_keys_are_shown_at_start_in_footer_help_and_palette(desk: FakeDesk, link: DeskClient) -> None:
    keys = remapped({"withdraw": "f6", "zoom": "t", "rows.open": "o", "disarm": "f9"})
    app = CockpitApp(link, paint_hz=30, clock=Clock(), keys=keys)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        driven = Driven(app, pilot, Clock())
        await driven.shows(f"zoom: t belongs to theme; {LINE_IGNORED}")
        app.clear_notifications()
        await driven.shows("f6 Withdraw")
        await driven.press("w")
        assert len(app.screen_stack) == 1
        await driven.press("f6")
        await driven.opens(messages.WITHDRAWALS_FROZEN)
        await closed(driven)
        await driven.press("o")
        await driven.opens("decision-60")
        await closed(driven)
        await driven.press("question_mark")
        await driven.opens("! f6")
        await driven.press("f9")
        await seen(pilot, lambda: len(desk.asked) == 2)
        await closed(driven)
        app.clear_notifications()
        await driven.press("9", "z")
        await driven.shows("zoom: t belongs to theme")


def test_no_key_map_is_the_usual_one() -> None:
    assert KeyMap().shown("disarm") == "^x"
