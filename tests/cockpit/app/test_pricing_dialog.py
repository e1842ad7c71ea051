"""The form of the pricing: nothing is set that was not previewed as it stands, and a preset only fills the form."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from textual.widgets import Button, Input

from cockpit.client.desk_client import DeskClient
from cockpit.model.commands import PriceParams
from cockpit.model.pricing.pricing_set import PRICING_FIELDS, PricingTerms
from cockpit.model.pricing.value_texts import value_text
from panels.dialogs import messages
from panels.dialogs.trading.pricing import AS_IT_IS, PricingDialog, parse_pricing, pricing_set
from panels.kit.messages import TERMS_CHANGED
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

NOW = pricing_set(samples.disarmed())
PREVIEWED = "40 requests of the last"


async def opened(driven: Driven) -> PricingDialog:
    await driven.press("p")
    await driven.opens(messages.PREVIEW_FIRST)
    dialog = driven.app.screen
    assert isinstance(dialog, PricingDialog)
    return dialog


def put(dialog: PricingDialog, **texts: str) -> None:
    for name, text in texts.items():
        dialog.query_one(f"#{name}", Input).value = text


async def previewed(driven: Driven, dialog: PricingDialog) -> None:
    dialog.query_one("#preview", Button).focus()
    await driven.press("space")
    await driven.shows(PREVIEWED)


@pytest.mark.parametrize("size", [NARROW, WIDE])
async def test_a_change_is_previewed_and_then_set(desk: FakeDesk, link: DeskClient, size: tuple[int, int]) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, size) as driven:
        dialog = await opened(driven)
        assert dialog.focused is dialog.query_one("#cancel")
        assert dialog.query_one("#do", Button).disabled
        put(dialog, half_spread_bps="9.5", quote_deadline_slack_ms="4")
        await driven.pilot.pause()
        assert dialog.query_one("#do", Button).disabled
        await previewed(driven, dialog)
        await driven.shows("30 (75.0 %) → 40 (100.0 %)", "21.5 bps → 8.25 bps", "Set the pricing")
        await driven.press("tab", "enter")
        assert desk.verbs() == [("strategy-engine", "preview")], "Enter sets nothing"
        await driven.press("space")
        await driven.hides("Set the pricing")
    changes = {"half_spread_bps": "9.5", "quote_deadline_slack_ms": 4000}
    for verb in ("preview", "pricing"):
        [body] = desk.bodies(verb)
        assert {name: body[name] for name in body.keys() - {"actor", "command_id"}} == changes


async def test_another_value_needs_another_preview(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        dialog = await opened(driven)
        put(dialog, half_spread_bps="9.5")
        await previewed(driven, dialog)
        put(dialog, half_spread_bps="95")
        await driven.hides(PREVIEWED)
        await driven.shows(messages.PREVIEW_FIRST)
        assert dialog.query_one("#do", Button).disabled
    assert desk.bodies("pricing") == []


async def test_an_answer_about_what_was_typed_before_is_not_shown(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        dialog = await opened(driven)
        put(dialog, half_spread_bps="9.5")
        desk.held.clear()
        dialog.query_one("#preview", Button).focus()
        await driven.press("space")
        await driven.shows(messages.PREVIEWING)
        put(dialog, half_spread_bps="95")
        await driven.pilot.pause()
        dialog.query_one("#preview", Button).focus()
        await driven.press("space")
        desk.held.set()
        await driven.shows(PREVIEWED)
        assert dialog._previewed == {"half_spread_bps": "95"}


def refuse(desk: FakeDesk) -> Callable[[dict[str, Any]], Any]:
    return lambda _body: desk.result("preview pricing", False, "the moon is not full")


async def test_what_cannot_be_and_what_is_refused_is_said(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    desk.previewing = refuse(desk)
    async with cockpit(link) as driven:
        dialog = await opened(driven)
        preview = dialog.query_one("#preview", Button)
        preview.focus()
        await driven.press("space")
        await driven.shows(messages.NO_VALUE_CHANGED)
        put(dialog, half_spread_bps="9000")
        await driven.press("space")
        await driven.shows("Half spread must be from 0 to 5000")
        put(dialog, half_spread_bps="9")
        await driven.press("space")
        await driven.shows("the moon is not full")
        assert dialog.query_one("#do", Button).disabled
    assert desk.bodies("pricing") == []


async def test_the_pricing_of_somebody_else_is_not_undone_by_an_open_form(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link) as driven:
        dialog = await opened(driven)
        put(dialog, half_spread_bps="9.5")
        await previewed(driven, dialog)
        await asyncio.to_thread(desk.say, replace(samples.disarmed(2), pricing=PriceParams(partner_shrink=7)))
        await driven.shows(TERMS_CHANGED)
        await driven.press("tab", "space")
    assert desk.bodies("pricing") == []


async def test_a_preset_fills_the_form_and_sends_nothing(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    desk.terms = PricingTerms(values={}, presets={"quiet": {"half_spread_bps": "9", "min_edge_bps": "1"}})
    async with cockpit(link) as driven:
        dialog = await opened(driven)
        await driven.shows(AS_IT_IS, "quiet")
        dialog.query_one("#preset").focus()
        await driven.press("right")
        await seen(driven.pilot, lambda: dialog.query_one("#half_spread_bps", Input).value == "9")
        assert dialog.query_one("#min_edge_bps", Input).value == "1"
        await previewed(driven, dialog)
        assert dialog._previewed == {"half_spread_bps": "9", "min_edge_bps": "1"}
    assert desk.bodies("pricing") == []


async def test_a_preset_with_a_value_unknown_here_fills_the_rest_and_says_so(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    desk.terms = PricingTerms(values={}, presets={"newer": {"half_spread_bps": "9", "of_tomorrow": "1"}})
    async with cockpit(link) as driven:
        dialog = await opened(driven)
        await driven.shows(AS_IT_IS, "newer")
        dialog.query_one("#preset").focus()
        await driven.press("right")
        await driven.shows(messages.values_unknown_here(1))
        assert dialog.query_one("#half_spread_bps", Input).value == "9"
        await driven.press("left")
        await driven.hides(messages.values_unknown_here(1))


def shown_values() -> dict[str, str]:
    return {field.name: value_text(field, NOW.values()[field.name]) for field in PRICING_FIELDS}


def test_values_that_were_not_touched_are_not_sent() -> None:
    texts = shown_values()
    assert set(texts) == {field.name for field in PRICING_FIELDS}
    assert parse_pricing(texts, NOW) == ({}, ())
    changes, problems = parse_pricing({**texts, "max_skew_bps": " 7.50 ", "quote_deadline_ms": "2"}, NOW)
    assert (changes, problems) == ({"max_skew_bps": "7.50", "quote_deadline_ms": 2000}, ())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("half_spread_bps", ""),
        ("half_spread_bps", "wide"),
        ("quote_deadline_ms", "1.2345"),
        ("max_notional_eure", "1e12"),
    ],
)
def test_what_cannot_be_used_is_refused_here(name: str, text: str) -> None:
    texts = shown_values()
    assert parse_pricing({**texts, name: text}, NOW)[1]


def test_a_size_above_the_committed_limit_is_left_to_the_desk() -> None:
    texts = shown_values()
    above = NOW.limits.max_promised_eure + 1
    changes, problems = parse_pricing({**texts, "max_notional_eure": f"{above}"}, NOW)
    assert (changes, problems) == ({"max_notional_eure": f"{above}"}, ())
