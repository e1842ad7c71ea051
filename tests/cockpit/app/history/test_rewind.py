"""A rewound board: the panels of then, clearly marked, stepped through by keys, and no command from it."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from cockpit.app.app import CockpitApp
from cockpit.app.availability import NOT_REWOUND
from cockpit.app.history.rewinding import EARNED, EARNED_AFTER_S
from cockpit.client.desk_client import DeskClient
from cockpit.model.recorded.board import UNKNOWN_THEN
from panels.dialogs import messages
from panels.dialogs.history import moment
from panels.dialogs.history.messages import NO_TRACE, NOT_KNOWN
from panels.dialogs.row_details import OPENS_TRACE
from panels.frame.rewind_bar import EDGE, keys_text
from panels.kit.keymap import KeyMap
from panels.kit.view import LIVE_AGAIN, to_the_ms
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, Clock, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.recorded import FakeHistory
from tests.support.cockpit.screen_waiting import screen_text, seen

NOW = samples.snapshot().at_ns
THEN_MID = "41,234.50"
LIVE_MID = "mid 98,432.15   ▼ ask"
"""In the panel; the status bar names it otherwise, and stays."""
LARGE = (200, 60)


async def rewound(driven: Driven, at_ns: int = NOW) -> None:
    """Rewind to the present, which the panels then show as it was."""
    await driven.press("R")
    await driven.shows(f"REWIND {to_the_ms(at_ns)}", f"live at {at_ns}")


@pytest.fixture
def history(desk: FakeDesk) -> FakeHistory:
    desk.current = samples.snapshot()
    return FakeHistory()


async def test_the_panels_show_then_and_esc_shows_now(desk: FakeDesk, link: DeskClient, history: FakeHistory) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        await driven.shows(LIVE_MID)
        await rewound(driven)
        await driven.shows(THEN_MID, "newest 60 decisions of the run", "Decisions · then", keys_text(KeyMap()))
        assert LIVE_MID not in driven.text
        assert driven.app.board.query(".panel.-rewound")
        await driven.press("escape")
        await driven.shows(LIVE_MID)
        await driven.hides("REWIND")
        assert not driven.app.board.query(".panel.-rewound")


async def test_each_key_steps_from_where_the_last_one_came(
    desk: FakeDesk, link: DeskClient, history: FakeHistory
) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        await rewound(driven)
        here = NOW
        for key, away in (
            ("right", 10**9),
            ("left", -(10**9)),
            ("full_stop", 7 * 10**6),
            ("comma", -7 * 10**6),
            ("f", 10**12),
            ("F", -(10**12)),
        ):
            here += away
            await driven.press(key)
            await driven.shows(f"REWIND {to_the_ms(here)}", f"live at {here}")
        history.held = True
        asked = len(history.asked)
        await driven.press("f", "f", "right")
        assert len(history.asked) == asked + 1
        history.at_edge = True
        history.release()
        await driven.shows(f"live at {here + 10**12}")
        await driven.press("f")
        history.release()
        await driven.shows(EDGE)


async def test_while_live_the_steps_say_so(desk: FakeDesk, link: DeskClient, history: FakeHistory) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        for key in ("f", "F", "comma", "full_stop"):
            await driven.press(key)
            await driven.shows(NOT_REWOUND)
            driven.app.clear_notifications()
        assert history.asked == []


@pytest.mark.parametrize("key", ["ctrl+s", "ctrl+e", "ctrl+t", "l", "p", "w", "d", "N", "r", "space", "s"])
async def test_no_command_comes_from_a_rewound_board(
    desk: FakeDesk, link: DeskClient, history: FakeHistory, key: str
) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        await rewound(driven)
        await driven.press(key)
        await driven.shows(LIVE_AGAIN)
        assert len(driven.app.screen_stack) == 1
        assert driven.app.rewinding.active
        assert desk.verbs() == []


async def test_stopping_works_at_once_on_the_live_desk(desk: FakeDesk, link: DeskClient, history: FakeHistory) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        await rewound(driven)
        await driven.press("ctrl+x")
        await seen(driven.pilot, lambda: bool(desk.verbs()))
        assert driven.app.rewinding.active
        await driven.press("ctrl+o")
        await driven.opens("Disarm and burn")
        assert not driven.app.rewinding.active


async def test_a_fault_of_the_live_desk_is_seen_over_a_rewound_board(
    desk: FakeDesk, link: DeskClient, history: FakeHistory
) -> None:
    desk.current = samples.snapshot()
    async with cockpit(link, NARROW, history=history) as driven:
        await driven.press("R")
        await driven.shows(f"REWIND {to_the_ms(NOW)}", "Decisions · then")
        desk.say(replace(samples.snapshot(2), history="down"))
        await driven.shows("! FAULT", "history is down", f"REWIND {to_the_ms(NOW)}")
        await driven.press("a")
        await driven.hides("! FAULT")
        assert driven.app.rewinding.active


async def test_what_is_not_recorded_is_unknown_then(desk: FakeDesk, link: DeskClient, history: FakeHistory) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        await rewound(driven)
        for key, title in (("3", "Interlocks"), ("4", "Health"), ("8", "Funds")):
            await driven.press(key)
            await driven.shows(f"{title} · unknown then", UNKNOWN_THEN)
            panel = next(one for one in driven.app.board.panels if one.id == driven.app.board.shown)
            assert panel.grid.rows == ()
        await driven.press("2")
        await driven.shows("Inventory · then", "committed")
        assert "pending in" not in driven.text
        await driven.press("9")
        await driven.shows("Log · then")
        assert "noticed" not in driven.text
        assert [row for row in driven.app.board.query_one("#log").grid.rows if not row.key.startswith("command/")] == []  # type: ignore[attr-defined]


async def test_what_was_earned_then_is_read_once_nobody_steps(
    desk: FakeDesk, link: DeskClient, history: FakeHistory
) -> None:
    async with cockpit(link, LARGE, history=history) as driven:
        await rewound(driven)
        await driven.press("right")
        await driven.shows(f"live at {NOW + 10**9}")
        assert not [one for one in history.asked if one[0] == "earned"]
        driven.clock.now += EARNED_AFTER_S
        await driven.shows(EARNED)
        started_ns = samples.snapshot().started_ns
        assert history.asked[-1] == ("earned", str(started_ns), str(NOW + 10**9))


async def test_a_moment_of_choice(desk: FakeDesk, link: DeskClient, history: FakeHistory) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        await driven.press("at")
        await driven.shows(moment.TITLE, moment.TAKES)
        await driven.press(*"tomorrow", "enter")
        await driven.shows("not a time")
        await driven.press(*(["backspace"] * 8), *"2025-10-08 14:30:15", "enter")
        await driven.shows("REWIND 2025-10-08 14:30:15.000 UTC")
        await driven.press("at", *"08:30", "enter")
        await driven.shows("REWIND 2025-10-08 08:30:00.000 UTC")
        await driven.press("at", *"1d", "enter")
        await driven.shows("REWIND 2025-10-07 08:30:00.000 UTC")
        await driven.press("at", *"2099-01-01", "enter")
        await driven.shows("has not come yet")
        await driven.press("escape")
        await driven.shows("REWIND 2025-10-07 08:30:00.000 UTC")


async def test_a_row_rewinds_to_its_moment(desk: FakeDesk, link: DeskClient, history: FakeHistory) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        await driven.press("5", "j", "j", "R")
        age_ms = samples.snapshot().decisions[1].age_ms
        await driven.shows(f"REWIND {to_the_ms(NOW - age_ms * 10**6)}")
        await driven.press("escape")
        await driven.hides("REWIND")
        await driven.press("H")
        await driven.shows("decisions0")
        await driven.press("down", "R")
        await driven.shows(f"REWIND {to_the_ms(10**18 - 1)}")
        assert len(driven.app.screen_stack) == 1


async def test_a_row_of_then_opens_and_stays_as_it_was(desk: FakeDesk, link: DeskClient, history: FakeHistory) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        await rewound(driven)
        await driven.press("5", "enter")
        await driven.opens("decided by", OPENS_TRACE)
        opened = driven.text
        desk.say(samples.empty(9))
        await seen(
            driven.pilot, lambda: driven.app.view_model.newest is not None and driven.app.view_model.newest.seq == 9
        )
        assert messages.ROW_IS_GONE not in driven.text
        assert opened.count("decided by") == driven.text.count("decided by")
        await driven.press("escape")
        await driven.shows("REWIND")


async def test_a_live_row_opens_its_trace_and_goes_on_live(
    desk: FakeDesk, link: DeskClient, history: FakeHistory
) -> None:
    shot = samples.snapshot()
    async with cockpit(link, WIDE, history=history) as driven:
        for key, row in (("5", shot.decisions[0]), ("6", shot.quotes[0]), ("7", shot.executions[0])):
            await driven.press(key, "g", "enter")
            await driven.opens(OPENS_TRACE)
            await driven.press("t")
            await driven.shows(f"Trace {row.quote_id}", "line 0")
            assert history.asked[-1] == ("trace", shot.run_id, row.quote_id)
            await driven.press("escape")
            await driven.shows(OPENS_TRACE)
            await driven.press("escape")
            await driven.hides(OPENS_TRACE)
        await driven.press("3", "enter")
        await driven.opens()
        await driven.press("t")
        await driven.shows(NO_TRACE)


async def test_a_trace_that_cannot_be_read_is_a_sentence(
    desk: FakeDesk, link: DeskClient, history: FakeHistory
) -> None:
    history.problem = "no quote decision-1 is recorded"
    async with cockpit(link, WIDE, history=history) as driven:
        await driven.press("5", "enter")
        await driven.opens(OPENS_TRACE)
        await driven.press("t")
        await driven.shows(history.problem)


async def test_a_late_answer_is_not_shown_after_esc(desk: FakeDesk, link: DeskClient, history: FakeHistory) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        await rewound(driven)
        history.held = True
        await driven.press("f", "escape")
        await driven.hides("REWIND")
        history.release()
        await driven.press("2")
        await driven.shows(LIVE_MID)
        assert not driven.app.rewinding.active


async def test_what_cannot_be_read_leaves_the_board_as_it_is(
    desk: FakeDesk, link: DeskClient, history: FakeHistory
) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        await rewound(driven)
        history.problem = "there is no history /nowhere"
        await driven.press("right")
        await driven.shows(history.problem, f"live at {NOW}")
        history.problem = ""
        await driven.press("right")
        await driven.shows(f"live at {NOW + 10**9}")


async def test_a_chart_of_another_time_is_read_anew(desk: FakeDesk, link: DeskClient, history: FakeHistory) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        await rewound(driven)
        await driven.press("minus")
        await driven.shows("chart 15 min")
        assert history.asked[-1] == ("board", str(NOW), "", "0", "900")


async def test_a_row_that_had_not_come_yet_does_not_stay(
    desk: FakeDesk, link: DeskClient, history: FakeHistory
) -> None:
    async with cockpit(link, WIDE, history=history) as driven:
        await driven.press("5", "j", "j", "j")
        live = {row.decision_id for row in samples.snapshot().decisions}
        await rewound_from_row(driven)
        grid = driven.app.board.query_one("#decisions").grid  # type: ignore[attr-defined]
        await seen(driven.pilot, lambda: bool(grid.rows))
        assert {row.key for row in grid.rows} <= live
        assert grid.following


async def rewound_from_row(driven: Driven) -> None:
    await driven.press("R")
    await driven.shows("REWIND")


async def test_without_a_history_the_key_says_so(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.snapshot()
    async with cockpit(link, WIDE) as driven:
        await driven.press("R")
        await driven.shows(NOT_KNOWN)


async def test_without_a_desk_a_moment_is_shown_all_the_same(tmp_path: Path) -> None:
    link = DeskClient(tmp_path / "none.sock", actor="ops", new_id=lambda: "id", timeout_s=1.0)
    history = FakeHistory()
    app = CockpitApp(link, paint_hz=30, clock=Clock(), wall_ns=lambda: NOW, history=history)
    async with app.run_test(size=WIDE, notifications=True) as pilot:
        await seen(pilot, lambda: "connecting to the desk" in screen_text(pilot))
        await pilot.press("R")
        await seen(pilot, lambda: f"live at {NOW}" in screen_text(pilot))
        assert THEN_MID in screen_text(pilot)
        await pilot.press("escape")
        await seen(pilot, lambda: "connecting to the desk" in screen_text(pilot))
