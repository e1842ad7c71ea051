"""What is typed before a dialog can take it: held, given on in order, and never a command."""

import asyncio
from unittest.mock import AsyncMock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from textual import events
from textual.widgets import Input

from cockpit.app.terminal.held_keys import LONGEST_S, MAX_HELD, HeldKeys
from cockpit.client.desk_client import DeskClient
from panels.dialogs.funds.withdraw import WithdrawDialog
from panels.dialogs.messages import HELD_KEYS_DROPPED, typed_early
from panels.dialogs.trading.arm import ArmDialog
from tests.support.cockpit import samples
from tests.support.cockpit.bursts import burst
from tests.support.cockpit.driven import NARROW, Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen
from tests.support.waiting import PATIENCE_S, until


def value(driven: Driven, ident: str) -> str:
    found = driven.app.screen.query_one_optional(f"#{ident}", Input)
    return "" if found is None else found.value


async def settled(driven: Driven) -> None:
    """Wait until all that was sent is done."""
    taken = asyncio.Event()
    driven.app.call_later(taken.set)
    await seen(driven.pilot, lambda: taken.is_set() and not driven.app.held_keys.busy)


@pytest.mark.parametrize("amount", [tuple("0.03"), (events.Paste("0.03"),)], ids=["typed", "pasted"])
async def test_what_is_typed_behind_the_key_of_a_form_lands_in_the_form(
    desk: FakeDesk, link: DeskClient, amount: tuple[str | events.Paste, ...]
) -> None:
    desk.current = samples.open_for_withdrawals()
    async with cockpit(link, NARROW) as driven:
        before = driven.app.shown_panel
        burst(driven, "w", "tab", *amount, "enter", *"abc")
        await seen(driven.pilot, lambda: value(driven, "destination").endswith("abc"))
        assert isinstance(driven.app.screen, WithdrawDialog)
        assert value(driven, "amount") == "0.03"
        assert driven.app.shown_panel == before


async def test_held_keys_go_on_from_one_dialog_to_the_next(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.open_for_withdrawals()
    async with cockpit(link, NARROW) as driven:
        burst(driven, "l", "escape", "w", "tab", *"0.03")
        await settled(driven)
        assert isinstance(driven.app.screen, WithdrawDialog)
        assert value(driven, "amount") == "0.03"
        assert len(driven.app.screen_stack) == 2


@pytest.mark.parametrize("key", ["space", "enter"])
@pytest.mark.parametrize("arming", ["ctrl+s", "ctrl+e"])
async def test_no_button_is_pressed_by_a_key_that_came_before_it(
    desk: FakeDesk, link: DeskClient, arming: str, key: str
) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, NARROW) as driven:
        burst(driven, arming, "tab", key)
        await driven.opens("Arm the")
        await settled(driven)
        await driven.shows(typed_early("space" if key == "space" else "enter"))
        assert isinstance(driven.app.screen, ArmDialog)
        assert not desk.asked


async def test_a_key_that_came_once_the_dialog_was_drawn_presses_although_it_was_held(
    desk: FakeDesk, link: DeskClient
) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, NARROW) as driven:
        held, unheard = driven.app.held_keys, list[int]()

        async def unheard_of(keys: HeldKeys, number: int) -> None:
            unheard.append(number)

        def drawn() -> bool:
            top = driven.app.screen_stack[-1]
            return isinstance(top, ArmDialog) and top.drawn

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(HeldKeys, "handled", unheard_of)
            burst(driven, "ctrl+s")
            await until(lambda: drawn() and unheard, PATIENCE_S, "the dialog is drawn")
            burst(driven, "tab", "space")
            await until(lambda: held.count == 2, PATIENCE_S, "both keys are held")
        await held.handled(unheard[-1])
        await until(lambda: desk.asked, PATIENCE_S, "the strategy is armed")


@pytest.mark.parametrize("command", ["ctrl+s", "ctrl+e", "ctrl+o"])
async def test_a_held_key_neither_arms_nor_stops_behind_a_dialog_that_was_left(
    desk: FakeDesk, link: DeskClient, command: str
) -> None:
    desk.current = samples.disarmed()
    async with cockpit(link, NARROW) as driven:
        burst(driven, "l", "escape", command)
        await driven.shows("came before this was shown")
        await settled(driven)
        assert len(driven.app.screen_stack) == 1
        assert not desk.asked


async def test_the_key_that_disarms_overtakes_all_that_is_held(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.snapshot()
    async with cockpit(link, NARROW) as driven:
        held: list[int] = []
        disarm = driven.app.desk.arming.disarm_all

        def disarm_all() -> None:
            held.append(driven.app.held_keys.count)
            disarm()

        driven.app.desk.arming.disarm_all = disarm_all  # type: ignore[method-assign]
        burst(driven, "question_mark", *"abcdef", "ctrl+x")
        await seen(driven.pilot, lambda: bool(held))
        assert held[0] > 0
        await settled(driven)


async def test_a_cockpit_that_is_left_by_a_burst_ends(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.open_for_withdrawals()
    async with cockpit(link, NARROW) as driven:
        burst(driven, *"????wlp/123", "tab")
        driven.app.exit()
        burst(driven, *"????wlp/123", "tab")


async def test_too_much_is_dropped_whole_and_said(desk: FakeDesk, link: DeskClient) -> None:
    desk.current = samples.open_for_withdrawals()
    async with cockpit(link, NARROW) as driven:
        burst(driven, "w", "tab", *"0.03", events.Paste("1" * MAX_HELD), "5")
        await driven.opens("Withdraw")
        await settled(driven)
        assert value(driven, "amount") == ""
        assert HELD_KEYS_DROPPED in [said.text for said in driven.app.sentences.kept]


async def test_a_dialog_that_takes_no_key_is_not_waited_for(
    desk: FakeDesk, link: DeskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.current = samples.open_for_withdrawals()
    stands = asyncio.Event()

    async def on_mount(dialog: WithdrawDialog) -> None:
        await stands.wait()

    async with cockpit(link, NARROW) as driven:
        held = driven.app.held_keys
        with monkeypatch.context() as patched:
            patched.setattr(WithdrawDialog, "on_mount", on_mount)
            burst(driven, "w", "tab", "5")
            try:
                # The pilot waits for the dialog, which does not come.
                await until(lambda: held.count == 2, PATIENCE_S, "keys are held")
                await until(lambda: isinstance(driven.app.screen, WithdrawDialog), PATIENCE_S, "the dialog is opened")
                driven.clock.now += LONGEST_S + 1
                await until(lambda: not held.busy and held.count == 0, PATIENCE_S, "they are dropped")
            finally:
                stands.set()
        assert HELD_KEYS_DROPPED in [said.text for said in driven.app.sentences.kept]


async def test_a_key_whose_end_is_never_heard_of_costs_no_later_key(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, NARROW) as driven:
        held = driven.app.held_keys
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(HeldKeys, "handled", AsyncMock())
            burst(driven, "1")
            await until(lambda: held.busy, PATIENCE_S, "the key is given on")
            driven.clock.now += LONGEST_S + 1
        burst(driven, "?")
        await driven.opens("esc closes")
        await settled(driven)
        assert HELD_KEYS_DROPPED not in [said.text for said in driven.app.sentences.kept]


FORMS = {"w": "amount", "l": "max_notional_eure", "p": "half_spread_bps"}


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_every_burst_ends_where_the_same_keys_do_one_by_one(
    desk: FakeDesk, link: DeskClient, data: st.DataObject
) -> None:
    """Whatever is typed in one piece, board and forms look as if each key had waited for the one before."""
    desk.current = samples.open_for_withdrawals()
    keys = data.draw(st.lists(st.sampled_from([*FORMS, "slash", "escape", "tab", *"0.7j3"]), min_size=2, max_size=9))

    def state(driven: Driven) -> tuple[object, ...]:
        texts = [entry.value for entry in driven.app.screen.query(Input)]
        return type(driven.app.screen), driven.app.shown_panel, texts

    ends = []
    for at_once in (True, False):
        async with cockpit(link, NARROW) as driven:
            if at_once:
                burst(driven, *keys)
            else:
                for key in keys:
                    burst(driven, key)
                    await settled(driven)
            await settled(driven)
            ends.append(state(driven))
    assert ends[0] == ends[1]
