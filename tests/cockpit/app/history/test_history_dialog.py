"""The history dialog: pages back, lists, searches, traces and reports, by its keys."""

from pathlib import Path

import pytest

from cockpit.app.history.reading import HistoryReading
from cockpit.client.desk_client import DeskClient
from panels.dialogs import messages as dialog_messages
from panels.dialogs.history import history as dialog
from panels.dialogs.history import messages
from panels.dialogs.history.history import HistoryDialog
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.recorded import PER_PAGE, FakeHistory
from tests.support.cockpit.screen_waiting import seen
from tests.support.history import small_history as small
from venue.protocol.tokens import DEFAULT_TOKENS


async def opened(driven: Driven, *first: str) -> HistoryDialog:
    await driven.press(*first, "H")
    await seen(driven.pilot, lambda: isinstance(driven.app.screen, HistoryDialog))
    screen = driven.app.screen
    assert isinstance(screen, HistoryDialog)
    await driven.shows("History")
    return screen


async def test_it_opens_on_the_list_of_the_panel_and_the_numbers_change_it(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory()
    async with cockpit(link, WIDE, history=history) as driven:
        await opened(driven, "9")
        await driven.shows("journal0", "[journal]")
        await driven.press("1")
        await driven.shows("fills0", "EUR/BTC", "[fills]")
        await driven.press("4")
        await driven.shows("funds0", "status")
        await driven.press("escape")
        await driven.hides("funds0")
        assert [asked[0] for asked in history.asked] == ["journal", "fills", "funds"]


async def test_the_last_row_reads_older_ones_until_the_start(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory(rows=70)
    async with cockpit(link, NARROW, history=history) as driven:
        screen = await opened(driven, "7")
        await driven.shows(f"{PER_PAGE} rows")
        await driven.press("end")
        await driven.shows("60 rows", f"fills{PER_PAGE - 1}")
        await driven.press("G")
        await driven.shows("70 rows", messages.START)
        await driven.press("n", "down")
        assert [asked[2] for asked in history.asked] == ["0", "30", "60"]
        await driven.press("end")
        await driven.shows("fills69")
        await driven.press("g", "down")
        assert screen.grid.cursor == 1


async def test_one_page_is_read_at_a_time(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory()
    async with cockpit(link, WIDE, history=history) as driven:
        await opened(driven, "7")
        await driven.shows("30 rows")
        history.held = True
        await driven.press("n", "n", "n", "end")
        await driven.shows(messages.READING)
        assert len(history.asked) == 2
        history.release()
        await driven.shows("60 rows")


async def test_an_answer_to_an_earlier_question_is_not_shown(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory()
    history.held = True
    async with cockpit(link, WIDE, history=history) as driven:
        await opened(driven, "7")
        await driven.press("3")
        await driven.shows("[decisions]")
        history.release()
        await driven.shows("decisions0")
        assert "fills0" not in driven.text
        await driven.press("2", "escape")
        await driven.hides("History")
        history.release()
        await driven.shows("Decisions")


async def test_a_row_opens_its_trace_and_its_day(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory()
    async with cockpit(link, WIDE, history=history) as driven:
        await opened(driven, "7")
        await driven.shows("fills0")
        await driven.press("down", "enter")
        await driven.shows("Trace quote-1", "line 0", dialog_messages.ESC_BACK)
        await driven.press("end")
        await driven.shows("line 79")
        await driven.press("escape")
        await driven.shows("fills0")
        await driven.press("o")
        await driven.shows("Report 2001-09-09", "2001-09-09 00:00:00 UTC")
        assert [asked[:2] for asked in history.asked[-2:]] == [("trace", "run-1"), ("report", str(10**18 - 1))]
        await driven.press("escape", "4")
        await driven.shows("funds0")
        await driven.press("enter")
        await driven.shows(messages.NO_TRACE)


async def test_its_keys_are_written_under_it_and_wrong_ones_are_answered(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, WIDE, history=FakeHistory()) as driven:
        await opened(driven, "7")
        await driven.shows(*messages.KEYS, dialog_messages.ESC_CLOSES)
        await driven.press("f7")
        await driven.shows(dialog_messages.does_nothing("f7"))
        await driven.press("down", "ctrl+x")
        await driven.shows("fills1")
        await driven.press("q")
        await driven.hides("fills1")


async def test_what_is_looked_for_is_typed_and_dropped_by_escape(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory()
    async with cockpit(link, WIDE, history=history) as driven:
        await opened(driven, "7")
        await driven.shows("fills0")
        await driven.press("slash", *"sell 12n", "enter")
        await driven.shows("· sell 12n")
        assert history.asked[-1] == ("fills", "sell 12n", "0")
        await driven.press("slash", "escape")
        await driven.shows("· sell 12n")
        await driven.press("escape")
        await driven.hides("· sell 12n")
        assert history.asked[-1] == ("fills", "", "0")
        await driven.press("escape")
        await driven.hides("History")


async def test_a_recorded_history_is_read_in_a_thread_and_what_it_opens_closes(
    desk: FakeDesk, link: DeskClient, tmp_path: Path
) -> None:
    desk.current = samples.disarmed()
    path = await small.write(tmp_path / "history.sqlite")
    async with cockpit(link, WIDE, history=HistoryReading(lambda: (path, DEFAULT_TOKENS))) as driven:
        await opened(driven, "7")
        await driven.shows("49,900.00", "2 rows")
        opens = {"enter": "Trace quote-b", "o": "Report 2026-09-21"}
        for key, words in opens.items():
            await driven.press(key)
            await driven.shows(words)
            await driven.press("escape")
            await driven.hides(words)
        await driven.press("R")
        await driven.shows("REWIND 2026-09-21 14:13:40.000", "strategy ARMED", "0 live then")
        await driven.press("left")
        await driven.shows("14:13:39.999", "1 live then")


async def test_what_cannot_be_read_is_one_sentence(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory()
    history.problem = "there is no history /nowhere/history.sqlite"
    async with cockpit(link, NARROW, history=history) as driven:
        await opened(driven, "7")
        await driven.shows("there is no history /nowhere/history.sqlite")
        await driven.press("n", "enter", "o", "end")
        assert len(history.asked) == 1


async def test_so_many_rows_are_kept_and_no_more(
    desk: FakeDesk, link: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.current = samples.disarmed()
    history = FakeHistory(rows=200)
    monkeypatch.setattr(dialog, "MOST_ROWS", 40)
    async with cockpit(link, NARROW, history=history) as driven:
        await opened(driven, "7")
        await driven.shows("30 rows")
        await driven.press("n")
        await driven.shows("40 rows")
        await driven.press("n")
        await driven.shows(messages.limit_reached(40))
        assert len(history.asked) == 2


async def test_without_a_history_the_key_says_so(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, WIDE) as driven:
        await driven.press("H")
        await driven.shows(messages.NOT_KNOWN)
