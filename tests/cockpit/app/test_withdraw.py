"""A withdrawal by keyboard: form, review, confirmation, and every outcome."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from textual import events
from textual.widgets import Button, Input

from cockpit.app.pending_orders import LeftOrders, PendingOrders
from cockpit.client.desk_client import DeskClient
from cockpit.model.commands import Result, WithdrawalReview
from cockpit.model.snapshot import JournalRow, Snapshot
from panels.dialogs import messages
from panels.dialogs.funds.confirm import ENTER_DOES_NOT_CONFIRM
from panels.dialogs.funds.withdraw import NOTHING_ORDERED, exceeds_available
from panels.kit.messages import NO_CONNECTION, STALE_SCREEN
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen
from tests.support.cockpit.withdrawing import TAIL, enabled, ordered, to_confirm, to_form, to_review, typed

SIZES = pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])


def answering(desk: FakeDesk, **answers: Result | int | None) -> Callable[[str, str, dict[str, Any]], Any]:
    """Answer these commands so, and everything else as usual."""

    def answer(part: str, verb: str, body: dict[str, Any]) -> Any:
        return answers[verb] if verb in answers else desk.accept(part, verb, body)

    return answer


@SIZES
async def test_a_withdrawal_from_form_to_order(desk: FakeDesk, link: DeskClient, size: tuple[int, int]) -> None:
    desk.current = samples.open_for_withdrawals()
    async with cockpit(link, size) as driven:
        await to_review(driven)
        await driven.shows(
            "bc1q w508 d6qe jxtd g4y5 r3za rvar y0c5 xw7k v8f3 t4",
            "0.009985 BTC",
            "0.000015 BTC",
            "0.4800414 BTC",
            "0.4700414 BTC",
            "3 live quotes may still take 0.000082 BTC",
            "via NEAR transaction",
        )
        await driven.press("tab")
        await enabled(driven, "#confirm")
        await driven.press("shift+tab", "tab", "enter")
        await driven.shows("Confirm the withdrawal")
        await ordered(driven)
        await driven.shows("Accepted: done")
        await driven.press("enter")
        await driven.hides("Accepted: done")
        assert driven.app.screen is driven.app.screen_stack[0]
    (order,) = desk.bodies("withdraw")
    assert order["amount"] == "1000000"
    assert order["expected_fee"] == "1500"
    assert order["destination_address"] == samples.BTC_DESTINATION
    assert order["idempotency_key"] == "key-1"
    assert order["actor"] == "ops"


@SIZES
async def test_the_venue_s_alarms_stand_above_the_review(
    desk: FakeDesk, link: DeskClient, size: tuple[int, int]
) -> None:
    desk.current = replace(samples.open_for_withdrawals(), alarms=samples.alarms())
    async with cockpit(link, size) as driven:
        await to_review(driven)
        await driven.shows("✗ SHIELD: chain gnosis [b]x[/b]", "and 2 more: see Interlocks")


async def test_whole_tokens_are_sent_as_base_units(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_review(driven, "max")
        await driven.press("escape")
        await driven.shows("max 0.4800414")
        await driven.press("escape")
    assert desk.bodies("withdrawal-estimate")[0]["amount"] == "48004140"
    assert desk.bodies("withdraw") == []


NOTHING = {
    "1e3": "in digits with a point",
    "0,5": "in digits with a point",
    "٣": "in digits with a point",
    "-1": "in digits with a point",
    "+1": "in digits with a point",
    "NaN": "in digits with a point",
    "1_000": "in digits with a point",
    " ": "in digits with a point",
    "0.0000000001": "BTC has 8 decimals",
    "1.000000000000000000001": "BTC has 8 decimals",
    "0": "above zero",
    "0.00000000": "above zero",
}


async def test_what_is_no_amount_is_refused_by_its_field_and_sends_nothing(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_form(driven)
        await driven.press("tab")
        for text, problem in NOTHING.items():
            await paste(driven, text)
            await driven.hides(problem)
            await driven.press("enter", "enter", "enter")
            await driven.shows(problem, samples.BTC_DESTINATION)
            await driven.press("end", "ctrl+u")
    assert desk.asked == []


async def test_more_than_is_available_is_refused_before_anything_is_sent(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_form(driven)
        await driven.press("tab", *"0.5", "enter", "enter", "enter")
        await driven.shows(exceeds_available("0.5", "0.4800414 BTC"))
        assert desk.asked == []


@SIZES
async def test_the_hint_follows_the_asset_and_what_is_available(
    desk: FakeDesk, link: DeskClient, size: tuple[int, int]
) -> None:
    async with cockpit(link, size) as driven:
        await to_form(driven)
        await driven.shows("amount 0.015, or max")
        await driven.press("right")
        await driven.shows("amount 100, or max")
        await driven.press("left")
        shot = samples.snapshot(2)
        btc, *others = shot.inventory.rows
        little = replace(shot.inventory, rows=(replace(btc, spendable=Decimal("0.0149")), *others))
        await asyncio.to_thread(desk.say, replace(shot, inventory=little))
        await driven.shows("amount max BTC, max 0.0149")


async def test_without_a_configured_destination_one_must_be_given(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_form(driven)
        await driven.press("right")
        await driven.hides(samples.BTC_DESTINATION)
        await driven.press("tab", *"10", "enter", "enter", "enter")
        await driven.shows("TRADING_EURE_WITHDRAW_ADDRESS is not configured")
        assert desk.asked == []
        await driven.press("shift+tab", "shift+tab", "left")
        await driven.shows(samples.BTC_DESTINATION)


async def test_a_bad_address_is_shown_by_its_field_and_nothing_typed_is_lost(desk: FakeDesk, link: DeskClient) -> None:
    problem = "this is a testnet address; give one of mainnet"
    desk.answering = answering(desk, **{"withdrawal-estimate": desk.result("withdrawal-estimate", False, problem)})
    async with cockpit(link, NARROW) as driven:
        await to_form(driven)
        await driven.press("tab", *"0.01", "enter", "end", "q", "enter", "enter")
        await driven.shows(problem, "0.01", f"{samples.BTC_DESTINATION}q")
        await driven.press("end", "backspace")
        await driven.hides(problem)
        desk.answering = desk.accept
        await driven.press("enter", "enter")
        await driven.shows("Review the withdrawal")


async def test_a_review_without_an_answer_is_not_taken_for_one(desk: FakeDesk, link: DeskClient) -> None:
    desk.answering = answering(desk, **{"withdrawal-estimate": 500})
    async with cockpit(link, NARROW) as driven:
        await to_form(driven)
        await driven.press("tab", *"0.01", "enter", "enter", "enter")
        await driven.shows("No review:", NOTHING_ORDERED)


async def test_the_review_of_an_asset_that_is_no_longer_chosen_does_not_open(desk: FakeDesk, link: DeskClient) -> None:
    both = (("BTC", samples.BTC_DESTINATION), ("EURe", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"))
    desk.current = replace(desk.current, withdrawal_defaults=both)
    async with cockpit(link, NARROW) as driven:
        await to_form(driven)
        asset, destination = driven.app.screen.query_one("#asset"), driven.app.screen.query_one("#destination", Input)
        for way in ("right", "left"):  # Both go to where the desk is configured to send them.
            destination.value = ""
            await driven.press(way)
        destination.value = ""
        desk.held.clear()
        await driven.press("tab", *"0.01", "enter", "enter", "enter")
        await seen(driven.pilot, lambda: len(desk.bodies("withdrawal-estimate")) == 1)
        asset.focus()
        await driven.press("right")
        await enabled(driven, "#review")
        desk.held.set()
        await driven.press("tab", "tab", "tab", "tab", "enter")
        await driven.opens("Review the withdrawal")
        assert [body["asset_id"] for body in desk.bodies("withdrawal-estimate")] == ["BTC", "EURe"]
        await driven.press("escape")
        await driven.opens("Withdraw", "asset")


@SIZES
async def test_escape_goes_one_step_back_each(desk: FakeDesk, link: DeskClient, size: tuple[int, int]) -> None:
    async with cockpit(link, size) as driven:
        await to_confirm(driven)
        await driven.press("escape")
        await driven.shows("Review the withdrawal")
        await driven.hides("Confirm the withdrawal")
        await driven.press("escape")
        await driven.hides("Review the withdrawal")
        await driven.shows("Review…")
        await driven.press("escape")
        await driven.hides("Review…")
    assert desk.bodies("withdraw") == []


async def test_enter_never_confirms_however_often(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        await driven.press("enter", "enter")
        await driven.shows("Confirm the withdrawal")
        await driven.press("shift+tab", *"0.01", "enter", *TAIL, "enter", "enter")
        await driven.shows(ENTER_DOES_NOT_CONFIRM)
        await enabled(driven, "#withdraw")
        await driven.press("tab", "tab", "enter", "enter")
        await driven.shows("Confirm the withdrawal")
        assert desk.bodies("withdraw") == []
        await driven.press("space", "space", "space")
        await driven.shows("Accepted: done")
    assert len(desk.bodies("withdraw")) == 1


NOT_REVIEWED = (
    ("0.1", TAIL, "not the 0.01 BTC above"),
    ("0.01", "v8f3t5", "the address above ends differently"),
    ("0.01", TAIL.upper(), "the address above ends differently"),
    ("0.01", TAIL[:-1], "type the last 6 characters"),
    ("1e-2", TAIL, "in digits with a point"),
)


async def test_only_what_was_reviewed_can_be_confirmed(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        for amount, tail, problem in NOT_REVIEWED:
            await typed(driven, amount, tail)
            await driven.shows(problem)
            await driven.press("enter", "space", "end", "ctrl+u", "shift+tab", "end", "ctrl+u")
            await driven.hides(problem)
    assert desk.bodies("withdraw") == []


async def paste(driven: Driven, text: str) -> None:
    driven.app.post_message(events.Paste(text))
    await driven.pilot.pause()


async def test_a_paste_fills_the_fields_and_confirms_nothing(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        await paste(driven, "0.01\n")
        await driven.press("enter")
        await paste(driven, f"{TAIL}\n")
        await enabled(driven, "#withdraw")
        assert desk.bodies("withdraw") == []
        await driven.press("tab", "tab", "space")
        await driven.shows("Accepted: done")


async def test_a_refusal_is_shown_and_leads_back_to_the_review(desk: FakeDesk, link: DeskClient) -> None:
    refused = desk.result("withdraw", False, "the history cannot be written; mend the history first")
    desk.answering = answering(desk, withdraw=refused)
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        await ordered(driven)
        await driven.shows("Refused: the history cannot be written", "Back to the review")
        await driven.press("escape")
        await driven.shows("Review the withdrawal")
        desk.answering = desk.accept
        await enabled(driven, "#confirm")
        await driven.press("tab", "enter")
        await driven.shows("type the amount")
        await ordered(driven)
        await driven.shows("Accepted")
    assert [body["idempotency_key"] for body in desk.bodies("withdraw")] == ["key-1", "key-2"]


async def test_while_it_is_in_flight_nothing_can_be_pressed_and_its_key_is_shown(
    desk: FakeDesk, link: DeskClient
) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        await typed(driven)
        await enabled(driven, "#withdraw")
        release = hold_orders(desk)
        await driven.press("tab", "tab", "space")
        await driven.shows(messages.order_sent("key-1"))
        await driven.press("space", "enter", "escape", "escape")
        await driven.shows(messages.order_sent("key-1"))
        release()
        await driven.shows("Accepted")
    assert len(desk.bodies("withdraw")) == 1


def hold_orders(desk: FakeDesk) -> Callable[[], None]:
    """Let orders wait for their answer until released; reviews go on."""
    import threading

    released = threading.Event()
    desk.before = lambda verb: released.wait(20) if verb == "withdraw" else None
    return released.set


async def test_an_order_with_an_unknown_outcome_is_retried_under_the_same_key(desk: FakeDesk) -> None:
    link = DeskClient(desk.path, actor="ops", new_id=iter(f"my-{n}" for n in range(999)).__next__, slow_timeout_s=0.5)
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        desk.answering = answering(desk, withdraw=None)
        await ordered(driven)
        await driven.shows(messages.OUTCOME_UNKNOWN, messages.CHECK_BEFORE_NEW_ORDER)
        await driven.press("escape")
        await driven.hides("Confirm the withdrawal")
        assert driven.app.screen is driven.app.screen_stack[0]
        await driven.press("w")
        await driven.opens("Confirm the withdrawal", messages.OUTCOME_UNKNOWN, "key-1")
        await driven.press("tab", "space")
        await seen(driven.pilot, lambda: len(desk.bodies("withdraw")) == 2)
        await driven.shows(messages.OUTCOME_UNKNOWN, messages.RETRY_SAME_KEY)
        desk.answering = desk.accept
        await driven.press("tab", "space")
        await driven.shows("Accepted")
        await driven.press("enter", "w")
        await driven.opens("Review…")
    orders = desk.bodies("withdraw")
    assert {order["idempotency_key"] for order in orders} == {"key-1"}
    assert len({order["command_id"] for order in orders}) == len(orders) == 3


async def test_two_presses_in_one_moment_are_one_step(desk: FakeDesk, link: DeskClient) -> None:
    def press_twice(selector: str) -> None:
        button = driven.app.screen.query_one(selector, Button)
        button.press()
        button.press()

    async with cockpit(link, NARROW) as driven:
        await to_form(driven)
        press_twice("#freeze")
        await driven.shows("Unfreeze withdrawals?")
        assert len(driven.app.screen_stack) == 3
        await driven.press("escape")
        await driven.hides("Unfreeze withdrawals?")
        await driven.press("escape")
        await driven.hides("Review…")
        await to_review(driven)
        await enabled(driven, "#confirm")
        press_twice("#confirm")
        await driven.shows("Confirm the withdrawal", "type the amount")
        assert len(driven.app.screen_stack) == 4
        await typed(driven)
        await enabled(driven, "#withdraw")
        press_twice("#withdraw")
        await driven.shows("Accepted: done")
    assert len(desk.bodies("withdraw")) == 1


@pytest.mark.parametrize(
    ("accepted", "message"), [(True, "Accepted: done after all (found"), (False, "Refused: done after all (found")]
)
async def test_a_lost_outcome_is_found_in_the_journal(desk: FakeDesk, accepted: bool, message: str) -> None:
    link = DeskClient(desk.path, actor="ops", new_id=iter(f"my-{n}" for n in range(999)).__next__, slow_timeout_s=0.5)
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        desk.answering = answering(desk, withdraw=None)
        await ordered(driven)
        await driven.shows(messages.OUTCOME_UNKNOWN)
        await driven.press("escape")
        await driven.hides("Confirm the withdrawal")
        (order,) = desk.bodies("withdraw")
        ident = order["command_id"]
        row = JournalRow(
            command_id=ident, age_ms=9, actor="ops", command="withdraw", accepted=accepted, reason="done after all"
        )
        await asyncio.to_thread(desk.say, replace(samples.snapshot(2), journal=(row,)))
        await driven.press("w")
        await driven.opens("Confirm the withdrawal", message)
        assert PendingOrders(desk.path.parent / "orders").left() == LeftOrders()
        await driven.press("escape")
        await driven.hides("Confirm the withdrawal")
        await driven.press("w")
        await driven.opens("Review…")
    assert len(desk.bodies("withdraw")) == 1


async def test_an_order_is_not_sent_on_a_stale_picture(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        await typed(driven)
        await enabled(driven, "#withdraw")
        driven.app._skipping_since_s = 0.0
        await driven.press("tab", "tab", "space")
        await driven.shows(STALE_SCREEN)
    assert desk.bodies("withdraw") == []


async def test_an_order_that_the_desk_never_got_is_shown_as_not_sent(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        await typed(driven)
        await enabled(driven, "#withdraw")

        def die(_body: dict[str, Any]) -> WithdrawalReview:
            desk.path.unlink()
            return samples.review()

        desk.reviewing = die
        await driven.press("tab", "tab", "space")
        await driven.shows(messages.ORDER_NOT_SENT, messages.SAME_KEY_IS_SAFE)


async def test_a_changed_fee_leads_back_to_the_review(desk: FakeDesk, link: DeskClient) -> None:
    dearer = samples.review(fee=Decimal("0.00002"), fee_units="2000", arrives=Decimal("0.00998"))
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        await typed(driven)
        await enabled(driven, "#withdraw")
        desk.reviewing = lambda _body: dearer
        await driven.press("tab", "tab", "space")
        await driven.shows("Review the withdrawal", "fee has changed from 0.000015 BTC to 0.00002 BTC", "0.00998 BTC")
        assert desk.bodies("withdraw") == []
        desk.answering = answering(
            desk, withdraw=desk.result("withdraw", False, "the bridge's fee has changed to 0.00003 BTC; review again")
        )
        await enabled(driven, "#confirm")
        await driven.press("tab", "enter")
        await driven.shows("type the amount")
        await ordered(driven)
        await driven.shows("Review the withdrawal", "fee has changed to 0.00003 BTC")
    assert desk.bodies("withdraw")[0]["expected_fee"] == "2000"


async def test_a_fee_that_changes_while_typing_is_noticed(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        desk.reviewing = lambda _body: samples.review(fee=Decimal("0.00002"), fee_units="2000")
        for seq in (2, 3):
            driven.clock.now += 2
            await asyncio.to_thread(desk.say, samples.snapshot(seq))
        await driven.shows("Review the withdrawal", "fee has changed from")


async def test_the_address_cools_in_sight_and_the_desk_decides_when_it_is_over(
    desk: FakeDesk, link: DeskClient
) -> None:
    cooling = samples.review(
        cooling_left_ms=20_000, refusals=("the address was never used before; wait 20 s and compare it",)
    )
    desk.reviewing = lambda _body: cooling
    async with cockpit(link, NARROW) as driven:
        await to_review(driven)
        await driven.shows("cooling  20s left", f"{messages.NOT_YET}: the address cools off for 20s more")
        assert driven.app.screen.query_one("#confirm").disabled
        desk.reviewing = lambda _body: replace(cooling, cooling_left_ms=18_000)
        driven.clock.now += 2
        await asyncio.to_thread(desk.say, samples.snapshot(2))
        await driven.shows("cooling  18s left")
        desk.reviewing = lambda _body: samples.review()
        driven.clock.now += 2
        await asyncio.to_thread(desk.say, samples.snapshot(3))
        await driven.shows("cooling  over")
        await enabled(driven, "#confirm")


async def test_every_refusal_of_the_review_is_shown(desk: FakeDesk, link: DeskClient) -> None:
    small = "0.00001 BTC is under the bridge's minimum of 0.00002 BTC; take more"
    desk.reviewing = lambda _body: samples.review(refusals=("withdrawals are frozen; unfreeze them first", small))
    async with cockpit(link, NARROW) as driven:
        await to_review(driven)
        await driven.shows("Not yet: withdrawals are frozen", "Confirm…")
        await driven.press("shift+tab", "shift+tab", "end")
        await driven.shows("under the bridge's minimum")


async def test_unfreezing_asks_and_freezing_does_not(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, NARROW) as driven:
        await to_form(driven)
        await driven.shows(messages.WITHDRAWALS_FROZEN, "Unfreeze…")
        await driven.press("shift+tab", "enter")
        await driven.shows("Unfreeze withdrawals?", "one withdrawal", "ten minutes")
        await driven.press("enter")
        await driven.hides("Unfreeze withdrawals?")
        assert desk.asked == []
        await driven.released()
        await driven.press("enter")
        await driven.shows("Unfreeze withdrawals?")
        await driven.press("tab", "space")
        await driven.hides("Unfreeze withdrawals?")
        assert [body["frozen"] for body in desk.bodies("freeze-withdrawals")] == [False]
        await asyncio.to_thread(desk.say, samples.open_for_withdrawals(2))
        await driven.shows("WITHDRAWALS OPEN 9m40s", "Freeze now")
        driven.clock.now += 2
        await driven.shows("WITHDRAWALS OPEN 9m38s")
        await driven.press("enter")
        await seen(driven.pilot, lambda: len(desk.bodies("freeze-withdrawals")) == 2)
        assert "Unfreeze withdrawals?" not in driven.text
    assert [body["frozen"] for body in desk.bodies("freeze-withdrawals")] == [False, True]


async def test_a_disconnected_desk_ends_the_confirmation(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_confirm(driven)
        await typed(driven)
        driven.clock.now += 12
        await driven.shows("Review the withdrawal", NO_CONNECTION)
        await driven.press("tab", "enter")
        assert "type the amount" not in driven.text
    assert desk.bodies("withdraw") == []


@pytest.mark.parametrize("step", [to_form, to_review, to_confirm])
async def test_disarming_works_over_every_step(desk: FakeDesk, link: DeskClient, step: Callable[[Driven], Any]) -> None:
    async with cockpit(link, NARROW) as driven:
        await step(driven)
        await driven.press("ctrl+x")
        await seen(driven.pilot, lambda: desk.verbs().count(("trade-executor", "disarm")) == 1)
        await driven.press("escape")


async def test_a_withdrawal_waits_for_a_connection(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        driven.clock.now += 12
        await driven.press("w")
        await driven.shows(NO_CONNECTION)
        assert len(driven.app.screen_stack) == 1


def far_destination(snapshot: Snapshot) -> Snapshot:
    """With a destination as long as they come."""
    return replace(snapshot, withdrawal_defaults=(("BTC", samples.addresses()[0].address),))


async def test_the_longest_address_is_shown_whole_in_a_small_terminal(desk: FakeDesk, link: DeskClient) -> None:
    address = samples.addresses()[0].address
    desk.current = far_destination(samples.open_for_withdrawals())
    desk.reviewing = lambda _body: samples.review(destination=address)
    async with cockpit(link, NARROW) as driven:
        await to_review(driven)
        groups = [address[start : start + 4] for start in range(0, len(address), 4)]
        assert all(group in driven.text for group in groups)


async def test_the_freeze_button_has_room_for_its_longer_label(
    desk: FakeDesk, link: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    desk.current = replace(samples.disarmed(), withdrawals_frozen=True)
    async with cockpit(link) as driven:
        await driven.press("w")
        await driven.opens(messages.WITHDRAWALS_FROZEN, "Unfreeze…")
        await asyncio.to_thread(desk.say, samples.open_for_withdrawals(2))
        await driven.shows("Withdrawals are OPEN", "Freeze now")


async def test_what_is_typed_behind_enter_or_tab_belongs_to_the_next_line(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await to_form(driven)
        await driven.press("tab")
        keys: list[tuple[str, str | None]] = [*((each, each) for each in "002"), ("enter", None)]
        keys += [*((each, each) for each in "0xabc"), ("shift+tab", None), ("9", "9")]
        for key, character in keys:
            # As a terminal sends them in one piece over a slow link.
            driven.app.post_message(events.Key(key, character))
        form = driven.app.screen
        await seen(driven.pilot, lambda: form.query_one("#amount", Input).value == "0029")
        assert "0xabc" in form.query_one("#destination", Input).value
