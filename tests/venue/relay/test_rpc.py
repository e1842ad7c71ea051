import json
from typing import Any

import httpx
import pytest

from tests.support.venue.http_server import Handler, Reply, http_server, rpc, rpc_error
from venue.relay.rpc import IntentStatus, Published, PublishedMany, RelayRpc
from venue.transport.errors import RefusedError, UnreachableError
from venue.transport.messages import UNREADABLE

TOKEN = "canary-token-0123456789"
SIGNED = b'{"standard":"nep413","payload":{"message":"{\\"a\\": 1}","nonce":"Vij2"},"signature":"ed25519:x"}'
HASH = "J8Rt4LC2UqGSr2jiSCHknxHNQ1Fq6cZMGu92ggdk9sML"
TX = "9FtHUFBQsZ2MG77K3x3MJ9wjX3UT8zE1TczCrhZEcG8U"


def relay(url: str, client: httpx.AsyncClient, timeout_s: float = 5.0) -> RelayRpc:
    return RelayRpc(url, client, lambda: TOKEN, timeout_s=timeout_s)


async def test_an_intent_is_published_byte_for_byte_with_the_token(client: httpx.AsyncClient) -> None:
    async with http_server(rpc({"status": "OK", "intent_hash": HASH})) as server:
        published = await relay(server.url, client).publish_intent(SIGNED, ["quote"])
        request = server.requests[0]
    assert published == Published("OK", HASH, "")
    assert published.accepted
    assert SIGNED in request.body
    assert request.json["method"] == "publish_intent"
    assert request.json["params"] == [{"quote_hashes": ["quote"], "signed_data": json.loads(SIGNED)}]
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["x-api-key"] == TOKEN


@pytest.mark.parametrize(
    ("reason", "accepted"),
    [("already processed", True), ("expired", False), ("internal", False), ("nonce was already used", False)],
)
async def test_a_failed_intent_has_its_reason(client: httpx.AsyncClient, reason: str, accepted: bool) -> None:
    async with http_server(rpc({"status": "FAILED", "intent_hash": HASH, "reason": reason})) as server:
        published = await relay(server.url, client).publish_intent(SIGNED)
    assert (published.status, published.reason, published.accepted) == ("FAILED", reason, accepted)


async def test_a_failure_may_come_without_hash_and_with_control_characters(client: httpx.AsyncClient) -> None:
    async with http_server(rpc({"status": "FAILED", "reason": "bad\x1b[31m\nthing"})) as server:
        assert await relay(server.url, client).publish_intent(SIGNED) == Published("FAILED", "", "bad [31m thing")


@pytest.mark.parametrize(
    "handler",
    [
        lambda _: Reply(500),
        lambda _: Reply(raw=b""),
        lambda _: Reply(hang=True),
        lambda _: Reply(body=b"<html>"),
        rpc(None),
        rpc({"intent_hash": HASH}),
        rpc({"status": "MAYBE", "intent_hash": HASH}),
        rpc("OK"),
    ],
)
async def test_without_a_readable_answer_it_is_unknown(client: httpx.AsyncClient, handler: Handler) -> None:
    async with http_server(handler) as server:
        with pytest.raises(UnreachableError):
            await relay(server.url, client, timeout_s=1).publish_intent(SIGNED)


@pytest.mark.parametrize("error", [f"bad token {TOKEN}", {"code": -32600, "message": f"Bearer {TOKEN} is unknown"}])
async def test_a_refusal_never_repeats_the_token(client: httpx.AsyncClient, error: Any) -> None:
    async with http_server(rpc_error(error, status=401)) as server:
        one = relay(server.url, client)
        with pytest.raises(RefusedError) as caught:
            await one.publish_intent(SIGNED)
        with pytest.raises(RefusedError):
            await one.get_status(HASH)
    for text in (str(caught.value), repr(caught.value), repr(one), one.rpc.last_error):
        assert TOKEN not in text


@pytest.mark.parametrize("signed", [b"", b"{", b"[]", b'"x"', b"{} {}"])
async def test_only_a_json_object_is_sent(client: httpx.AsyncClient, signed: bytes) -> None:
    async with http_server(rpc({"status": "OK", "intent_hash": HASH})) as server:
        with pytest.raises(ValueError):  # noqa: PT011 - msgspec's own words
            await relay(server.url, client).publish_intent(signed)
        assert not server.requests


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ({"status": "PENDING", "intent_hash": HASH}, IntentStatus("PENDING", None)),
        ({"status": "TX_BROADCASTED", "data": {"hash": TX}}, IntentStatus("TX_BROADCASTED", TX)),
        ({"status": "SETTLED", "intent_hash": HASH, "data": {"hash": TX}}, IntentStatus("SETTLED", TX)),
        ({"status": "NOT_FOUND_OR_NOT_VALID", "data": None}, IntentStatus("NOT_FOUND_OR_NOT_VALID", None)),
        (
            {"status": "NOT_FOUND_OR_NOT_VALID", "status_details": "FAILED", "data": {"hash": TX}},
            IntentStatus("NOT_FOUND_OR_NOT_VALID", TX, failed=True),
        ),
        ({"status": "SETTLED", "status_details": "FAILED"}, IntentStatus("SETTLED", None)),
        ({"status": "A_NEW_WORD", "data": {}}, IntentStatus("A_NEW_WORD", None)),
    ],
)
async def test_the_status_of_an_intent(client: httpx.AsyncClient, answer: Any, status: IntentStatus) -> None:
    async with http_server(rpc(answer)) as server:
        assert await relay(server.url, client).get_status(HASH) == status
        assert server.requests[0].json["params"] == [{"intent_hash": HASH}]


@pytest.mark.parametrize("answer", [None, "SETTLED", {}, {"status": 7}, {"status": "SETTLED", "data": {"hash": 7}}])
async def test_a_status_that_cannot_be_read_is_unknown(client: httpx.AsyncClient, answer: Any) -> None:
    async with http_server(rpc(answer)) as server:
        with pytest.raises(UnreachableError, match=UNREADABLE):
            await relay(server.url, client).get_status(HASH)


async def test_intents_are_published_together_byte_for_byte_in_one_call(client: httpx.AsyncClient) -> None:
    async with http_server(rpc({"status": "OK", "intent_hashes": [HASH, TX]})) as server:
        published = await relay(server.url, client).publish_intents([SIGNED, SIGNED])
        request = server.requests[0]
    assert published == PublishedMany("OK", (HASH, TX), "")
    assert request.body.count(SIGNED) == 2
    assert request.json["method"] == "publish_intents"
    assert request.json["params"] == [{"quote_hashes": [], "signed_datas": [json.loads(SIGNED)] * 2}]


@pytest.mark.parametrize(("reason", "accepted"), [("nonce was already used", False), ("already processed", True)])
async def test_intents_that_failed_together_have_their_reason(
    client: httpx.AsyncClient, reason: str, accepted: bool
) -> None:
    async with http_server(rpc({"status": "FAILED", "reason": reason})) as server:
        published = await relay(server.url, client).publish_intents([SIGNED])
    assert published == PublishedMany("FAILED", (), reason)
    assert published.accepted is accepted


async def test_only_a_json_object_is_published_among_several(client: httpx.AsyncClient) -> None:
    with pytest.raises(ValueError, match="xpected"):
        await relay("http://127.0.0.1:9", client).publish_intents([b"[]"])


@pytest.mark.parametrize(
    ("status", "found"), [("SETTLED", TX), ("TX_BROADCASTED", None), ("NOT_FOUND_OR_NOT_VALID", None)]
)
async def test_only_a_settled_intent_has_its_transaction(
    client: httpx.AsyncClient, status: str, found: str | None
) -> None:
    async with http_server(rpc({"status": status, "intent_hash": HASH, "data": {"hash": TX}})) as server:
        assert await relay(server.url, client).transaction_of(HASH) == found
