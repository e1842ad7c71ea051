"""The forms of values: what stands in a row is whole, and how much of a limit is used stands beside it."""

import asyncio

import pytest
from msgspec.structs import replace
from textual import events
from textual.widgets import Input

from cockpit.client.desk_client import DeskClient
from cockpit.model.pricing.value_texts import shown_unit
from panels.kit.value_rows import ValueRows
from tests.support.cockpit import samples
from tests.support.cockpit.bursts import burst
from tests.support.cockpit.driven import NARROW, WIDE, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen
from tests.support.cockpit.withdrawing import to_form


@pytest.mark.parametrize("size", [NARROW, WIDE])
@pytest.mark.parametrize(("key", "words"), [("l", "Set the limits"), ("p", "Set the pricing")])
async def test_no_label_runs_into_its_value(
    desk: FakeDesk, link: DeskClient, key: str, words: str, size: tuple[int, int]
) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, size) as driven:
        await driven.press(key)
        await driven.opens(words)
        form = driven.app.screen.query_one(ValueRows)
        lines = {entry.region.y: entry for entry in form.inputs.values() if driven.app.screen.can_view_entire(entry)}
        assert lines
        for y, entry in lines.items():
            field = form.fields[str(entry.id)]
            shown = driven.text.splitlines()[y]
            label, unit = shown[form.region.x : entry.region.x], shown[entry.region.right : form.region.right]
            assert label == f"{field.label:{len(label)}}"
            assert label.endswith(" ")
            assert len(entry.value) < entry.size.width
            assert unit.startswith(f" {shown_unit(field)} ")


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_the_use_stands_beside_each_limit(desk: FakeDesk, link: DeskClient, size: tuple[int, int]) -> None:
    shot = samples.disarmed()
    assert shot.earnings is not None
    limits = replace(shot.limits, max_fills_per_hour=10_000, max_signed_eure=samples.MID / 10)
    desk.current = replace(shot, limits=limits, earnings=replace(shot.earnings, fills_in_hour=180))
    async with cockpit(link, size) as driven:
        await driven.press("l")
        await driven.opens("Set the limits")
        await driven.shows("4.50 of 5", "180 of 10,000", "0.00 of 5", "0.3 of 5", "50.4 of 90", "no limit")
        # It goes on while the form is open, and what was typed stays.
        driven.app.screen.query_one("#max_fills_per_hour").focus()
        await driven.press("home", "9")
        later = replace(desk.current, seq=2, earnings=replace(shot.earnings, fills_in_hour=181))
        await asyncio.to_thread(desk.say, later)
        await driven.shows("181 of 10,000", "910,000")


async def test_a_use_without_room_ends_in_an_ellipsis(desk: FakeDesk, link: DeskClient) -> None:
    shot = samples.disarmed()
    assert shot.earnings is not None
    limits = replace(shot.limits, max_fills_per_hour=10_000_000)
    desk.current = replace(shot, limits=limits, earnings=replace(shot.earnings, fills_in_hour=180))
    async with cockpit(link, NARROW) as driven:
        await driven.press("l")
        await driven.opens("Set the limits")
        await driven.shows("180 of 10,000,… ")


def value(driven: Driven, ident: str) -> str:
    found = driven.app.screen.query_one_optional(f"#{ident}", Input)
    return "" if found is None else found.value


async def test_a_burst_into_the_form_of_a_withdrawal_lands_in_its_fields(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.open_for_withdrawals()
    async with cockpit(link, NARROW) as driven:
        await to_form(driven)
        burst(driven, "tab", *"0.03", "enter", *"abc")
        await seen(driven.pilot, lambda: value(driven, "destination").endswith("abc"))
        assert value(driven, "amount") == "0.03"
        assert "abc" not in value(driven, "amount")


async def test_a_paste_right_behind_tab_lands_in_the_next_field(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.open_for_withdrawals()
    async with cockpit(link, NARROW) as driven:
        await to_form(driven)
        burst(driven, "tab", events.Paste("0.04"), "tab", events.Paste("xyz"))
        await seen(driven.pilot, lambda: value(driven, "destination").endswith("xyz"))
        assert value(driven, "amount") == "0.04"


@pytest.mark.parametrize(
    ("key", "words", "first", "second"),
    [
        ("l", "Set the limits", "max_notional_eure", "min_notional_eure"),
        ("p", "Set the pricing", "half_spread_bps", "vol_factor"),
    ],
)
@pytest.mark.parametrize("to_next", ["tab", "enter"])
async def test_a_burst_into_a_form_of_values_lands_in_its_fields(
    desk: FakeDesk, link: DeskClient, key: str, words: str, first: str, second: str, to_next: str
) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, NARROW) as driven:
        await driven.press(key)
        await driven.opens(words)
        driven.app.screen.query_one(f"#{first}").focus()
        await driven.press("home")
        burst(driven, "7", to_next, "3", "shift+tab", events.Paste("8"))
        # Coming back to a line selects it, so that the paste takes the place of what was there.
        await seen(driven.pilot, lambda: value(driven, first) == "8")
        assert "3" in value(driven, second)
        assert "3" not in value(driven, first)
