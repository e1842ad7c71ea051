"""The steps of a withdrawal by keyboard, up to the order."""

from textual.widgets import Button

from tests.support.cockpit import samples
from tests.support.cockpit.driven import Driven
from tests.support.cockpit.screen_waiting import seen

TAIL = samples.BTC_DESTINATION[-6:]


async def to_form(driven: Driven) -> None:
    await driven.press("w")
    await driven.opens("Withdraw", "asset", "Review…")


async def to_review(driven: Driven, amount: str = "0.01") -> None:
    await to_form(driven)
    await driven.press("tab", *amount, "enter", "enter", "enter")
    await driven.shows("Review the withdrawal", "arrives")


async def to_confirm(driven: Driven) -> None:
    await to_review(driven)
    await enabled(driven, "#confirm")
    await driven.press("tab", "enter")
    await driven.shows("Confirm the withdrawal", "type the amount")


async def typed(driven: Driven, amount: str = "0.01", tail: str = TAIL) -> None:
    await driven.press(*amount, "enter", *tail)


async def ordered(driven: Driven) -> None:
    await typed(driven)
    await enabled(driven, "#withdraw")
    await driven.press("tab", "tab", "space")


async def enabled(driven: Driven, selector: str) -> None:
    def ready() -> bool:
        found = driven.app.screen.query(selector)
        return bool(found) and isinstance(found.first(), Button) and not found.first().disabled

    await seen(driven.pilot, ready)
