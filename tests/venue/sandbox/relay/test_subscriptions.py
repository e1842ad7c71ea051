"""Filters and guaranteed delivery: what each instance is sent, kept for, and sent again."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

import venue.sandbox.relay.subscriptions as subject
from tests.support.sandbox.maker import BTC, EURE, Maker, relay
from tests.support.sandbox.rig import Launch, Rig
from tests.support.waiting import until
from venue.sandbox.relay.errors import AuctionRefusedError
from venue.sandbox.relay.subscriptions import KEEP_NS, MAX_INSTANCES, MAX_KEPT, Filter, Subscriptions

USDC = "nep141:usdc.near"
ASK = {"defuse_asset_identifier_in": BTC, "defuse_asset_identifier_out": EURE, "exact_amount_in": "100000"}


class Reader:
    """A connection that keeps what it is sent."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def send(self, message: bytes) -> None:
        self.seen.append(json.loads(message)["params"])

    def hashes(self) -> list[str]:
        return [params["data"]["quote_hash"] for params in self.seen]


class Case:
    def __init__(self) -> None:
        self.now_ns = 10**18
        self.counts: Counter[str] = Counter()
        self.subscriptions = Subscriptions(1, lambda: self.now_ns, self.counts, flat=False)

    def guaranteed(self, link: Reader, instance_id: str = "prod-1") -> str:
        name = self.subscriptions.add("quote_status", link, instance_id=instance_id)
        self.subscriptions.replay(name)
        return name

    def settle(self, *names: str) -> None:
        for name in names:
            self.subscriptions.broadcast("quote_status", {"quote_hash": name})


@pytest.mark.parametrize(
    ("wanted", "passes"),
    [
        (Filter(), True),
        (Filter((BTC,), (EURE,)), True),
        (Filter((BTC, EURE), (BTC, EURE)), True),
        (Filter((EURE,), (EURE,)), False),
        (Filter((BTC,), ()), True),
        (Filter((), (USDC,)), False),
    ],
)
def test_a_filter_needs_both_sides_and_an_empty_list_restricts_nothing(wanted: Filter, passes: bool) -> None:
    assert wanted.passes({"defuse_asset_identifier_in": BTC, "defuse_asset_identifier_out": EURE}) is passes


async def test_what_happens_while_an_instance_is_away_is_replayed_in_order() -> None:
    case, first, second = Case(), Reader(), Reader()
    name = case.guaranteed(first)
    case.settle("a", "b")
    assert case.subscriptions.acknowledge(name, 1, first)
    case.subscriptions.forget(first)
    case.settle("c")
    assert first.hashes() == ["a", "b"]
    case.guaranteed(second)
    assert second.hashes() == ["b", "c"]
    assert [params["seq"] for params in second.seen] == [2, 3]
    assert case.subscriptions.waiting() == {"prod-1": 2}


async def test_another_instance_has_its_own_queue_and_a_plain_one_none() -> None:
    case, one, two, plain = Case(), Reader(), Reader(), Reader()
    case.guaranteed(one, "prod-1")
    case.settle("a")
    case.guaranteed(two, "prod-2")
    case.subscriptions.add("quote_status", plain)
    case.settle("b")
    assert (one.hashes(), two.hashes(), plain.hashes()) == (["a", "b"], ["b"], ["b"])
    assert ["seq" in params for params in plain.seen] == [False]


async def test_what_is_not_acknowledged_is_delivered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "AGAIN_AFTER_S", 0.01)
    case, link = Case(), Reader()
    name = case.guaranteed(link)
    case.settle("a")
    await until(lambda: link.hashes() == ["a"] * 3)
    assert case.subscriptions.acknowledge(name, 1, link)
    seen = len(link.seen)
    await asyncio.sleep(0.05)
    assert len(link.seen) == seen
    assert case.counts["delivered_again"] >= 2


async def test_an_acknowledgement_is_for_what_was_sent_on_this_connection() -> None:
    case, link, other = Case(), Reader(), Reader()
    name = case.guaranteed(link)
    case.settle("a")
    for subscription, seq, by in ((name, 2, link), (name, 0, link), ("x", 1, link), (name, 1, other)):
        assert not case.subscriptions.acknowledge(subscription, seq, by)
    assert case.subscriptions.acknowledge(name, 1, link)
    assert case.subscriptions.acknowledge(name, 1, link), "a repeated acknowledgement is one too"
    assert case.counts["acknowledged"] == 1


async def test_a_status_is_kept_for_seven_days_and_the_queue_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    case, link = Case(), Reader()
    case.guaranteed(link)
    case.subscriptions.forget(link)
    case.settle("old")
    case.now_ns += KEEP_NS
    case.settle("young")
    case.now_ns += 1
    case.guaranteed(again := Reader())
    assert again.hashes() == ["young"]
    monkeypatch.setattr(subject, "MAX_KEPT", 3)
    case.subscriptions.forget(again)
    case.settle(*"abcde")
    case.guaranteed(third := Reader())
    assert third.hashes() == ["c", "d", "e"]
    assert MAX_KEPT > 1_000


async def test_instances_are_bounded() -> None:
    case = Case()
    for number in range(MAX_INSTANCES):
        case.guaranteed(Reader(), f"i{number}")
    with pytest.raises(AuctionRefusedError):
        case.guaranteed(Reader(), "one-more")


async def test_a_second_connection_of_an_instance_takes_over_and_the_end_of_the_first_does_not_matter() -> None:
    case, first, second = Case(), Reader(), Reader()
    case.guaranteed(first)
    case.guaranteed(second)
    case.subscriptions.forget(first)
    case.settle("a")
    assert (first.hashes(), second.hashes()) == ([], ["a"])


@given(st.lists(st.sampled_from(["settle", "connect", "lose", "acknowledge"]), max_size=40))
def test_every_status_reaches_an_instance_that_comes_back_until_it_is_acknowledged(steps: list[str]) -> None:
    async def play() -> None:
        case, link, name = Case(), None, ""
        settled, acknowledged, known = 0, set[int](), False
        for step in steps:
            if step == "settle":
                case.settle(f"q{settled}")
                settled += known
            elif step == "connect":
                link = Reader()
                name, known = case.guaranteed(link), True
                assert [params["seq"] for params in link.seen] == [
                    seq for seq in range(1, settled + 1) if seq not in acknowledged
                ]
            elif step == "lose" and link is not None:
                case.subscriptions.forget(link)
                link = None
            elif step == "acknowledge" and link is not None and link.seen:
                seq = link.seen[0]["seq"]
                assert case.subscriptions.acknowledge(name, seq, link)
                acknowledged.add(seq)
        assert case.subscriptions.waiting().get("prod-1", 0) == settled - len(acknowledged)

    asyncio.run(play())


# Over the websocket.


def of_instance(rig: Rig, instance_id: str) -> Any:
    env = rig.env
    headers = {"Authorization": f"Bearer {env['NEAR_INTENTS_API_KEY']}"}
    url = f"{env['NEAR_INTENTS_RELAY_WS_URL']}?instance_id={instance_id}"
    return connect(url, additional_headers=headers, compression=None)


async def refused(maker: Maker, params: list[object]) -> bool:
    return "error" in await maker.call("subscribe", params)


async def test_the_filter_holds_back_requests_of_other_tokens(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        ours = [BTC, EURE]
        assert "result" in await maker.call("subscribe", ["quote", {"tokens_in": ours, "tokens_out": ours}])
        await rig.rpc("quote", {**ASK, "defuse_asset_identifier_in": USDC, "wait_ms": 0})
        await rig.rpc("quote", {**ASK, "wait_ms": 0})
        (event,) = await maker.events(1)
        assert event["params"]["data"]["defuse_asset_identifier_in"] == BTC
        # A new subscription replaces the old one: every request comes, and once.
        second = (await maker.call("subscribe", ["quote"]))["result"]
        await rig.rpc("quote", {**ASK, "defuse_asset_identifier_in": USDC, "wait_ms": 0})
        found = await maker.events(2)
        assert (found[1]["params"]["subscription"], len(found)) == (second, 2)
        assert (await rig.state())["relay"]["quote_subscriptions"] == 1
        for wrong in ({"tokens_in": "x"}, {"tokens_in": [1]}, 5, ["x"]):
            assert await refused(maker, ["quote", wrong])


async def test_guaranteed_delivery_needs_an_instance_and_no_filter(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        assert await refused(Maker(socket), ["quote_status", None, True])
    async with of_instance(rig, "prod-1") as socket:
        maker = Maker(socket)
        assert await refused(maker, ["quote", None, True])
        assert await refused(maker, ["quote_status", {"tokens_in": [BTC]}, True])
        assert await refused(maker, ["quote_status", None, True, 1])
        assert "result" in await maker.call("subscribe", ["quote_status", None, True])
        assert "error" in await maker.call("acknowledge", ["nothing", 1])
        assert "error" in await maker.call("acknowledge", [])


async def test_a_plain_relay_knows_none_of_it(launch: Launch) -> None:
    rig = await launch()
    await rig.control("/faults", {"relay_plain": True})
    async with of_instance(rig, "prod-1") as socket:
        maker = Maker(socket)
        assert await refused(maker, ["quote", {"tokens_in": [BTC]}])
        assert await refused(maker, ["quote_status", None, True])
        assert await refused(maker, ["quote_status_extended"])
        assert "error" in await maker.call("acknowledge", ["x", 1])
        assert "result" in await maker.call("subscribe", ["quote"])
        assert "result" in await maker.call("subscribe", ["quote_status"])


async def test_a_key_that_is_not_registered_is_refused_with_403(launch: Launch) -> None:
    rig = await launch()
    await rig.control("/faults", {"relay_forbidden": True})
    with pytest.raises(InvalidStatus) as caught:
        await relay(rig.env)
    assert caught.value.response.status_code == 403


# Declines.


def declined(quote_id: str, **output: object) -> list[object]:
    return [{"quote_id": quote_id, "quote_output": output}]


async def test_a_decline_is_accepted_and_the_taker_is_told_the_smallest_amount(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        pending = asyncio.create_task(rig.rpc("quote", {**ASK, "wait_ms": 800}))
        quote_id = (await maker.events(1))[0]["params"]["data"]["quote_id"]
        for output in (
            {"type": "INSUFFICIENT_AMOUNT", "min_amount": "700000"},
            {"type": "INSUFFICIENT_AMOUNT", "min_amount": "500000"},
            {"type": "NO_LIQUIDITY", "time_to_liquidity_ms": 5_000},
            {"type": "INSUFFICIENT_AMOUNT"},
        ):
            assert (await maker.call("quote_response", declined(quote_id, **output)))["result"] == "OK"
        for wrong in ({"type": "BORED"}, {"type": "NO_LIQUIDITY", "min_amount": "-1"}, {}):
            assert "error" in await maker.call("quote_response", declined(quote_id, **wrong))
        signed = rig.signer.diff({BTC: 1, EURE: -1}, rig.salt, rig.deadline_ms())[1]
        both: list[object] = [{"quote_id": quote_id, "quote_output": {"type": "NO_LIQUIDITY"}, "signed_data": signed}]
        assert "error" in await maker.call("quote_response", both)
        assert await pending == [{"type": "INSUFFICIENT_AMOUNT", "min_amount": "500000"}]
        state = (await rig.state())["relay"]
        assert (state["declined"], state.get("accepted", 0)) == (4, 0)


async def test_an_option_counts_more_than_a_decline(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        pending = asyncio.create_task(rig.rpc("quote", {**ASK, "wait_ms": 500}))
        quote_id = (await maker.events(1))[0]["params"]["data"]["quote_id"]
        await maker.call("quote_response", declined(quote_id, type="INSUFFICIENT_AMOUNT", min_amount="7"))
        _, signed = rig.signer.diff({BTC: 100_000, EURE: -80 * 10**18}, rig.salt, rig.deadline_ms())
        answer = {"quote_id": quote_id, "quote_output": {"amount_out": str(80 * 10**18)}, "signed_data": signed}
        assert (await maker.call("quote_response", [answer]))["result"] == "OK"
        assert [option["amount_out"] for option in await pending] == [str(80 * 10**18)]
