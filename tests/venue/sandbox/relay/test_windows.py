"""How long auctions last, what a late answer gets, and the forms in which the traders' requests are broadcast."""

import asyncio
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.events import SwapDemand
from tests.support.sandbox.maker import BTC, EURE, Maker, relay
from tests.support.sandbox.rig import Launch, Rig
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S
from venue.relay.messages import decode_message, read_event
from venue.sandbox.relay.quote_request import window_of

EUR = 10**18
ASK = {"defuse_asset_identifier_in": BTC, "defuse_asset_identifier_out": EURE, "exact_amount_in": "100000"}
LEG = {"protocol_fee_included": True, "min_wait_ms": 1}


@given(st.none() | st.integers(-5, 10_000), st.none() | st.integers(-5, 10_000), st.booleans())
def test_an_auction_lasts_its_least_and_a_grace_and_never_over_its_most(
    least_ms: int | None, most_ms: int | None, leg: bool
) -> None:
    window = window_of(least_ms, most_ms, leg=leg)
    assert 0 <= window.least <= window.answered <= window.most <= 3_000
    if most_ms is None and not leg:
        assert window.least >= 300
        assert window.answered == min(window.least + 300, 3_000)


def test_a_leg_of_a_router_is_open_for_51_ms() -> None:
    assert window_of(1, None, leg=True).answered == 51


async def _asked(rig: Rig, maker: Maker, **params: object) -> tuple[str, "asyncio.Task[Any]", tuple[float, float]]:
    """Ask over the RPC; the request's id, the pending answer, and the times before and after it was broadcast."""
    sent = time.monotonic()
    before = len([message for message in maker.seen if message.get("method") == "event"])
    pending = asyncio.create_task(rig.rpc("quote", {**ASK, **params}))
    data = (await maker.events(before + 1))[before]["params"]["data"]
    return data["quote_id"], pending, (sent, time.monotonic())


def _answer(rig: Rig, quote_id: str) -> list[object]:
    signed = rig.signer.diff({BTC: 100_000, EURE: -80 * EUR}, rig.salt, rig.deadline_ms())[1]
    return [{"quote_id": quote_id, "quote_output": {"amount_out": str(80 * EUR)}, "signed_data": signed}]


@pytest.mark.parametrize(
    ("params", "least_s", "most_s"),
    [
        ({}, 0.6, 2.0),
        ({"min_wait_ms": 400}, 0.7, 2.0),
        ({"max_wait_ms": 350}, 0.35, 0.59),
    ],
)
async def test_a_top_level_auction_ends_a_grace_after_its_least_wait_once_it_is_answered(
    launch: Launch, params: dict[str, object], least_s: float, most_s: float
) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        quote_id, pending, (sent, seen) = await _asked(rig, maker, **params)
        assert (await maker.call("quote_response", _answer(rig, quote_id)))["result"] == "OK"
        assert len(await pending) == 1
        ended = time.monotonic()
        assert ended - sent >= least_s
        assert ended - seen < most_s


async def test_an_auction_without_an_answer_waits_for_its_most(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        _, pending, (sent, _) = await _asked(rig, maker, max_wait_ms=700)
        assert await pending is None
        assert time.monotonic() - sent >= 0.7


async def test_an_answer_to_a_router_leg_after_its_51_ms_is_refused_by_code(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        quote_id, pending, _ = await _asked(rig, maker, **LEG, max_wait_ms=60)
        assert await pending is None
        errors = [(await maker.call("quote_response", _answer(rig, quote_id)))["error"] for _ in range(12)]
        assert {error if isinstance(error, str) else error["message"] for error in errors} == {
            "quote not found or already finished"
        }
        assert {error["code"] for error in errors if isinstance(error, dict)} == {-32098}


async def test_every_request_of_the_flow_is_read_whatever_its_form(launch: Launch) -> None:
    rig = await launch(rate=150.0, other_pairs=0.0, start_paused=True, dry=0.3, router_legs=0.3)
    found: list[SwapDemand] = []
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        await rig.control("/traders", {"running": True})
        events = await maker.events(120)
        await rig.control("/traders", {"running": False})
    for event in events:
        request = read_event(decode_message(json.dumps(event)), DEFAULT_TOKENS, time.time_ns())
        assert isinstance(request, SwapDemand)
        found.append(request)
    assert any(isinstance(event["params"]["data"]["min_deadline_ms"], str) for event in events)
    dry, legs = [one for one in found if one.dry], [one for one in found if one.router_leg]
    assert len(dry) > 15
    assert len(legs) > 15
    assert all(one.min_wait_ms == 1 and one.protocol_fee_included for one in legs if not one.dry)
    dated = [one for one in found if one.asked_ns is not None]
    assert len(dated) > 60
    assert all(0 <= one.at_ns - (one.asked_ns or 0) < 30 * NS_PER_S for one in dated)


async def test_nobody_takes_the_answers_to_dry_requests(launch: Launch) -> None:
    rig = await launch(rate=40.0, other_pairs=0.0, rivals=True, dry=1.0)

    async def checked() -> bool:
        return bool((await rig.state())["traders"].get("dry", 0) >= 10)

    await rig.until(checked)
    state = await rig.state()
    assert state["traders"].get("published", 0) == 0
    assert state["fills"] == []
