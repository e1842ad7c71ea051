"""Live lists that are held while every row of the desk changes faster than anyone reads: they stay as they were."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import pytest
from msgspec.structs import replace

from cockpit.client.desk_client import DeskClient
from cockpit.model.snapshot import DecisionRow, DepositRow, FillRow, JournalRow, QuoteRow, Snapshot
from panels.dialogs import messages
from panels.kit.messages import NO_LONGER_LISTED
from panels.kit.panel import Panel
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

Row = TypeVar("Row", DecisionRow, QuoteRow, FillRow, DepositRow, JournalRow)
APART_NS = 60_000_000
A_SECOND = 60
"""Snapshots."""
SHOWN = 60


def deposit(number: int) -> DepositRow:
    first = samples.snapshot().deposits[0]
    return replace(first, tx_hash=f"{number:064x}", age_ms=1)


def command(number: int) -> JournalRow:
    return JournalRow(
        command_id=f"c{number}", age_ms=1, actor="script", command="note", accepted=True, reason=f"written {number}"
    )


def flood(seq: int) -> Snapshot:
    """Return the snapshot of this number: all of its rows are new, each a millisecond older than the one above."""

    def newest(make: Callable[[int], Row]) -> tuple[Row, ...]:
        return tuple(replace(make(seq * SHOWN + nth), age_ms=SHOWN - nth) for nth in range(SHOWN, 0, -1))

    shot = samples.snapshot(seq)
    counts = replace(
        shot.counts, decisions=A_SECOND * 100 * seq, sent=A_SECOND * 100 * seq, settled=A_SECOND * 100 * seq
    )
    return replace(
        shot,
        at_ns=shot.at_ns + seq * APART_NS,
        decisions=newest(samples.decision),
        quotes=newest(lambda number: replace(samples.quote(number), outcome="sent", left_ms=60_000)),
        executions=newest(samples.execution),
        deposits=newest(deposit),
        withdrawals=(),
        journal=newest(command),
        findings=(),
        counts=counts,
    )


class Live(NamedTuple):
    key: str
    ident: str
    title: str
    """What the details of one of its rows begin with."""


LISTS = (
    Live("5", "decisions", "Request: taker"),
    Live("6", "quotes", "Quote"),
    Live("7", "executions", "Fill"),
    Live("8", "deposits", "Deposit"),
    Live("9", "log", "Command"),
)


def panel_of(driven: Driven, live: Live) -> Panel[Any]:
    return next(panel for panel in driven.app.board.panels if panel.id == live.ident)


async def painted(driven: Driven, desk: FakeDesk, seq: int, live: Live) -> None:
    """Send the snapshot of this number, and wait until the list was offered it."""
    desk.say(flood(seq))
    panel = panel_of(driven, live)
    await seen(driven.pilot, lambda: panel.offered_seq >= seq)


async def keeps_its_rows(driven: Driven, desk: FakeDesk, seq: int, live: Live) -> None:
    """Leave the list at this snapshot, and come back to it while all of its rows change."""
    grid = panel_of(driven, live).grid
    await driven.press(live.key)
    await painted(driven, desk, seq, live)
    await seen(driven.pilot, lambda: len(grid.rows) >= SHOWN)
    await driven.press("j", "j", "j")
    held = [row.key for row in grid.rows]
    under, line = grid.cursor_key, grid.cursor - grid.scroll_offset.y
    for later in range(1, 4):
        await painted(driven, desk, seq + later, live)
    assert [row.key for row in grid.rows] == held
    assert (grid.cursor_key, grid.cursor - grid.scroll_offset.y) == (under, line)
    await driven.shows(" new, g follows")
    desk.say(flood(seq + 4))
    await driven.press("enter")
    await driven.opens(live.title, NO_LONGER_LISTED)
    assert messages.ROW_IS_GONE not in driven.text
    await driven.press("escape")
    await painted(driven, desk, seq + 5, live)
    assert [row.key for row in grid.rows] == held
    await driven.press("g")
    await seen(driven.pilot, lambda: grid.rows[0].key not in held)
    await driven.hides("g follows")


EACH = [LISTS[0], *(pytest.param(live, marks=pytest.mark.slow) for live in LISTS[1:])]


@pytest.mark.parametrize("live", EACH)
async def test_a_held_list_keeps_its_rows_and_opens_each(desk: FakeDesk, link: DeskClient, live: Live) -> None:
    desk.current = flood(1)
    async with cockpit(link, NARROW) as driven:
        await keeps_its_rows(driven, desk, 2, live)


async def test_it_counts_what_came_and_was_never_listed(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = flood(1)
    live = LISTS[0]
    async with cockpit(link, NARROW) as driven:
        await driven.press(live.key)
        await painted(driven, desk, 1, live)
        await driven.press("j")
        await painted(driven, desk, 4, live)
        await driven.shows("↑ 18,000 new, g follows")
        # With a filter nobody has counted those that were never seen.
        await driven.press("slash", *"side:buy", "enter", "j")
        await painted(driven, desk, 6, live)
        await driven.shows("+ new, g follows")


@pytest.mark.parametrize("live", EACH)
async def test_the_newest_row_opens_although_it_is_gone_by_then(desk: FakeDesk, link: DeskClient, live: Live) -> None:
    desk.current = flood(1)
    async with cockpit(link, NARROW) as driven:
        await driven.press(live.key)
        await painted(driven, desk, 2, live)
        # Taken by the cockpit, and not painted yet.
        driven.app.view_model.take(flood(3))
        await driven.press("enter")
        await driven.opens(live.title)
        assert messages.ROW_IS_GONE not in driven.text


async def test_going_up_from_its_first_row_leads_to_the_newest(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = flood(1)
    live = LISTS[0]
    async with cockpit(link, NARROW) as driven:
        grid = panel_of(driven, live).grid
        await driven.press(live.key)
        await painted(driven, desk, 1, live)
        await driven.press("j")
        for seq in range(2, 4):
            await painted(driven, desk, seq, live)
        held = {row.key for row in grid.rows}
        await driven.press("k")
        await seen(driven.pilot, lambda: grid.rows[0].key not in held)
        assert grid.following


async def test_rows_of_another_desk_take_the_place_of_those_held(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = flood(1)
    live = LISTS[0]
    async with cockpit(link, NARROW) as driven:
        grid = panel_of(driven, live).grid
        await driven.press(live.key)
        await painted(driven, desk, 1, live)
        await driven.press("j")
        await painted(driven, desk, 2, live)
        desk.say(replace(flood(3), run_id="run-2"))
        await seen(driven.pilot, lambda: grid.rows[0].key == flood(3).decisions[0].decision_id)
