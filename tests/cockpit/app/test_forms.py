"""The forms of values: what stands in a row is whole, and how much of a limit is used stands beside it."""

import asyncio

import pytest
from msgspec.structs import replace

from cockpit.client.desk_client import DeskClient
from panels.kit.value_rows import ValueRow
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, cockpit
from tests.support.cockpit.fake_desk import FakeDesk


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize(("key", "words"), [("l", "Set the limits"), ("p", "Set the pricing")])
async def test_no_label_runs_into_its_value(
    desk: FakeDesk, link: DeskClient, key: str, words: str, size: tuple[int, int]
) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, size) as driven:
        await driven.press(key)
        await driven.opens(words)
        rows = list(driven.app.screen.query(ValueRow))
        assert rows
        for row in rows:
            label, unit = row.query_one(".name"), row.query_one(".unit")
            assert len(row.field.label) < label.size.width
            assert len(row.input.value) < row.input.size.width
            assert label.region.right <= row.input.region.x
            assert row.input.region.right <= unit.region.x


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_use_stands_beside_each_limit(desk: FakeDesk, link: DeskClient, size: tuple[int, int]) -> None:
    shot = samples.disarmed()
    assert shot.earnings is not None
    limits = replace(shot.limits, max_fills_per_hour=10_000, max_signed_eure=samples.MID / 10)
    desk.current = replace(shot, limits=limits, earnings=replace(shot.earnings, fills_in_hour=180))
    async with cockpit(link, size) as driven:
        await driven.press("l")
        await driven.opens("Set the limits")
        await driven.shows("180 of 10,000", "0.00 of 5", "0.3 of 5", "50.4 of 90", "no limit")
        # It goes on while the form is open, and what was typed stays.
        driven.app.screen.query_one("#max_fills_per_hour").focus()
        await driven.press("home", "9")
        later = replace(desk.current, seq=2, earnings=replace(shot.earnings, fills_in_hour=181))
        await asyncio.to_thread(desk.say, later)
        await driven.shows("181 of 10,000", "910,000")
