"""No text of a list is cut while another of its columns is empty or wider than its own texts."""

import asyncio

import pytest
from msgspec.structs import replace

from cockpit.client.desk_client import DeskClient
from cockpit.desk.interlocks.checklist import checklist
from cockpit.desk.interlocks.measures import InterlockFacts
from panels.kit.labels import part_name
from panels.kit.rows.grid import LiveGrid
from panels.views.interlocks import measured
from tests.support.cockpit import samples
from tests.support.cockpit.driven import WIDE, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen
from tests.support.desk.interlock_facts import PASSING

WIDEST = (200, 60)
LISTS = ("interlocks", "health", "decisions", "quotes", "executions", "deposits", "log")


@pytest.mark.parametrize("size", [WIDE, WIDEST], ids=["120x40", "200x60"])
async def test_no_text_is_cut_beside_an_empty_column(desk: FakeDesk, link: DeskClient, size: tuple[int, int]) -> None:
    async with cockpit(link, size) as driven:
        for ident in LISTS:
            await driven.app.run_action(f"jump('{ident}')")
            grid = driven.app.screen.query_one(f"#{ident}-grid", LiveGrid)
            await seen(driven.pilot, lambda grid=grid: bool(grid.size.width and grid.rows))  # type: ignore[misc]
            await driven.pilot.pause()
            shown = {column.title or index: cells for index, column, cells in grid.visible_texts()}
            cut = {title for title, cells in shown.items() if any("…" in cell[-1:] for cell in cells)}
            idle = {title for title, cells in shown.items() if not any(cell.strip() for cell in cells)}
            assert not cut or not idle, f"{ident}: {cut} cut beside {idle}"


LONGEST = (
    PASSING,
    replace(PASSING, available=None, pending_known=False, addresses=("BTC",), salt_age_ms=None, unexplained_ms=None),
)
"""Facts of which the measures make their longest texts, but for those that end in somebody else's words."""


@pytest.mark.parametrize("facts", LONGEST, ids=["passing", "unknown"])
async def test_no_measured_value_is_cut_while_another_column_has_room(
    desk: FakeDesk, link: DeskClient, facts: InterlockFacts
) -> None:
    rows = checklist(facts)
    desk.current = replace(samples.snapshot(), interlocks=rows)
    async with cockpit(link, WIDEST) as driven:
        grid = driven.app.screen.query_one("#interlocks-grid", LiveGrid)
        await seen(driven.pilot, lambda: bool(grid.size.width and grid.rows))
        await driven.pilot.pause()
        columns = {column.title: cells for _, column, cells in grid.visible_texts()}
        shown = " ".join(cell.strip() for cell in columns["measured"])
        wide = len(columns["measured"][0])
        cut = [row for row in rows if measured(row) not in shown]
        assert [row for row in cut if not row.passed or row.warning or len(measured(row)) <= wide] == []
        # What is wanted is static, and in the details: it comes where it cuts nothing that was measured.
        assert "wanted" not in columns
        await driven.press("3", "z")
        await driven.shows("wanted")


REASON = "this reason of the venue has thirteen words, and none of them is cut"


@pytest.mark.parametrize("size", [WIDE, WIDEST], ids=["120x40", "200x60"])
async def test_a_reason_that_is_too_long_goes_on_below(desk: FakeDesk, link: DeskClient, size: tuple[int, int]) -> None:
    rows = list(samples.snapshot().interlocks)
    reason = REASON if size == WIDE else f"{REASON}; {REASON}"
    rows[1] = replace(rows[1], passed=False, measured=reason)
    desk.current = replace(samples.snapshot(), interlocks=tuple(rows))
    async with cockpit(link, size) as driven:
        grid = driven.app.screen.query_one("#interlocks-grid", LiveGrid)
        await seen(driven.pilot, lambda: reason in " ".join(_texts(grid, "measured", 1, 5)))
        assert [row.key for row in grid.rows] == [row.ident for row in rows]
        # The cursor goes from row to row, all lines of one marked, and a row opens from any.
        await driven.press("3", "j", "j", "j")
        assert grid.cursor_key == rows[2].ident
        await driven.press("k")
        assert grid.cursor_key == rows[1].ident
        await driven.press("enter")
        await driven.opens(reason)


async def test_an_interlock_that_passes_is_one_line_and_opens_in_full(desk: FakeDesk, link: DeskClient) -> None:
    green, reason = checklist(PASSING), f"{REASON}; {REASON}"
    long = replace(green[1], measured=reason)
    desk.current = replace(samples.snapshot(), interlocks=(green[0], long, *green[2:]))
    async with cockpit(link) as driven:
        grid = driven.app.screen.query_one("#interlocks-grid", LiveGrid)
        await seen(driven.pilot, lambda: "✓" in _texts(grid, "", 0, 1))
        assert "" not in _texts(grid, "interlock", 0, grid.size.height)
        await driven.press("3", "j", "j", "enter")
        await driven.opens(reason)
        await driven.press("escape")
        warning = replace(samples.snapshot(2), interlocks=(green[0], replace(long, warning=True), *green[2:]))
        await asyncio.to_thread(desk.say, warning)
        await seen(driven.pilot, lambda: "" in _texts(grid, "interlock", 0, grid.size.height))


def _texts(grid: LiveGrid, title: str, first: int, last: int) -> list[str]:
    return [text.strip() for _, column, texts in grid.visible_texts() if column.title == title for text in texts][
        first:last
    ]


async def test_the_column_of_what_closes_is_there_while_something_does(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, WIDEST) as driven:
        assert "closes" not in driven.text
        red = replace(samples.snapshot(2).interlocks[0], passed=False, grace_left_ms=8_000)
        desk.say(replace(samples.snapshot(2), interlocks=(red, *samples.snapshot(2).interlocks[1:])))
        await driven.shows("closes", "8s")


async def test_columns_too_wide_for_their_panel_are_shifted_into_sight(desk: FakeDesk, link: DeskClient) -> None:
    long = replace(samples.snapshot().health[0], state="ok", detail="a" * 60 + " and its end")
    desk.current = replace(samples.snapshot(), health=(long, *samples.snapshot().health[1:]))
    async with cockpit(link) as driven:
        await driven.press("4")
        await driven.shows("▸4")
        assert "and its end" not in driven.text
        await driven.press(*["greater_than_sign"] * 7)
        await driven.shows("and its end")
        await driven.press(*["less_than_sign"] * 7)
        await driven.hides("and its end")
        await driven.shows(part_name(long.part))
