"""Declines: only what is not quoted, only while armed, never signed, and never in the way of a quote."""

import json
from decimal import Decimal
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.market.pricing import price_amounts
from cockpit.desk.quoting.declines import MAX_WAITING, SILENT, TYPES, smallest
from cockpit.desk.quoting.risk_checks import CHECKS
from cockpit.model.events import Side, SwapDemand
from tests.support.desk.builders import MID
from tests.support.desk.quoting_harness import Quoting, ask, quoting
from tests.support.venue.relay_server import RelayServer, event, request_data
from tests.support.waiting import until
from venue.protocol.tokens import BTC, BTC_EURE, EURE
from venue.relay.frames import DeclineType
from venue.transport.websocket import WsConnection


async def the_decline(desk: Quoting, server: RelayServer, **changes: object) -> dict[str, object]:
    """Ask for something that is not quoted, and return what the relay gets for it."""
    before = len(server.frames)
    await ask(server, "q-declined", **changes)
    await until(lambda: len(server.frames) == before + 1)
    frame = server.frames[before]
    assert frame["method"] == "quote_response"
    (answer,) = frame["params"]
    assert set(answer) == {"quote_id", "quote_output"}, "nothing is signed"
    assert answer["quote_id"] == "q-declined"
    output: dict[str, object] = answer["quote_output"]
    return output


@given(st.sampled_from(["buy", "sell"]), st.integers(0, 10**19), st.decimals(1, 10**7, places=2))
def test_the_smallest_amount_is_the_smallest_that_has_the_least_notional(
    side: Side, least: int, price: Decimal
) -> None:
    asked = request(BTC.token_id if side == "buy" else EURE.token_id, 1)
    found = smallest(BTC_EURE, asked, price, least)
    assert found is not None

    def enough(amount: int) -> bool:
        amounts = price_amounts(BTC_EURE, side, amount, None, price, MID)
        return amounts is not None and amounts.notional >= least

    assert enough(found)
    assert found == 1 or not enough(found - 1)


def test_every_risk_check_has_its_word_or_none() -> None:
    names = {check.__name__ for check in CHECKS} - {"committed"} | {"promised", "sent"}
    assert names - {"strategy_armed", "executor_armed", "relay"} <= set(TYPES) | SILENT
    assert not set(TYPES) & SILENT
    assert set(TYPES.values()) <= set(get_args(DeclineType))


async def test_a_request_that_is_too_large_is_declined_as_a_limit() -> None:
    async with quoting(declines=True) as (desk, server):
        assert await the_decline(desk, server, exact_amount_in="100000000") == {"type": "MARKET_LIMIT"}
        assert desk.relay.counters["declines"] == 1
        assert desk.executor.counters["not_sent"] == 0
        assert len(desk.book.reservations) == 0
        await server.send({"id": server.frames[0]["id"], "error": "quote not found or already finished"})
        await until(lambda: desk.relay.counters["refused_decline"] == 1)
        assert (desk.intake.counters["unknown_answers"], desk.refusals.count()) == (0, 0)


async def test_an_amount_that_buys_nothing_is_declined_with_the_smallest_that_does() -> None:
    async with quoting(declines=True) as (desk, server):
        sale = {"defuse_asset_identifier_in": EURE.token_id, "defuse_asset_identifier_out": BTC.token_id}
        output = await the_decline(desk, server, **sale, exact_amount_in="1")
        assert output["type"] == "INSUFFICIENT_AMOUNT"
        least = output["min_amount"]
        assert isinstance(least, str)
        await ask(server, "q-least", **sale, exact_amount_in=least)
        await until(lambda: len(server.frames) == 2)
        assert "signed_data" in server.frames[1]["params"][0]


@pytest.mark.parametrize("side", ["buy", "sell"])
async def test_dust_is_declined_with_the_smallest_amount_and_uses_up_nothing(side: Side) -> None:
    async with quoting(declines=True) as (desk, server):
        desk.limits.replace(
            msgspec.structs.replace(
                desk.limits.current, min_notional_eure=Decimal("0.5"), max_quotes_per_second=1, max_fills_per_hour=1
            )
        )
        sale = {"defuse_asset_identifier_in": EURE.token_id, "defuse_asset_identifier_out": BTC.token_id}
        pair = {} if side == "buy" else sale
        dust = "1" if side == "buy" else str(5 * 10**17 - 1)
        output = await the_decline(desk, server, **pair, exact_amount_in=dust)
        assert output["type"] == "INSUFFICIENT_AMOUNT"
        least = output["min_amount"]
        assert isinstance(least, str)
        for number in range(60):
            await ask(server, f"q-dust-{number}", **pair, exact_amount_in=str(int(least) - 1))
        await ask(server, "q-least", **pair, exact_amount_in=least)
        await until(lambda: desk.intake.counters["decisions"] == 62)
        assert desk.intake.reasons == {"min_notional": 61, "quote": 1}
        assert len(desk.book.reservations) == 1


async def test_a_halted_desk_declines_and_a_disarmed_one_sends_nothing() -> None:
    async with quoting(declines=True) as (desk, server):
        desk.trading.choose("HALTED", "ann", "lunch")
        assert await the_decline(desk, server) == {"type": "NO_LIQUIDITY"}
        desk.arming.disarm("trade-executor", "test")
        await ask(server, "q-2", exact_amount_in="100000000")
        await ask(server, "q-3")
        await until(lambda: desk.intake.counters["decisions"] == 3)
        await ask(server, "q-4")
        await until(lambda: desk.intake.counters["decisions"] == 4)
        assert len(server.frames) == 1


async def test_what_is_quoted_and_what_is_of_another_pair_is_not_declined() -> None:
    async with quoting(declines=True) as (desk, server):
        await ask(server, "q-1")
        await ask(server, "q-2", defuse_asset_identifier_in="nep141:usdc.near")
        await ask(server, "q-3", exact_amount_in="0")
        await until(lambda: desk.relay.counters["malformed_amount"] == 1 and server.frames)
        assert ["signed_data" in frame["params"][0] for frame in server.frames] == [True]
        assert desk.relay.counters["declines"] == 0


async def test_a_price_check_is_not_declined() -> None:
    async with quoting(declines=True) as (desk, server):
        dry = {"trusted_metadata": {"quote_request_data": {"dry": True}}}
        data = {"exact_amount_in": "100000000", "quote_id": "q-dry"}
        await server.send(event(request_data(**data), metadata=dry))
        await until(lambda: desk.intake.counters["decisions"] == 1)
        await ask(server, "q-1")
        await until(lambda: server.frames)
        assert desk.relay.counters["declines"] == 0


async def test_without_the_setting_nothing_is_declined() -> None:
    async with quoting() as (desk, server):
        await ask(server, "q-1", exact_amount_in="100000000")
        await ask(server, "q-2")
        await until(lambda: server.frames)
        assert desk.relay.counters["declines"] == 0


async def test_a_decline_is_written_after_the_quotes_of_the_same_read() -> None:
    async with quoting(declines=True) as (desk, server):
        connection = desk.relay._connection
        assert connection is not None
        for name, amount in (("d-1", "100000000"), ("d-2", "100000000"), ("q-1", "8000"), ("q-2", "8000")):
            raw = json.dumps(event(request_data(quote_id=name, exact_amount_in=amount))).encode()
            desk.relay._on_message(desk, raw)
        await until(lambda: len(server.frames) == 4)
        assert [frame["params"][0]["quote_id"] for frame in server.frames] == ["q-1", "q-2", "d-1", "d-2"]


async def test_a_flood_of_what_is_not_quoted_is_bounded() -> None:
    async with quoting(declines=True) as (desk, server):
        for number in range(MAX_WAITING + 10):
            raw = json.dumps(event(request_data(quote_id=f"d-{number}", exact_amount_in="100000000"))).encode()
            desk.relay._on_message(desk, raw)
        assert desk.relay.counters["declines_dropped"] == 10
        await until(lambda: len(server.frames) == MAX_WAITING)


async def test_a_relay_that_cannot_take_it_at_once_gets_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async with quoting(declines=True) as (desk, server):
        await ask(server, "d-1", exact_amount_in="100000000")
        await until(lambda: server.frames)
        monkeypatch.setattr(WsConnection, "writable", property(lambda connection: False))
        await ask(server, "d-2", exact_amount_in="100000000")
        await until(lambda: desk.relay.counters["declines_dropped"] == 1)
        monkeypatch.undo()
        assert desk.relay.counters["declines"] == 1


def request(asset_in: str, amount: int) -> SwapDemand:
    return SwapDemand(
        at_ns=0,
        quote_id="q",
        asset_in=asset_in,
        asset_out=EURE.token_id if asset_in == BTC.token_id else BTC.token_id,
        amount_in=amount,
        amount_out=None,
        min_deadline_ms=60_000,
        partner_id=None,
        traceparent=None,
    )


@given(st.decimals(min_value=Decimal("0.01"), max_value=10**7, places=2), st.booleans())
def test_the_smallest_amount_is_the_first_that_can_be_priced(price: Decimal, buys: bool) -> None:
    asset_in = BTC.token_id if buys else EURE.token_id
    least = smallest(BTC_EURE, request(asset_in, 1), price)
    assert least is not None
    assert least >= 1
    side: Side = "buy" if buys else "sell"
    assert price_amounts(BTC_EURE, side, least, None, price, MID) is not None
    if least > 1:
        assert price_amounts(BTC_EURE, side, least - 1, None, price, MID) is None


def test_an_amount_out_is_never_too_small() -> None:
    ask_out = msgspec.structs.replace(request(BTC.token_id, 1), amount_in=None, amount_out=1)
    assert smallest(BTC_EURE, ask_out, MID) is None
