"""Deposits, tracked withdrawals, the key registered, the freeze: by keyboard, on a fake desk."""

import asyncio
from decimal import Decimal

from msgspec.structs import replace

from cockpit.client.desk_client import DeskClient
from cockpit.model.snapshot import DepositCredit, JournalRow, KeyView
from panels.dialogs import messages
from panels.dialogs.funds.deposit import HASH_IS_ONE_WORD, NO_ADDRESS, NOTHING_TO_COPY
from panels.dialogs.funds.qr import qr_lines
from panels.dialogs.funds.signing_key import NEEDS_FULL_ACCESS
from panels.kit.messages import already, unavailable
from panels.views.transfers import NOT_IN_TABLE
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

NEAR_HASH = "6Qw1mNcXz4RtYvBn8KpLs2DfGj7Qa9Ue3Ho5Ti1MxVb3"


async def run_palette(driven: Driven, words: str, found: str) -> None:
    """Find an action by its name and run it."""
    await driven.press("ctrl+p")
    await driven.opens("Search for commands")
    await driven.press(*words)
    await driven.shows(found)
    await driven.press("enter")


async def test_addresses_are_whole_copied_and_coded(desk: FakeDesk, link: DeskClient) -> None:
    btc, eure = samples.addresses()
    async with cockpit(link) as driven:
        await driven.press("d")
        await driven.opens(btc.address, eure.address, "send at least 0.00002 BTC", "send at least 1 EURe")
        await driven.shows(*qr_lines(btc.address))
        await driven.press("y")
        await driven.shows(messages.copied("the BTC address"))
        assert driven.app.clipboard == btc.address
        await driven.press("right")
        await driven.shows(*qr_lines(eure.address))
        await driven.press("y")
        await driven.shows(messages.copied("the EURe address"))
        assert driven.app.clipboard == eure.address
        await driven.press("escape")
        await driven.hides("Tell the bridge")


async def test_a_small_terminal_shows_the_code_alone_and_by_scrolling(desk: FakeDesk, link: DeskClient) -> None:
    code = qr_lines(samples.addresses()[0].address)
    async with cockpit(link, NARROW) as driven:
        await driven.press("d")
        await driven.opens("Tell the bridge", code[0])
        assert code[-2] not in driven.text
        await driven.press("pagedown", "pagedown")
        await driven.shows(code[-2])
        await driven.press("c")
        await driven.shows(*code)
        await driven.press("escape")
        await driven.shows("Tell the bridge")


async def test_a_memo_is_part_of_the_address(desk: FakeDesk, link: DeskClient) -> None:
    btc, eure = samples.addresses()
    desk.current = replace(samples.snapshot(), deposit_addresses=(btc, replace(eure, memo="4711")))
    async with cockpit(link) as driven:
        await driven.press("d")
        await driven.opens("memo 4711", "must be in the transfer")


async def test_the_venue_s_alarms_stand_above_the_addresses(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = replace(samples.snapshot(), alarms=samples.alarms())
    async with cockpit(link) as driven:
        await driven.press("d")
        await driven.opens("✗ SHIELD: chain gnosis [b]x[/b]", "SHIELD read 10s ago", samples.addresses()[0].address)


async def test_without_an_address_from_the_bridge_none_is_shown(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.fresh()
    async with cockpit(link) as driven:
        await driven.press("d")
        await driven.opens(NO_ADDRESS)
        await driven.press("y")
        await driven.shows(NOTHING_TO_COPY)


async def test_the_bridge_is_notified_about_a_deposit(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await driven.press("d")
        await driven.opens("Tell the bridge")
        await driven.press("right", "tab", "enter")
        await driven.shows("paste the hash of the transaction")
        await driven.press(*"0x5f a1", "enter")
        await driven.shows(HASH_IS_ONE_WORD)
        assert desk.asked == []
        await driven.press("end", "ctrl+u", *"0x5fa1", "enter")
        await driven.shows("done")
    (notified,) = desk.bodies("notify-deposit")
    assert (notified["asset_id"], notified["tx_hash"]) == ("EURe", "0x5fa1")


async def test_a_deposit_notified_without_a_reply_is_notified_again_under_the_same_id(desk: FakeDesk) -> None:
    desk.answering = lambda *_: None
    ids = iter(("first", "second"))
    link = DeskClient(desk.path, actor="ops", new_id=lambda: next(ids), slow_timeout_s=0.2)
    async with cockpit(link, NARROW) as driven:
        await driven.press("d")
        await driven.opens("Tell the bridge")
        await driven.press("tab", *"0x5fa1", "enter")
        await driven.shows(messages.MAY_HAVE_DONE_IT, "first")
        await driven.press("enter")
        await seen(driven.pilot, lambda: len(desk.asked) == 2)
        await driven.shows(messages.MAY_HAVE_DONE_IT)
        await driven.press("2", "enter")
        await driven.shows(messages.MAY_HAVE_DONE_IT, "second")
        row = JournalRow(
            command_id="second",
            age_ms=9,
            actor="ops",
            command="notify-deposit",
            accepted=True,
            reason="the bridge knows",
        )
        await asyncio.to_thread(desk.say, replace(samples.snapshot(2), journal=(row,)))
        await driven.shows(f"the bridge knows {messages.FOUND_IN_JOURNAL}")
    asked = [(body["command_id"], body["tx_hash"]) for body in desk.bodies("notify-deposit")]
    assert asked == [("first", "0x5fa1"), ("first", "0x5fa1"), ("second", "0x5fa12")]


async def test_deposits_and_withdrawals_are_one_list_and_hashes_can_be_copied(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await driven.press("8")
        await driven.shows("◌ bridging", "◌ pending", "✓ credited", "made elsewhere", "1 arriving · 1 leaving")
        await driven.press("enter")
        await driven.shows("accepted by the bridge", "left the Verifier", "y copies to, then NEAR hash")
        await driven.press("y")
        assert driven.app.clipboard == samples.BTC_DESTINATION
        await driven.press("y")
        await driven.shows(messages.copied("NEAR hash"))
        assert driven.app.clipboard == samples.withdrawal().near_hash
        await driven.press("escape")
        await driven.hides("accepted by the bridge")


async def test_a_withdrawal_made_elsewhere_is_tracked_from_the_palette(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await run_palette(driven, "Track", "Follow a withdrawal made elsewhere")
        await driven.opens("NEAR hash", "Track it")
        await driven.press(*"nonsense", "enter", "tab", *"1e3", "enter", "space")
        await driven.shows("paste the NEAR transaction hash", "in digits with a point")
        assert desk.asked == []
        await driven.press("escape")
        await run_palette(driven, "Track", "Follow a withdrawal made elsewhere")
        await driven.opens("Track it")
        await driven.press(*NEAR_HASH, "enter", "right", "tab", *"250.5", "enter", "space")
        await driven.hides("Track it")
    (tracked,) = desk.bodies("track-withdrawal")
    assert tracked["withdrawal_hash"] == NEAR_HASH
    assert tracked["asset_id"] == "EURe"
    assert tracked["amount"] == "250500000000000000000"


async def test_a_tracked_withdrawal_is_let_go_of_in_the_same_dialog(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await run_palette(driven, "Track", "Follow a withdrawal made elsewhere")
        await driven.opens("Stop tracking it", "explains no balance before NEAR or the bridge shows")
        await driven.press("tab", "tab", "tab", "tab", "tab", "space")
        await driven.shows("paste the hash under which it is tracked")
        assert desk.asked == []
        await driven.press("shift+tab", "shift+tab", "shift+tab", "shift+tab", "shift+tab")
        await driven.press(*NEAR_HASH, "tab", "tab", "tab", "tab", "tab", "space")
        await driven.hides("Stop tracking it")
    assert [body["withdrawal_hash"] for body in desk.bodies("untrack-withdrawal")] == [NEAR_HASH]
    assert desk.bodies("track-withdrawal") == []


async def test_a_registered_key_shows_what_it_may_do_and_cannot_be_registered_again(
    desk: FakeDesk, link: DeskClient
) -> None:
    async with cockpit(link) as driven:
        await run_palette(driven, "Signing", "Show the signing key")
        await driven.opens(samples.snapshot().key.public_key, "✓ registered", "full access", "can sign withdrawals")
        await driven.shows(f"Register it now: {already('the key is', 'registered')}")
        await driven.press("y")
        assert driven.app.clipboard == samples.COMMAND
        await driven.press("tab", "tab", "enter")
        assert "Register the key?" not in driven.text
    assert desk.asked == []


async def test_a_full_access_key_can_be_registered_after_a_question(desk: FakeDesk, link: DeskClient) -> None:
    now = samples.snapshot()
    desk.current = replace(now, key=replace(now.key, registered=False))
    async with cockpit(link) as driven:
        await run_palette(driven, "Signing", "Show the signing key")
        await driven.opens("NOT registered", "Register it now…")
        await driven.press("tab", "tab", "enter")
        await driven.shows("Register the key?", "The desk signs add_public_key")
        await driven.press("enter")
        await driven.hides("Register the key?")
        assert desk.asked == []
        await driven.press("enter")
        await driven.shows("Register the key?")
        await driven.press("tab", "enter")
        assert desk.asked == []
        await driven.press("space")
        await driven.hides("Register the key?")
        assert len(desk.bodies("register-key")) == 1
        weak = KeyView(public_key=now.key.public_key, registered=False, access="function call")
        await asyncio.to_thread(desk.say, replace(samples.snapshot(2), key=weak))
        await driven.shows(NEEDS_FULL_ACCESS)


async def test_freezing_again_is_one_choice_in_the_palette(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        await run_palette(driven, "Freeze", f"✗ {unavailable(already('withdrawals are', 'frozen'))}")
        await driven.press("space")
        await asyncio.to_thread(desk.say, samples.open_for_withdrawals(2))
        await driven.shows("WITHDRAWALS OPEN 9m40s")
        await driven.press("ctrl+p")
        await driven.opens("Search for commands")
        await driven.press(*"Freeze", "space", *"withdrawals")
        await driven.shows("Freeze withdrawals now")
        await driven.press("enter")
        await seen(driven.pilot, lambda: len(desk.bodies("freeze-withdrawals")) == 1)
    assert desk.bodies("freeze-withdrawals")[0]["frozen"] is True


async def test_help_lists_funds_too(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, WIDE) as driven:
        await driven.press("question_mark")
        await driven.shows("Withdraw: form, review", "Show deposit addresses", "Freeze withdrawals now")


async def test_the_page_and_the_dialog_say_what_a_deposit_may_become(desk: FakeDesk, link: DeskClient) -> None:
    btc, eure = samples.addresses()
    note = "not known which: the bridge lists BTC and nBTC. Send a small amount first"
    credits = (
        DepositCredit(symbol="BTC", minimum=Decimal("0.000007"), deposits=0),
        DepositCredit(symbol="nBTC", minimum=Decimal("0.00005"), deposits=0),
    )
    two = replace(btc, credits=credits, known=False, note=note)
    desk.current = replace(samples.snapshot(), deposit_addresses=(two, eure))
    async with cockpit(link) as driven:
        await driven.press("8")
        await driven.shows("BTC deposits become BTC or nBTC: not known which yet")
        await driven.press("d")
        await driven.opens(
            "becomes BTC (at least 0.000007 BTC; none of yours so far) or nBTC (at least 0.00005 nBTC; none of",
            note,
        )


async def test_money_that_is_not_traded_is_shown_loudly(desk: FakeDesk, link: DeskClient) -> None:
    warnings = tuple(f"0.0{number} nBTC held, but no market trades it" for number in range(1, 6))
    foreign = replace(samples.snapshot().deposits[0], symbol="xbtc.near", in_table=False, tx_hash="0xff")
    desk.current = replace(samples.snapshot(), fund_warnings=warnings, deposits=(foreign,), withdrawals=())
    async with cockpit(link) as driven:
        await driven.press("8")
        await driven.shows(f"! {warnings[0]}", f"! {warnings[1]}", "and 3 more", "! credited")
        await driven.press("enter")
        await driven.shows(NOT_IN_TABLE)
