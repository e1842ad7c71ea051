"""The report of a day in its dialog: whole at every size, by its keys, and drawn again for another width."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from rich.cells import cell_len
from textual.strip import Strip

from bench import reading as reading_bench
from cockpit.app.history.reading import HistoryReading
from cockpit.client.desk_client import DeskClient
from cockpit.model.formatting import number
from cockpit.model.recorded.report import RecordedReport
from cockpit.reports.figures import TradingReport
from cockpit.reports.trading_report import trading_report
from cockpit.terminal_reports import day_report as module
from cockpit.terminal_reports.terminal_charts import TITLES
from panels.dialogs import messages as dialog_messages
from panels.dialogs.history import messages
from panels.dialogs.history.day_report import DayReportDialog
from panels.kit.theme import THEMES, styles
from storage.reader import Reader, Span
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.recorded import FakeHistory
from tests.support.cockpit.screen_waiting import seen
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from tests.support.waiting import PATIENCE_S
from venue.protocol.tokens import DEFAULT_TOKENS, TokenTable

LARGE = (200, 60)
DAY_NS = 86_400 * 10**9
AT_NS = 10**18 - 1
"""The moment of the row from which the report is opened."""


@asynccontextmanager
async def reported(
    desk: FakeDesk, link: DeskClient, size: tuple[int, int], history: FakeHistory, *, held: bool = False
) -> AsyncIterator[tuple[Driven, DayReportDialog]]:
    desk.current = samples.disarmed()
    async with cockpit(link, size, history=history) as driven:
        await driven.press("7", "H")
        await driven.opens("fills0")
        history.held = held
        await driven.press("down", "o")
        await seen(driven.pilot, lambda: isinstance(driven.app.screen, DayReportDialog))
        dialog = driven.app.screen
        assert isinstance(dialog, DayReportDialog)
        yield driven, dialog


def lines_of(dialog: DayReportDialog) -> list[str]:
    return ["".join(cell.text for cell in line) for line in dialog.lines.shown]


@pytest.mark.parametrize("size", [NARROW, WIDE, LARGE], ids=str)
async def test_no_line_is_cut_and_the_charts_take_the_width(
    desk: FakeDesk, link: DeskClient, size: tuple[int, int]
) -> None:
    async with reported(desk, link, size, FakeHistory()) as (driven, dialog):
        await driven.shows("2001-09-09 00:00:00 UTC", TITLES["trading"])
        room = dialog.lines.size.width
        assert room == size[0] - 5
        widths = [cell_len(line.rstrip()) for line in lines_of(dialog)]
        assert room - 1 <= max(widths) <= room
        for title in ("Quotes", "Inventory", "P&L, EURe", "By partner", "Notes of operators", *TITLES.values()):
            assert any(title in line for line in lines_of(dialog))
        await driven.press("end")
        await seen(driven.pilot, lambda: dialog.scroll_part.scroll_y == dialog.scroll_part.max_scroll_y)
        await driven.shows("exposure")


async def test_its_keys_are_written_under_it_and_scroll(desk: FakeDesk, link: DeskClient) -> None:
    async with reported(desk, link, NARROW, FakeHistory()) as (driven, dialog):
        await driven.shows(TITLES["trading"], messages.OTHER_DAYS, messages.TABLES, dialog_messages.ESC_BACK)
        await driven.shows(dialog_messages.SCROLLS)
        scroll = dialog.scroll_part

        async def leads(key: str, line: int) -> None:
            await driven.press(key)
            await seen(driven.pilot, lambda: scroll.scroll_y == line)

        assert dialog.report is not None
        page = scroll.size.height - 1
        await leads("pagedown", page)
        await leads("pageup", 0)
        await leads("down", 1)
        await leads("j", 2)
        await leads("k", 1)
        await leads("t", dialog.report.fitted.tables_at)
        await driven.shows("requests 184,223")
        await leads("home", 0)
        await leads("end", scroll.max_scroll_y)
        await leads("g", 0)
        await leads("G", scroll.max_scroll_y)
        await driven.press("f7")
        await driven.shows(dialog_messages.does_nothing("f7"))
        await driven.press("q")
        await driven.opens("fills0")


async def test_wide_ones_name_every_key(desk: FakeDesk, link: DeskClient) -> None:
    async with reported(desk, link, WIDE, FakeHistory()) as (driven, _):
        await driven.shows(
            messages.OTHER_DAYS, messages.TABLES, messages.PAGES, dialog_messages.SCROLLS, dialog_messages.ESC_BACK
        )


async def test_a_resize_draws_the_same_report_again_and_reads_nothing(desk: FakeDesk, link: DeskClient) -> None:
    history = FakeHistory()
    async with reported(desk, link, NARROW, history) as (driven, dialog):
        await driven.shows(TITLES["trading"])
        for size in (LARGE, (60, 30), WIDE):
            await driven.pilot.resize_terminal(*size)
            await seen(driven.pilot, lambda: dialog.report is not None and dialog.report.fitted.width == size[0] - 5)  # noqa: B023
            assert all(cell_len(line.rstrip()) <= size[0] - 5 for line in lines_of(dialog))
            await driven.shows(TITLES["trading"])
        asked = [asked[0] for asked in history.asked if asked[0] in ("report", "fit")]
        assert asked[:1] == ["report"]
        assert set(asked[1:]) == {"fit"}


async def test_a_resize_while_it_is_drawn_is_not_lost(desk: FakeDesk, link: DeskClient) -> None:
    history = FakeHistory()
    async with reported(desk, link, NARROW, history) as (driven, dialog):
        await driven.shows(TITLES["trading"])
        history.held = True
        await driven.pilot.resize_terminal(100, 30)
        await seen(driven.pilot, lambda: ("fit", "95") in history.asked)
        await driven.pilot.resize_terminal(*WIDE)
        await seen(driven.pilot, lambda: dialog.lines.size.width == 115)
        assert ("fit", "115") not in history.asked
        history.held = False
        history.release()
        await seen(driven.pilot, lambda: dialog.report is not None and dialog.report.fitted.width == 115)


async def test_it_goes_on_to_the_days_beside_it(desk: FakeDesk, link: DeskClient) -> None:
    history = FakeHistory()
    async with reported(desk, link, WIDE, history) as (driven, _):
        await driven.shows("Report 2001-09-09", "2001-09-09 00:00:00 UTC")
        await driven.press("left")
        await driven.shows("Report 2001-09-08", "2001-09-08 00:00:00 UTC")
        await driven.press("right")
        await driven.shows("Report 2001-09-09", "2001-09-09 00:00:00 UTC")
        history.held = True
        await driven.press("right", "right")
        await driven.shows(messages.READING)
        assert [asked[1] for asked in history.asked if asked[0] == "report"] == [
            str(AT_NS + days * DAY_NS) for days in (0, -1, 0, 1)
        ]
        history.release()
        await driven.shows("Report 2001-09-10")
        await driven.hides(messages.READING)
        history.held, history.problem = False, "the history is gone"
        await driven.press("left")
        await driven.shows("the history is gone", "Report 2001-09-10")
        await driven.press("escape")
        await driven.opens("fills0")


async def test_it_opens_at_once_and_says_why_there_is_nothing(desk: FakeDesk, link: DeskClient) -> None:
    history = FakeHistory()
    async with reported(desk, link, NARROW, history, held=True) as (driven, _):
        await driven.shows("Report 2001-09-09", messages.READING)
        history.problem = "there is no history /nowhere"
        history.release()
        await driven.shows(history.problem)
        history.problem, history.held = "", False
        await driven.press("left")
        await driven.shows("2001-09-08 00:00:00 UTC")
        await driven.hides("there is no history")


async def test_a_dialog_that_was_left_takes_no_answer(desk: FakeDesk, link: DeskClient) -> None:
    history = FakeHistory()
    async with reported(desk, link, NARROW, history, held=True) as (driven, _):
        await driven.shows(messages.READING)
        await driven.press("escape")
        await driven.opens("fills0")
        history.release()
        await asyncio.sleep(0)
        await driven.shows("fills0")


@pytest.mark.parametrize("theme", [theme.name for theme in THEMES])
async def test_the_curve_has_the_colour_of_the_theme(desk: FakeDesk, link: DeskClient, theme: str) -> None:
    async with reported(desk, link, NARROW, FakeHistory()) as (driven, dialog):
        await driven.shows(TITLES["trading"])
        driven.app.theme = theme
        accent = styles(theme)["accent"].color

        def coloured() -> bool:
            strips = [dialog.lines.render_line(y) for y in range(3, 14)]
            dots = [part for strip in strips for part in strip if any(ord(one) >= 0x2800 for one in part.text)]
            assert dots
            return all(part.style is not None and (accent is None or part.style.color == accent) for part in dots)

        await seen(driven.pilot, coloured)


async def test_a_key_draws_no_more_lines_than_there_is_room_for(
    desk: FakeDesk, link: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reported(desk, link, NARROW, FakeHistory()) as (driven, dialog):
        await driven.shows(TITLES["trading"])
        drawn: list[int] = []
        render = dialog.lines.render_line

        def rendered(y: int) -> Strip:
            drawn.append(y)
            return render(y)

        monkeypatch.setattr(dialog.lines, "render_line", rendered)
        await driven.press("end")
        await driven.shows("exposure")
        assert len(lines_of(dialog)) > 150
        assert 0 < len(set(drawn)) <= 2 * dialog.scroll_part.size.height


async def test_the_board_is_painted_while_a_report_is_read(
    desk: FakeDesk, link: DeskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.current = samples.disarmed()
    path = await small.write(tmp_path / "history.sqlite")
    painted = threading.Event()
    threads: list[threading.Thread] = []

    def slow_report(reader: Reader, span: Span, tokens: TokenTable) -> TradingReport:
        threads.append(threading.current_thread())
        assert painted.wait(PATIENCE_S)
        return trading_report(reader, span, tokens)

    monkeypatch.setattr(module, "trading_report", slow_report)
    async with cockpit(link, NARROW, history=HistoryReading(lambda: (path, DEFAULT_TOKENS))) as driven:
        await driven.press("7", "H")
        await driven.shows("2 rows")
        await driven.press("o")
        await driven.shows(messages.READING)
        await seen(driven.pilot, lambda: bool(threads))
        for mid in ("91111.11", "92222.22", "93333.33"):
            market = msgspec.structs.replace(desk.current.market, mid=Decimal(mid))
            desk.say(msgspec.structs.replace(desk.current, seq=desk.current.seq + 1, market=market))
            await driven.shows(number(Decimal(mid), 2))
        assert messages.READING in driven.text
        painted.set()
        await driven.shows(TITLES["trading"])
    assert threads[0] is not threading.main_thread()


@pytest.mark.slow
async def test_a_day_of_100_000_fills_leaves_the_loop_its_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By turns and not by seconds: a report on the loop would leave it none."""
    monkeypatch.setattr(reading_bench, "START_NS", NOW // DAY_NS * DAY_NS)
    monkeypatch.setattr(reading_bench, "APART_NS", DAY_NS // 410_000)
    monkeypatch.setattr(reading_bench, "SETTLED_EVERY", 2)
    path = tmp_path / "history.sqlite"
    await reading_bench.build(path, 1_334_000)
    came: asyncio.Future[RecordedReport | str] = asyncio.get_running_loop().create_future()
    HistoryReading(lambda: (path, DEFAULT_TOKENS)).day_report(NOW, 75, came.set_result)
    turns = 0
    while not came.done():
        await asyncio.sleep(0.01)
        turns += 1
    report = came.result()
    assert isinstance(report, RecordedReport)
    lines = ["".join(part.text for part in line) for line in report.fitted.lines]
    assert any(line.startswith("both") and "100,0" in line for line in lines)
    assert len(lines) < 200
    assert turns > 50
