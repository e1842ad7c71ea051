"""Lists as the operator arranges them: times, order, columns; and what the next cockpit still knows of it."""

from pathlib import Path

import pytest

from cockpit.app.app import CockpitApp
from cockpit.app.terminal.options import TerminalOptions, colours_of
from cockpit.app.terminal.preferences import MAX_BYTES, Preferences, PreferencesFile, theme_at_start
from cockpit.client.desk_client import DeskClient
from cockpit.model.formatting import utc_time
from panels.dialogs import messages
from panels.kit.rows.arrangement import Arrangement
from panels.kit.rows.cells import Cell, Column, GridRow
from panels.kit.rows.grid import LiveGrid
from panels.kit.rows.ordering import order_key, ordered
from panels.kit.theme import NAMES
from panels.views.decisions import DecisionsPanel
from panels.views.fills import FillsPanel
from tests.support.cockpit import samples
from tests.support.cockpit.driven import WIDE, Clock, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

NUMBERS, WORDS = Column("n", 5, "right"), Column("w", 5)


def rows_of(driven: Driven, ident: str) -> LiveGrid:
    return driven.app.screen_stack[0].query_one(f"#{ident}-grid", LiveGrid)


@pytest.mark.parametrize(
    ("texts", "column"),
    [
        (["1,000.5", "20", "3", "–"], NUMBERS),
        (["2d01h", "3h00m", "5m10s", "59s", ""], NUMBERS),
        (["+4.0", "0.5", "−1.0", "-3"], NUMBERS),
        (["zebra", "Ant", ""], WORDS),
    ],
)
def test_rows_are_ordered_by_what_a_column_says(texts: list[str], column: Column) -> None:
    rows = [GridRow(text, (Cell(text),)) for text in reversed(texts)]
    assert [row.key for row in ordered(rows, (column,), 0, up=False)] == texts
    known = [row.key for row in ordered(rows, (column,), 0, up=True)]
    unknown = [text for text in texts if not order_key(text, column)[0]]
    assert known == [text for text in reversed(texts) if text not in unknown] + unknown, "the unknown are always last"


async def test_times_take_the_place_of_ages(desk: FakeDesk, link: DeskClient) -> None:
    shot = samples.snapshot()
    when = utc_time(shot.at_ns - shot.decisions[0].age_ms * 1_000_000).removesuffix(" UTC")
    async with cockpit(link) as driven:
        rows = rows_of(driven, "decisions")

        def shows_times() -> bool:
            return any(when in cells for _, _, cells in rows.visible_texts())

        assert not shows_times()
        await driven.press("U")
        await seen(driven.pilot, shows_times)
        await driven.press("U")
        await seen(driven.pilot, lambda: not shows_times())
        await driven.press("enter")
        await driven.opens(f"{when}.", "UTC, ")
        await driven.press("escape", "z")
        await seen(driven.pilot, shows_times)


async def test_a_list_is_ordered_by_its_columns_and_back(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        grid = rows_of(driven, "decisions")
        await seen(driven.pilot, lambda: bool(grid.rows))
        newest_first = [row.key for row in grid.rows]
        await driven.press("b")
        await driven.shows("by age ▾")
        assert [row.key for row in grid.rows] == newest_first[::-1]
        while "by EURe ▾" not in driven.text:
            await driven.press("b")
        amounts = [row.notional for row in samples.snapshot().decisions if row.notional is not None]
        await driven.shows(f"{max(amounts):,.2f}")
        assert grid.rows[0].cells[3].text == f"{max(amounts):,.2f}"
        await driven.press("B")
        await driven.shows("by EURe ▴")
        assert grid.rows[0].cells[3].text == f"{min(amounts):,.2f}"
        for _ in grid.columns:
            await driven.press("b")
            if "▾" not in driven.text:
                break
        assert [row.key for row in grid.rows] == newest_first


async def test_a_list_is_ordered_by_columns_that_are_seen(desk: FakeDesk, link: DeskClient) -> None:
    """At 120×40 the fills have no room for times, edges and balances, by which an order would tell nothing."""
    async with cockpit(link) as driven:
        await driven.press("7")
        grid = rows_of(driven, "executions")
        await seen(driven.pilot, lambda: bool(grid.rows and grid.visible_texts()))
        arranger = driven.app.board.query_one(FillsPanel).arranger
        found = []
        for _ in grid.columns:
            await driven.press("b")
            if not arranger.label:
                break
            found.append(arranger.arrangement.by)
        assert found == ["age", "side", "BTC", "EURe", "EUR/BTC", "markout"]


async def test_columns_are_left_out_and_one_stays(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.shows("EUR/BTC")
        await driven.press("c")
        await driven.opens("Columns of Decisions", messages.SPACE_TOGGLES)
        titles = driven.app.board.query_one(DecisionsPanel).arranger.titles
        for _ in titles:
            await driven.press("space", "down")
        await driven.press("up", "space")
        await driven.shows(messages.LAST_COLUMN) if "✓" not in driven.boxed else None
        left = driven.app.board.query_one(DecisionsPanel).arranger.arrangement.left_out
        assert len(left) < len(titles)
        await driven.press("escape")
        await seen(driven.pilot, lambda: len(driven.app.screen_stack) == 1)
        driven.clock.now += 1


async def test_a_list_that_was_left_follows_again(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        grid = rows_of(driven, "decisions")
        await driven.press("j", "j", "j")
        assert not grid.following
        await driven.press("6")
        assert grid.following
        await driven.press("5", "enter")
        await driven.opens("decision-60")
        await driven.press("escape")
        await seen(driven.pilot, lambda: grid.following)
        await driven.press("j", "j", "enter")
        await driven.opens("decision-59")
        await driven.press("escape")
        await seen(driven.pilot, lambda: len(driven.app.screen_stack) == 1)
        assert not grid.following, "whoever walks down the rows goes on from the one that was read"


async def test_the_number_once_more_gives_a_shared_place_back(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("9", "5")
        assert "log" in driven.app.board.picked
        await driven.press("9", "9")
        assert driven.app.board.shown == "executions"
        await driven.press("5")
        assert "log" not in driven.app.board.picked


async def test_what_was_chosen_is_there_in_the_next_cockpit(desk: FakeDesk, link: DeskClient, tmp_path: Path) -> None:
    path = tmp_path / "state" / "cockpit.json"
    app = CockpitApp(link, paint_hz=30, clock=Clock(), preferences=PreferencesFile(path))
    async with app.run_test(size=WIDE) as pilot:
        driven = Driven(app, pilot, Clock())
        await driven.shows("Decisions")
        await driven.press("t", "9", "U", "b", "z", "q")
        await driven.opens("Leave the desk running")
    assert path.stat().st_mode & 0o777 == 0o600
    kept = PreferencesFile(path).read()
    assert kept == Preferences(
        theme="light",
        panel="log",
        picked=kept.picked,
        zoomed=True,
        times="times",
        lists={"log": Arrangement(by="UTC")},
    )
    assert "log" in kept.picked
    again = DeskClient(desk.path, actor="ops", new_id=lambda: "x")
    app = CockpitApp(again, paint_hz=30, clock=Clock(), preferences=PreferencesFile(path))
    async with app.run_test(size=WIDE) as pilot:
        driven = Driven(app, pilot, Clock())
        await driven.shows("▸9 Log", "by UTC ▾")
        assert app.theme == NAMES["light"]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[1]",
        b'{"theme": 4}',
        b'{"theme": "chequered", "panel": "nowhere", "picked": ["x"], "lists": {"zz": {"by": "a"}}}',
        b'{"lists": {"log": {"by": "\\u001b[2J"}}}',
        b'{"lists": {"log": {"left_out": ["' + b"a" * 300 + b'"]}}}',
        b'{"picked": ["' + b"log" * MAX_BYTES + b'"]}',
        b"\xff\xfe",
    ],
)
def test_a_file_that_says_nonsense_is_none(raw: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cockpit.json"
    path.write_bytes(raw)
    assert PreferencesFile(path).read() == Preferences()
    assert PreferencesFile(tmp_path / "missing" / "cockpit.json").read() == Preferences()


def test_a_directory_that_takes_no_file_loses_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    PreferencesFile(tmp_path / "file" / "cockpit.json").write(Preferences(theme="light"))


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"TERM": "linux"}, 16),
        ({"TERM": "vt100"}, 16),
        ({"TERM": "screen"}, 16),
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "linux", "COLORTERM": "truecolor"}, 1 << 24),
        ({"TERM": "dumb"}, 0),
        ({}, 16),
    ],
)
def test_the_terminal_names_its_colours(environ: dict[str, str], colours: int) -> None:
    assert colours_of(environ) == colours


@pytest.mark.parametrize(
    ("named", "remembered", "colours", "theme"),
    [
        ("", "", 256, "dark"),
        ("", "light", 256, "light"),
        ("colour-blind", "light", 256, "colour-blind"),
        ("", "light", 16, "16"),
        ("dark", "", 16, "16"),
        ("plain", "", 16, "plain"),
        ("", "", 0, "plain"),
        ("bogus", "light", 256, "light"),
    ],
)
def test_the_theme_at_the_start(named: str, remembered: str, colours: int, theme: str) -> None:
    chosen, problem = theme_at_start(named, remembered, colours)
    assert chosen == theme
    assert ("bogus" in problem) == (named == "bogus")


async def test_sixteen_colours_are_chosen_and_a_wrong_name_is_said(desk: FakeDesk, link: DeskClient) -> None:
    app = CockpitApp(link, paint_hz=30, clock=Clock(), options=TerminalOptions(theme="bogus", colours=16))
    async with app.run_test(size=WIDE) as pilot:
        await Driven(app, pilot, Clock()).shows("no theme bogus; there are dark")
        assert app.theme == NAMES["16"]
