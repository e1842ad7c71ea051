import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.venue.http_server import Handler, Reply, Request, http_server
from venue.bridges.omni.client import OmniBridge
from venue.bridges.omni.fees import OmniFees, RawFees, read_fees
from venue.bridges.omni.transfers import RawTransfer, pick_transfer
from venue.protocol.assets import MAX_AMOUNT
from venue.protocol.tokens import NBTC
from venue.transport.errors import RefusedError, UnreachableError
from venue.transport.messages import UNREADABLE

ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
HASH = "6zgh2u9DqHHiXzdy9ouTP7oGky2T4nugqzqt9wJZwNFm"
PAID = "4c" * 32
FEES: dict[str, Any] = {
    "native_token_fee": "0",
    "gas_fee": "1200",
    "protocol_fee": 300,
    "usd_fee": 1.12,
    "transferred_token_fee": None,
    "min_amount": "5000",
    "insufficient_utxo": False,
}


def third(amount: Any = "100000", paid: str | None = PAID, **message: Any) -> dict[str, Any]:
    """A transfer as the third version of the API lists it."""
    return {
        "id": {"origin_chain": "Near", "kind": {"Nonce": 7}},
        "initialized": {"NearReceipt": {"block_height": 1, "block_timestamp_seconds": 1, "transaction_hash": HASH}},
        "finalised": None
        if paid is None
        else {"UtxoLog": {"transaction_hash": paid, "block_height": 1, "block_time": 2}},
        "transfer_message": {
            "token": f"near:{NBTC.near_token}",
            "amount": amount,
            "sender": "near:intents.near",
            "recipient": f"btc:{ADDRESS}",
            "fee": {"fee": "0", "native_fee": "0"},
            "msg": None,
            **message,
        },
        "updated_fee": [],
        "utxo_transfer": None,
    }


def fourth(amount: Any = "100000", paid: str | None = PAID, **fields: Any) -> dict[str, Any]:
    return {
        "sender": "near:intents.near",
        "recipient": f"btc:{ADDRESS}",
        "token_id": f"near:{NBTC.near_token}",
        "amount": amount,
        "status": "Finalised",
        "finalised": None
        if paid is None
        else {
            "transaction_hash": paid,
            "chain": "Btc",
            "timestamp_seconds": 1,
            "details": {"type": "utxo", "block_height": 1, "block_hash": "aa"},
        },
        **fields,
    }


def answering(value: Any, status: int = 200) -> Handler:
    return lambda _: Reply(status, json.dumps(value).encode())


async def fees(client: httpx.AsyncClient, handler: Handler) -> tuple[OmniFees, list[Request]]:
    async with http_server(handler) as server:
        return await OmniBridge(server.url, client).fees(NBTC, 100_000, ADDRESS), server.requests


async def transfer(client: httpx.AsyncClient, handler: Handler, amount: int = 100_000) -> tuple[Any, list[Request]]:
    async with http_server(handler) as server:
        return await OmniBridge(server.url + "/", client).transfer(HASH, NBTC, amount, ADDRESS), server.requests


async def test_fees_are_asked_for_the_transfer_and_read_field_by_field(client: httpx.AsyncClient) -> None:
    found, (request,) = await fees(client, answering(FEES))
    assert (found.gas_fee, found.protocol_fee, found.fee, found.native_fee) == (1200, 300, 1500, 0)
    assert (found.min_amount, found.insufficient_utxo) == (5000, False)
    target = urlsplit(request.target)
    assert (request.method, target.path) == ("GET", "/api/v3/transfer-fee")
    assert parse_qs(target.query) == {
        "sender": ["near:intents.near"],
        "recipient": [f"btc:{ADDRESS}"],
        "token": ["near:nbtc.bridge.near"],
        "amount": ["100000"],
    }


@pytest.mark.parametrize(
    "change",
    [
        {"gas_fee": None},
        {"gas_fee": "0"},
        {"gas_fee": -1},
        {"gas_fee": 1.5},
        {"gas_fee": "1e3"},
        {"gas_fee": "1" * 40},
        {"gas_fee": str(MAX_AMOUNT + 1)},
        {"gas_fee": "١٢"},
        {"protocol_fee": None},
        {"protocol_fee": 0},
        {"native_token_fee": None},
        {"native_token_fee": "-1"},
        {"native_token_fee": 2**129},
        {"min_amount": None},
        {"min_amount": "0"},
        {"insufficient_utxo": None},
        {"insufficient_utxo": "no"},
    ],
)
async def test_a_fee_that_cannot_be_read_is_unknown(client: httpx.AsyncClient, change: dict[str, Any]) -> None:
    with pytest.raises(UnreachableError, match=UNREADABLE):
        await fees(client, answering(FEES | change))


@pytest.mark.parametrize("missing", ["gas_fee", "protocol_fee", "native_token_fee", "min_amount", "insufficient_utxo"])
async def test_a_fee_that_is_missing_is_unknown(client: httpx.AsyncClient, missing: str) -> None:
    with pytest.raises(UnreachableError, match=UNREADABLE):
        await fees(client, answering({name: value for name, value in FEES.items() if name != missing}))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, b"{}"),
        Reply(429, b"{}"),
        Reply(404, b"{}"),
        Reply(302, b"{}"),
        Reply(200, b"<html>"),
        Reply(200, b"[]"),
        Reply(200, b"[" * 5000),
        Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    ],
)
async def test_no_readable_answer_is_no_fee(client: httpx.AsyncClient, reply: Reply) -> None:
    with pytest.raises(UnreachableError):
        await fees(client, lambda _: reply)


async def test_a_refusal_is_told_on_one_line(client: httpx.AsyncClient) -> None:
    with pytest.raises(RefusedError, match=r"^amount is \x20?too small$"):
        await fees(client, answering({"error": "amount is \x1b too\nsmall"}, 400))


async def test_a_slow_answer_is_no_answer(client: httpx.AsyncClient) -> None:
    async with http_server(lambda _: Reply(hang=True)) as server:
        bridge = OmniBridge(server.url, client, timeout_s=0.05)
        with pytest.raises(UnreachableError):
            await bridge.fees(NBTC, 1, ADDRESS)
        assert (bridge.calls, bridge.failures) == (1, 1)
        assert "did not answer" in bridge.last_error


@given(st.integers(1, MAX_AMOUNT), st.integers(1, MAX_AMOUNT), st.booleans())
def test_fees_are_exact_as_numbers_and_as_texts(gas: int, protocol: int, as_text: bool) -> None:
    given_gas, given_protocol = (str(gas), str(protocol)) if as_text else (gas, protocol)
    raw = RawFees(
        native_token_fee="0",
        gas_fee=given_gas,
        protocol_fee=given_protocol,
        min_amount="1",
        insufficient_utxo=False,
    )
    assert read_fees(raw).fee == gas + protocol


@pytest.mark.parametrize("body", [[third()], {"transfers": [fourth()]}, [third(amount=100_000)]])
async def test_a_paid_transfer_has_its_bitcoin_transaction(client: httpx.AsyncClient, body: Any) -> None:
    found, (request,) = await transfer(client, answering(body))
    assert found.paid_hash == PAID
    target = urlsplit(request.target)
    assert target.path == "/api/v3/transfers/transfer"
    assert parse_qs(target.query) == {"transaction_hash": [HASH]}


@pytest.mark.parametrize("body", [[third(paid=None)], {"transfers": [fourth(paid=None)]}])
async def test_a_transfer_without_a_payment_is_under_way(client: httpx.AsyncClient, body: Any) -> None:
    found, _ = await transfer(client, answering(body))
    assert found is not None
    assert found.paid_hash is None


async def test_a_final_step_on_another_chain_is_no_payment(client: httpx.AsyncClient) -> None:
    receipt = {"NearReceipt": {"transaction_hash": HASH}}
    found, _ = await transfer(client, answering([third() | {"finalised": receipt}]))
    assert found.paid_hash is None
    on_near = {"transaction_hash": PAID, "chain": "Near"}
    found, _ = await transfer(client, answering({"transfers": [fourth() | {"finalised": on_near}]}))
    assert found.paid_hash is None


@pytest.mark.parametrize("body", [[], {"transfers": []}, [third() | {"transfer_message": None}]])
async def test_an_empty_list_is_not_indexed_yet(client: httpx.AsyncClient, body: Any) -> None:
    found, _ = await transfer(client, answering(body))
    assert found is None


@pytest.mark.parametrize(
    "other",
    [
        {"amount": "99999"},
        {"recipient": "btc:bc1q34aq5drpuwy3wgl9lhup9892qp6svr8ldzyy7c"},
        {"token": "near:btc.omft.near"},
        {"sender": "near:somebody.near"},
    ],
)
async def test_another_transfer_of_the_transaction_is_not_ours(client: httpx.AsyncClient, other: Any) -> None:
    found, _ = await transfer(client, answering([third(**other)]))
    assert found is None
    found, _ = await transfer(client, answering([third(**other), third()]))
    assert found.paid_hash == PAID


async def test_two_that_fit_and_differ_are_unknown(client: httpx.AsyncClient) -> None:
    with pytest.raises(UnreachableError, match="several"):
        await transfer(client, answering([third(), third(paid="5d" * 32)]))


@pytest.mark.parametrize("paid", ["", "zz", PAID + "00", "\x1b" * 64, "0x" + PAID])
async def test_a_payment_that_is_no_hash_is_unreadable(client: httpx.AsyncClient, paid: str) -> None:
    with pytest.raises(UnreachableError, match=UNREADABLE):
        await transfer(client, answering([third(paid=paid)]))


async def test_a_list_without_end_is_unreadable(client: httpx.AsyncClient) -> None:
    with pytest.raises(UnreachableError, match=UNREADABLE):
        await transfer(client, answering([third()] * 1001))


async def test_the_fourth_version_is_asked_where_the_third_is_gone(client: httpx.AsyncClient) -> None:
    def handler(request: Request) -> Reply:
        if "/v3/" in request.target:
            return Reply(404, b"not here")
        return Reply(body=json.dumps({"transfers": [fourth()]}).encode())

    found, requests = await transfer(client, handler)
    assert found.paid_hash == PAID
    assert len(requests) == 2


async def test_found_nowhere_is_not_indexed_yet(client: httpx.AsyncClient) -> None:
    found, _ = await transfer(client, lambda _: Reply(404, b"no such transfer"))
    assert found is None


@given(st.integers(0, MAX_AMOUNT), st.integers(0, MAX_AMOUNT))
def test_only_the_very_amount_is_ours(ours: int, theirs: int) -> None:
    row = RawTransfer(token_id="near:t", amount=str(theirs), recipient="btc:a", sender="near:s")
    found = pick_transfer([row], token="near:t", amount=ours, recipient="btc:a", sender="near:s")
    assert (found is not None) == (ours == theirs)
