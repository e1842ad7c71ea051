"""The relay over its websocket and RPC: subscriptions, auctions, every refusal, settlement."""

import asyncio
import json
import time
from typing import Any

import base58
import pytest
from nacl.signing import SigningKey
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.sandbox.maker import BTC, EURE, Maker, Signer, relay
from tests.support.sandbox.rig import Launch, Rig
from tests.support.waiting import until
from venue.sandbox.relay.errors import GONE_TEXT

EUR = 10**18
ASK = {"defuse_asset_identifier_in": BTC, "defuse_asset_identifier_out": EURE, "exact_amount_in": "100000"}


def text_of(reply: dict[str, Any]) -> str:
    error = reply["error"]
    return error if isinstance(error, str) else error["message"]


def response(quote_id: str, output: dict[str, str], signed: dict[str, object]) -> list[object]:
    return [{"quote_id": quote_id, "quote_output": output, "signed_data": signed}]


async def ask(rig: Rig, maker: Maker, **params: object) -> tuple[str, asyncio.Task[Any]]:
    """Request a quote over the RPC; return the id that the maker sees, and the pending answer of the RPC."""
    before = len([message for message in maker.seen if message.get("method") == "event"])
    pending_quote = asyncio.create_task(rig.rpc("quote", {**ASK, "wait_ms": 300, **params}))
    event = (await maker.events(before + 1))[before]
    return event["params"]["data"]["quote_id"], pending_quote


def taker(rig: Rig) -> Signer:
    """Create a funded account of the test's own."""
    key = SigningKey(b"\x07" * 32)
    signer = Signer("taker.near", "ed25519:" + base58.b58encode(bytes(key) + bytes(key.verify_key)).decode())
    public = "ed25519:" + base58.b58encode(bytes(key.verify_key)).decode()
    rig.venue.ledger.register_key("taker.near", public)
    rig.venue.ledger.mint("taker.near", BTC, 10**8)
    return signer


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Basic nonsense"}, 401),
        ({"Authorization": "Bearer nonsense"}, 403),
    ],
)
async def test_a_websocket_without_a_registered_token_is_refused(
    launch: Launch, headers: dict[str, str], status: int
) -> None:
    rig = await launch()
    with pytest.raises(InvalidStatus) as caught:
        await connect(rig.env["NEAR_INTENTS_RELAY_WS_URL"], additional_headers=headers)
    assert caught.value.response.status_code == status


async def test_the_rpc_accepts_the_token_in_either_header_only(launch: Launch) -> None:
    rig = await launch()
    url, key = rig.env["NEAR_INTENTS_RELAY_RPC_URL"], rig.env["NEAR_INTENTS_API_KEY"]
    call = {"id": "7", "jsonrpc": "2.0", "method": "get_status", "params": [{"intent_hash": "none"}]}
    assert (await rig.http.post(url, json=call)).status_code == 401
    assert (await rig.http.post(url, json=call, headers={"X-API-Key": "nonsense"})).status_code == 401
    answer = await rig.http.post(url, json=call, headers={"X-API-Key": key})
    assert answer.json() == {
        "jsonrpc": "2.0",
        "id": "7",
        "result": {"status": "NOT_FOUND_OR_NOT_VALID", "intent_hash": "none"},
    }


async def test_the_relay_offers_no_compression(launch: Launch) -> None:
    rig = await launch()
    headers = {"Authorization": f"Bearer {rig.env['NEAR_INTENTS_API_KEY']}"}
    async with connect(rig.env["NEAR_INTENTS_RELAY_WS_URL"], additional_headers=headers) as socket:
        assert socket.response is not None
        assert "Sec-WebSocket-Extensions" not in socket.response.headers


async def test_subscriptions_start_and_end(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        assert "error" in await maker.call("subscribe", ["everything"])
        quotes = (await maker.call("subscribe", ["quote"]))["result"]
        statuses = (await maker.call("subscribe", ["quote_status"]))["result"]
        assert quotes != statuses
        state = (await rig.state())["relay"]
        assert (state["quote_subscriptions"], state["status_subscriptions"]) == (1, 1)
        assert (await maker.call("unsubscribe", [quotes]))["result"] == "OK"
        assert "error" in await maker.call("unsubscribe", [quotes])
        assert (await rig.state())["relay"]["quote_subscriptions"] == 0
        assert "Method not found" in text_of(await maker.call("dance", []))


async def test_a_request_reaches_every_maker_in_the_relays_own_form(launch: Launch) -> None:
    rig = await launch(rate=50.0, start_paused=True)
    async with relay(rig.env) as first, relay(rig.env) as second:
        makers = (Maker(first), Maker(second))
        subscriptions = [(await maker.call("subscribe", ["quote"]))["result"] for maker in makers]
        await rig.control("/traders", {"running": True})
        seen = [await maker.events(40) for maker in makers]
    assert [event["params"]["data"] for event in seen[0]] == [event["params"]["data"] for event in seen[1]]
    assert {event["params"]["subscription"] for event in seen[0]} == {subscriptions[0]}
    for event in seen[0]:
        data = event["params"]["data"]
        exact = {"exact_amount_in", "exact_amount_out"} & set(data)
        assert len(exact) == 1
        assert int(data[exact.pop()]) > 0
        assert set(data) >= {"quote_id", "defuse_asset_identifier_in", "defuse_asset_identifier_out", "min_deadline_ms"}
    active = [d for d in seen[0] if {v for k, v in d["params"]["data"].items() if "asset" in k} == {BTC, EURE}]
    assert len(active) < 15
    assert any("metadata" in event["params"] for event in seen[0])
    assert any("metadata" not in event["params"] for event in seen[0])


async def test_the_same_seed_broadcasts_the_same_requests(launch: Launch) -> None:
    async def broadcast(seed: int) -> list[Any]:
        rig = await launch(rate=60.0, start_paused=True, rivals=True, seed=seed, dry=0.3, router_legs=0.3)
        async with relay(rig.env) as socket:
            maker = Maker(socket)
            await maker.call("subscribe", ["quote"])
            await rig.control("/traders", {"running": True})
            seen = [event["params"] for event in await maker.events(50)]
            for params in seen:
                # When it asks is the real time.
                params.get("metadata", {}).pop("quote_timestamp", None)
            return seen

    first, second, other = await asyncio.gather(broadcast(3), broadcast(3), broadcast(4))
    assert first == second
    assert first != other


async def test_the_flat_form_holds_the_fields_in_params(launch: Launch) -> None:
    rig = await launch(flat=True)
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        subscription = (await maker.call("subscribe", ["quote"]))["result"]
        pending_quote = asyncio.create_task(rig.rpc("quote", {**ASK, "wait_ms": 0}))
        event = (await maker.events(1, "subscribe"))[0]
        assert event["params"]["subscription"] == subscription
        assert event["params"]["exact_amount_in"] == "100000"
        assert "data" not in event["params"]
        assert await pending_quote is None


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_maker_that_wins_is_settled_to_the_base_unit(launch: Launch, seed: int) -> None:
    rig = await launch(seed=seed, rate=20.0, other_pairs=0.0, start_paused=True, median_eur=20.0)
    salt = rig.salt
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        await maker.call("subscribe", ["quote_status"])
        await rig.control("/traders", {"running": True})
        wins: dict[str, dict[str, int]] = {}
        for event in await maker.events(6):
            data = event["params"]["data"]
            generous = 1.005 if data["defuse_asset_identifier_in"] == BTC else 1 / 1.005
            price = int(80_000 * generous * 10**10)
            amount_in, amount_out = data.get("exact_amount_in"), data.get("exact_amount_out")
            buys = data["defuse_asset_identifier_in"] == BTC
            if amount_in is not None:
                other = int(amount_in) * price if buys else int(amount_in) // price
                output = {"amount_out": str(other)}
                diff = {data["defuse_asset_identifier_in"]: int(amount_in), data["defuse_asset_identifier_out"]: -other}
            else:
                other = int(amount_out) // price if buys else int(amount_out) * price
                output = {"amount_in": str(other)}
                diff = {
                    data["defuse_asset_identifier_in"]: other,
                    data["defuse_asset_identifier_out"]: -int(amount_out),
                }
            quote_hash, signed = rig.signer.diff(diff, salt, rig.deadline_ms(int(data["min_deadline_ms"]) + 5_000))
            reply = await maker.call("quote_response", response(data["quote_id"], output, signed))
            assert reply["result"] == "OK"
            wins[quote_hash] = diff
        for quote_hash in wins:
            status = await maker.status_of(quote_hash)
            assert set(status["params"]["data"]) == {"quote_hash", "intent_hash", "tx_hash"}
        await rig.control("/traders", {"running": False})
    state = await rig.state()
    mine = [fill for fill in state["fills"] if fill["account"] == rig.signer.account]
    assert {fill["quote_hash"]: {t: int(a) for t, a in fill["diff"].items()} for fill in mine} == wins
    for token in (BTC, EURE):
        moved = sum(diff[token] for diff in wins.values())
        opening = int(state["opening"][rig.signer.account][token])
        assert int(state["balances"][rig.signer.account][token]) == opening + moved
        for sums in (state["balances"], state["opening"]):
            assert sum(int(tokens.get(token, 0)) for tokens in sums.values()) == rig.venue.ledger.supply(token)
    assert state["settlements"] == {"settled": len(mine), "failed": 0}


async def test_rivals_fill_requests_and_every_maker_gets_the_status(launch: Launch) -> None:
    rig = await launch(rate=20.0, other_pairs=0.0, rivals=True)
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote_status"])
        events = await maker.events(3)
    state = await rig.state()
    rivals = {fill["quote_hash"]: fill for fill in state["fills"] if fill["account"].endswith(".rival.near")}
    for event in events:
        fill = rivals[event["params"]["data"]["quote_hash"]]
        assert fill["tx_hash"] == event["params"]["data"]["tx_hash"]
        assert fill["intent_hash"] == event["params"]["data"]["intent_hash"]
    assert state["failures"] == 0


async def test_the_same_seed_gives_the_same_rival_answers(launch: Launch) -> None:
    async def answers(seed: int) -> list[tuple[str, str]]:
        rig = await launch(rivals=True, seed=seed, start_paused=True)
        found = []
        for _ in range(3):
            options = await rig.rpc("quote", {**ASK, "wait_ms": 200}) or []
            found += [(option["amount_in"], option["amount_out"]) for option in options]
        return found

    first, second, other = await asyncio.gather(answers(3), answers(3), answers(4))
    assert first == second != other
    assert len(first) >= 3
    assert all(amount_in == "100000" and 79 * EUR < int(amount_out) < 80 * EUR for amount_in, amount_out in first)


async def test_each_bad_answer_is_refused_with_its_reason(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        quote_id, pending_quote = await ask(rig, maker, wait_ms=1_500)
        good = {BTC: 100_000, EURE: -80 * EUR}
        output = {"amount_out": str(80 * EUR)}
        later = rig.deadline_ms()

        async def refusal(out: dict[str, str], signed: dict[str, object], name: str = quote_id) -> str:
            return text_of(await maker.call("quote_response", response(name, out, signed)))

        signed = rig.signer.diff(good, rig.salt, later)[1]
        assert await refusal(output, signed, "11111111-2222-4333-8444-555555555555") == GONE_TEXT
        assert "does not match" in await refusal({"amount_out": str(79 * EUR)}, signed)
        assert "amount_out" in await refusal({"amount_in": str(80 * EUR)}, signed)
        assert "invalid digit" in await refusal({"amount_out": "-1"}, signed)
        assert "another amount" in await refusal({**output, "amount_in": "99999"}, signed)
        assert await refusal(output, {**signed, "signature": "ed25519:" + "2" * 64}) != ""
        _, other = rig.signer.diff(good, rig.salt, later)
        assert await refusal(output, {**signed, "signature": other["signature"]}) == "invalid signature"
        assert await refusal(output, rig.signer.diff(good, b"\0\0\0\0", later)[1]) == "invalid salt"
        assert "deadline" in await refusal(output, rig.signer.diff(good, rig.salt, rig.deadline_ms(59_000))[1])
        rich = {BTC: 100_000, EURE: -20_000 * EUR}
        poor = await refusal({"amount_out": str(20_000 * EUR)}, rig.signer.diff(rich, rig.salt, later)[1])
        assert poor == "insufficient balance or overflow"
        twice: list[dict[str, object]] = [{"intent": "token_diff", "diff": {BTC: "100000", EURE: str(-80 * EUR)}}] * 2
        assert "exactly one token_diff" in await refusal(output, rig.signer.sign(twice, rig.salt, later)[1])
        stranger = Signer("stranger.near", rig.env["NEAR_INTENTS_SIGNER_PRIVATE_KEY"])
        assert "doesn't exist for account" in await refusal(output, stranger.diff(good, rig.salt, later)[1])
        both = {**output, "amount_in": "100000"}
        assert (await maker.call("quote_response", response(quote_id, both, signed)))["result"] == "OK"
        options = await pending_quote
        assert [option["amount_out"] for option in options] == [str(80 * EUR)]
        assert await refusal(output, signed) == GONE_TEXT
    errors = [message["error"] for message in maker.seen if "error" in message]
    assert {type(error) for error in errors} == {str, dict}
    state = (await rig.state())["relay"]
    assert (state["refused"], state["accepted"]) == (len(errors), 1)


async def test_malformed_frames_are_answered_and_the_connection_stays_open(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        for frame in ("{", '"text"', b"\xff\xfe", b'{"id":1,"method":"\xff"}', '{"id":1}', "[" * 100_000):
            await socket.send(frame)
            assert json.loads(await socket.recv())["error"]["code"] == -32700
        await socket.send('{"id":2,"method":"quote_response","params":[{"quote_id":5}]}')
        assert "Invalid params" in text_of(json.loads(await socket.recv()))
        assert (await maker.call("subscribe", ["quote"]))["result"]
    state = await rig.state()
    assert (state["relay"]["malformed"], state["failures"]) == (6, 0)


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b'{"method":"\xff"}', b'{"id":1e999}', b"[" * 100_000, b"NaN"],
    ids=["empty", "no UTF-8", "no UTF-8 in a text", "a huge number", "deep", "NaN"],
)
async def test_a_body_of_any_bytes_is_answered_by_every_endpoint(launch: Launch, body: bytes) -> None:
    rig = await launch()
    headers = {"X-API-Key": rig.env["NEAR_INTENTS_API_KEY"]}
    nodes = rig.env["NEAR_RPC_URL"].split(",")
    for url in (rig.env["NEAR_INTENTS_RELAY_RPC_URL"], rig.env["NEAR_INTENTS_BRIDGE_URL"], *nodes):
        answered = await rig.http.post(url, content=body, headers=headers)
        assert answered.status_code == 200
        assert answered.json()["error"]["code"] == -32700
        # As servers write it: without spaces.
        assert b": " not in answered.content.replace(b"Parse error", b"")
    assert (await rig.http.post(rig.env["SANDBOX_CONTROL_URL"] + "/faults", content=body)).status_code == 400
    assert (await rig.state())["failures"] == 0


async def test_a_taker_settles_a_quote_over_the_rpc(launch: Launch) -> None:
    rig = await launch(settle_s=(0.8, 0.8))
    buyer = taker(rig)
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        quote_id, pending_quote = await ask(rig, maker)
        quote_hash, signed = rig.signer.diff({BTC: 100_000, EURE: -80 * EUR}, rig.salt, rig.deadline_ms())
        await maker.call("quote_response", response(quote_id, {"amount_out": str(80 * EUR)}, signed))
        (option,) = await pending_quote
        assert option["quote_hash"] == quote_hash
        assert (option["amount_in"], option["amount_out"]) == ("100000", str(80 * EUR))
        assert option["expiration_time"].endswith("Z")

        greedy = buyer.diff({BTC: -100_001, EURE: 80 * EUR}, rig.salt, rig.deadline_ms())[1]
        failed = await rig.rpc("publish_intent", {"quote_hashes": [quote_hash], "signed_data": greedy})
        assert failed["status"] == "FAILED"
        assert "unmatched_deltas" in failed["reason"]
        fair = {BTC: -100_001, EURE: 80 * EUR - 80 * EUR // 10**6}
        intent_hash, paid = buyer.diff(fair, rig.salt, rig.deadline_ms())
        unknown = await rig.rpc("publish_intent", {"quote_hashes": ["nobody's"], "signed_data": paid})
        assert unknown == {"status": "FAILED", "reason": GONE_TEXT, "intent_hash": intent_hash}
        published = await rig.rpc("publish_intent", {"quote_hashes": [quote_hash], "signed_data": paid})
        assert published == {"status": "OK", "intent_hash": intent_hash}
        assert (await rig.rpc("get_status", {"intent_hash": intent_hash}))["status"] == "PENDING"

        async def status(wanted: str) -> Any:
            found = await rig.rpc("get_status", {"intent_hash": intent_hash})
            return found if found["status"] == wanted else None

        sent = await rig.until(lambda: status("TX_BROADCASTED"))
        settled = await rig.until(lambda: status("SETTLED"))
        assert sent["data"] == settled["data"]
        again = await rig.rpc("publish_intents", {"quote_hashes": [quote_hash], "signed_datas": [paid]})
        assert again == {"status": "FAILED", "reason": "already processed", "intent_hashes": [intent_hash]}
        once_more = await rig.rpc("publish_intent", {"quote_hashes": [quote_hash], "signed_data": paid})
        assert once_more == {"status": "FAILED", "reason": "already processed", "intent_hash": intent_hash}
        intent_hash, late = buyer.diff(fair, rig.salt, rig.deadline_ms())
        second = await rig.rpc("publish_intent", {"quote_hashes": [quote_hash], "signed_data": late})
        assert (second["status"], second["reason"]) == ("FAILED", "nonce was already used")
    held = (await rig.state())["balances"]
    assert held["taker.near"] == {BTC: str(10**8 - 100_001), EURE: str(80 * EUR - 80 * EUR // 10**6)}
    assert held[rig.signer.account][EURE] == str(15_000 * EUR - 80 * EUR)


async def test_an_answer_that_is_refused_although_it_was_taken_can_be_chosen_and_settles_later(launch: Launch) -> None:
    rig = await launch()
    await rig.control("/faults", {"relay_refuses_taken": True, "quotes_settle_s": [0.4, 0.5]})
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        quote_id, pending_quote = await ask(rig, maker)
        deadline = rig.deadline_ms()
        name, signed = rig.signer.diff({BTC: 100_000, EURE: -80 * EUR}, rig.salt, deadline)
        answered = await maker.call("quote_response", response(quote_id, {"amount_out": str(80 * EUR)}, signed))
        assert text_of(answered) == GONE_TEXT
        assert [option["quote_hash"] for option in await pending_quote] == [name]
    _, paid = taker(rig).diff({BTC: -100_001, EURE: 80 * EUR - 80 * EUR // 10**6}, rig.salt, deadline)
    started = time.monotonic()
    published = await rig.rpc("publish_intent", {"quote_hashes": [name], "signed_data": paid})
    assert published["status"] == "OK"

    async def settled() -> bool:
        return bool((await rig.state())["settlements"]["settled"])

    await until(settled)
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize("refuses_worse", [False, True])
async def test_an_answer_that_does_not_win_stays_signed_and_can_be_settled(launch: Launch, refuses_worse: bool) -> None:
    rig = await launch()
    if refuses_worse:
        await rig.control("/faults", {"relay_refuses_worse": True})
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        quote_id, pending_quote = await ask(rig, maker)
        deadline = rig.deadline_ms()
        answers = []
        for euros in (80, 79):
            name, signed = rig.signer.diff({BTC: 100_000, EURE: -euros * EUR}, rig.salt, deadline)
            answers.append(
                await maker.call("quote_response", response(quote_id, {"amount_out": str(euros * EUR)}, signed))
            )
        assert answers[0]["result"] == "OK"
        assert text_of(answers[1]) == GONE_TEXT if refuses_worse else answers[1]["result"] == "OK"
        options = await pending_quote
        assert [option["amount_out"] for option in options] == [str(80 * EUR), str(79 * EUR)][
            : 1 if refuses_worse else 2
        ]
    _, paid = taker(rig).diff({BTC: -100_001, EURE: 79 * EUR - 79 * EUR // 10**6}, rig.salt, deadline)
    published = await rig.rpc("publish_intent", {"quote_hashes": [name], "signed_data": paid})
    assert published["status"] == "OK"

    async def settled() -> Any:
        return (await rig.state())["settlements"]["settled"] == 1

    await rig.until(settled)


async def test_an_answer_that_comes_too_late_is_refused_and_can_be_settled_all_the_same(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        quote_id, pending_quote = await ask(rig, maker, wait_ms=20)
        assert not await pending_quote
        deadline = rig.deadline_ms()
        name, signed = rig.signer.diff({BTC: 100_000, EURE: -80 * EUR}, rig.salt, deadline)
        late = await maker.call("quote_response", response(quote_id, {"amount_out": str(80 * EUR)}, signed))
        assert text_of(late) == "quote not found or already finished"
    _, paid = taker(rig).diff({BTC: -100_001, EURE: 80 * EUR - 80 * EUR // 10**6}, rig.salt, deadline)
    assert (await rig.rpc("publish_intent", {"quote_hashes": [name], "signed_data": paid}))["status"] == "OK"

    async def settled() -> Any:
        return (await rig.state())["settlements"]["settled"] == 1

    await rig.until(settled)


async def test_a_status_is_unknown_until_the_relay_has_indexed_the_intent(launch: Launch) -> None:
    rig = await launch(status_after_s=0.5)
    name, empty = rig.signer.sign([], rig.salt, rig.deadline_ms())
    assert (await rig.rpc("publish_intent", {"quote_hashes": [], "signed_data": empty}))["status"] == "OK"

    async def settled() -> Any:
        return (await rig.state())["settlements"]["settled"] == 1

    await rig.until(settled)
    unknown = {"status": "NOT_FOUND_OR_NOT_VALID", "intent_hash": name}
    assert await rig.rpc("get_status", {"intent_hash": name}) == unknown
    again = await rig.rpc("publish_intent", {"quote_hashes": [], "signed_data": empty})
    assert again["reason"] == "already processed"

    async def indexed() -> Any:
        return (await rig.rpc("get_status", {"intent_hash": name}))["status"] == "SETTLED"

    await rig.until(indexed)
    await rig.control("/faults", {"status_after_s": 60})
    assert await rig.rpc("get_status", {"intent_hash": name}) == unknown


async def test_a_quote_that_cannot_be_paid_any_more_fails_to_settle(launch: Launch) -> None:
    rig = await launch(settle_s=(0.2, 0.3), maker_eure=100 * EUR)
    buyer = taker(rig)
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        await maker.call("subscribe", ["quote_status"])
        hashes = []
        for _ in range(2):
            quote_id, pending_quote = await ask(rig, maker, wait_ms=50)
            name, signed = rig.signer.diff({BTC: 100_000, EURE: -80 * EUR}, rig.salt, rig.deadline_ms())
            await maker.call("quote_response", response(quote_id, {"amount_out": str(80 * EUR)}, signed))
            await pending_quote
            fair = {BTC: -100_001, EURE: 80 * EUR - 80 * EUR // 10**6}
            intent_hash, paid = buyer.diff(fair, rig.salt, rig.deadline_ms())
            hashes.append((name, paid, intent_hash))
        for name, paid, _ in hashes:
            assert (await rig.rpc("publish_intent", {"quote_hashes": [name], "signed_data": paid}))["status"] == "OK"

        async def ends() -> Any:
            found = [(await rig.rpc("get_status", {"intent_hash": name}))["status"] for _, _, name in hashes]
            return found if not {"PENDING", "TX_BROADCASTED"} & set(found) else None

        assert sorted(await rig.until(ends)) == ["NOT_FOUND_OR_NOT_VALID", "SETTLED"]
        for _, _, name in hashes:
            told = await rig.rpc("get_status", {"intent_hash": name})
            failed = {"status_details": "FAILED"} if told["status"] == "NOT_FOUND_OR_NOT_VALID" else {}
            assert told == {"status": told["status"], "intent_hash": name, "data": told["data"], **failed}
    assert (await rig.state())["settlements"] == {"settled": 1, "failed": 1}


async def test_publishing_an_empty_intent_burns_a_quotes_nonce(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        quote_id, pending_quote = await ask(rig, maker)
        deadline = rig.deadline_ms()
        quote_hash, signed = rig.signer.diff({BTC: 100_000, EURE: -80 * EUR}, rig.salt, deadline)
        await maker.call("quote_response", response(quote_id, {"amount_out": str(80 * EUR)}, signed))
        await pending_quote
    twin = Signer(rig.signer.account, rig.env["NEAR_INTENTS_SIGNER_PRIVATE_KEY"])
    burn_hash, burn = twin.sign([], rig.salt, deadline)
    assert burn["payload"]["nonce"] == signed["payload"]["nonce"]  # type: ignore[index]
    published = await rig.rpc("publish_intent", {"quote_hashes": [], "signed_data": burn})
    assert published == {"status": "OK", "intent_hash": burn_hash}

    async def burned() -> Any:
        return (await rig.rpc("get_status", {"intent_hash": burn_hash}))["status"] == "SETTLED"

    await rig.until(burned)
    _, paid = taker(rig).diff({BTC: -100_001, EURE: 80 * EUR - 80 * EUR // 10**6}, rig.salt, deadline)
    refused = await rig.rpc("publish_intent", {"quote_hashes": [quote_hash], "signed_data": paid})
    assert refused["reason"] == "nonce was already used"


@pytest.mark.parametrize(
    "params",
    [
        {"exact_amount_out": "5"},
        {"exact_amount_in": None},
        {"exact_amount_in": "0"},
        {"exact_amount_in": "1.5"},
        {"defuse_asset_identifier_out": BTC},
        {"defuse_asset_identifier_in": "bitcoin"},
        {"min_deadline_ms": -1},
        {"min_deadline_ms": 10**15},
    ],
)
async def test_a_bad_request_is_refused_and_not_broadcast(launch: Launch, params: dict[str, object]) -> None:
    rig = await launch()
    answer = await rig.http.post(
        rig.env["NEAR_INTENTS_RELAY_RPC_URL"],
        json={"id": "1", "method": "quote", "params": [{**ASK, "wait_ms": 0, **params}]},
        headers={"X-API-Key": rig.env["NEAR_INTENTS_API_KEY"]},
    )
    assert answer.json()["error"]["code"] == -32602
    assert (await rig.state())["requests"]["total"] == 0


async def test_a_taker_gets_every_valid_answer_and_the_best_first_for_an_exact_amount_out(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as first, relay(rig.env) as second:
        makers = (Maker(first), Maker(second))
        for maker in makers:
            await maker.call("subscribe", ["quote"])
        exact = {"exact_amount_in": None, "exact_amount_out": str(80 * EUR)}
        quote_id, pending_quote = await ask(rig, makers[0], **exact)
        deadline = rig.deadline_ms()
        for turn, units in enumerate((100_000, 99_000, 101_000, 99_500)):
            _, signed = rig.signer.diff({BTC: units, EURE: -80 * EUR}, rig.salt, deadline)
            answered = response(quote_id, {"amount_in": str(units)}, signed)
            assert (await makers[turn % 2].call("quote_response", answered))["result"] == "OK"
        options = await pending_quote
    assert [option["amount_in"] for option in options] == ["99000", "99500", "100000", "101000"]
    assert {option["amount_out"] for option in options} == {str(80 * EUR)}


async def test_a_quote_past_its_deadline_is_said_to_be_expired(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        quote_id, pending_quote = await ask(rig, maker)
        name, signed = rig.signer.diff({BTC: 100_000, EURE: -80 * EUR}, rig.salt, rig.deadline_ms())
        await maker.call("quote_response", response(quote_id, {"amount_out": str(80 * EUR)}, signed))
        await pending_quote
    _, paid = taker(rig).diff({BTC: -100_001, EURE: 80 * EUR - 80 * EUR // 10**6}, rig.salt, rig.deadline_ms(600_000))
    await rig.control("/time", {"forward_s": 66})
    refused = await rig.rpc("publish_intent", {"quote_hashes": [name], "signed_data": paid})
    assert (refused["status"], refused["reason"]) == ("FAILED", "expired")
