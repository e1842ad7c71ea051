import asyncio
import json
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.venue.http_server import Handler, Reply, Request, http_server, rpc, rpc_error
from venue.bridges.poa.client import Bridge
from venue.protocol.assets import MAX_AMOUNT
from venue.protocol.tokens import BTC, EURE
from venue.transport.bounds import MAX_NAME
from venue.transport.errors import RefusedError, UnreachableError
from venue.transport.messages import UNREADABLE

ACCOUNT = "maker.near"


def deposit(number: int, amount: Any = "100", **fields: Any) -> dict[str, Any]:
    return {
        "tx_hash": f"0x{number:064x}",
        "chain": "eth:100",
        "defuse_asset_identifier": "eth:100:0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430",
        "near_token_id": EURE.near_token,
        "decimals": 18,
        "amount": amount,
        "account_id": ACCOUNT,
        "address": "0xabc",
        "status": "PENDING",
        "created_at": "2026-11-23T10:00:00.123456Z",
        "from": "0xdef",
        **fields,
    }


def deposits(rows: list[Any], total: int | None = None) -> dict[str, Any]:
    return {"deposits": rows, "total": len(rows) if total is None else total, "limit": 100, "offset": 0}


def pages(rows: list[Any], largest: int = 100) -> Handler:
    """A bridge that holds these deposits and gives at most ``largest`` at a time."""

    def result(request: Request) -> Any:
        (params,) = request.json["params"]
        start = params["offset"]
        page = rows[start : start + min(largest, params["limit"])]
        return {"deposits": page, "total": len(rows), "limit": params["limit"], "offset": start}

    return rpc(result)


async def _recent(client: httpx.AsyncClient, handler: Handler) -> tuple[Any, Bridge, list[Request]]:
    async with http_server(handler) as server:
        bridge = Bridge(f"{server.url}/rpc", client)
        return await bridge.recent_deposits(ACCOUNT, "eth:100"), bridge, server.requests


async def test_a_deposit_is_read_field_by_field(client: httpx.AsyncClient) -> None:
    row = deposit(1, 5_000_000_000_000_000_001, mint_tx_hash="Mint111", status="CREDITED")
    (seen,), _, (request,) = await _recent(client, rpc(deposits([row])))
    assert seen.amount == 5_000_000_000_000_000_001
    assert (seen.tx_hash, seen.mint_tx_hash, seen.status) == (row["tx_hash"], "Mint111", "CREDITED")
    assert (seen.near_token_id, seen.decimals, seen.chain) == (EURE.near_token, 18, "eth:100")
    assert (seen.account_id, seen.address, seen.sender) == (ACCOUNT, "0xabc", "0xdef")
    assert seen.created_ns == 1_795_428_000_123_456_000
    assert request.json["params"] == [{"account_id": ACCOUNT, "chain": "eth:100", "limit": 100, "offset": 0}]


async def test_without_a_chain_every_chain_is_read(client: httpx.AsyncClient) -> None:
    async with http_server(rpc(deposits([]))) as server:
        assert await Bridge(server.url, client).recent_deposits(ACCOUNT) == ()
        assert "chain" not in server.requests[0].json["params"][0]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, MAX_AMOUNT), st.booleans()), min_size=1, max_size=20))
def test_amounts_are_exact_whether_they_come_as_numbers_or_texts(amounts: list[tuple[int, bool]]) -> None:
    rows = [deposit(n, amount if as_number else str(amount)) for n, (amount, as_number) in enumerate(amounts)]

    async def read() -> list[int]:
        async with httpx.AsyncClient(trust_env=False) as client:
            seen, _, _ = await _recent(client, rpc(deposits(rows)))
            return [one.amount for one in seen]

    assert asyncio.run(read()) == [amount for amount, _ in amounts]


@pytest.mark.parametrize(
    "written", ["5e18", "5.0", "5E+18", "-1", '"5e18"', '"-1"', '"0x5"', '""', "null", "true", "[]", "9" * 60, '" 5"']
)
async def test_an_amount_in_any_other_notation_is_unreadable(client: httpx.AsyncClient, written: str) -> None:
    body = json.dumps({"result": deposits([deposit(1, "AMOUNT")])}).replace('"AMOUNT"', written).encode()
    with pytest.raises(UnreachableError, match=UNREADABLE):
        await _recent(client, lambda _: Reply(body=body))


@pytest.mark.parametrize("largest", [100, 30])
async def test_every_page_is_read_even_when_the_bridge_gives_fewer_rows(
    client: httpx.AsyncClient, largest: int
) -> None:
    rows = [deposit(n) for n in range(250)]
    seen, bridge, requests = await _recent(client, pages(rows, largest))
    assert [one.tx_hash for one in seen] == [row["tx_hash"] for row in rows]
    assert bridge.short_reads == 0
    assert len(requests) == -(-250 // largest)


async def test_a_bridge_that_repeats_its_first_page_is_not_read_for_ever(client: httpx.AsyncClient) -> None:
    rows = [deposit(n) for n in range(100)]
    seen, bridge, requests = await _recent(client, rpc(deposits(rows, total=1_000)))
    assert len(seen) == 100
    assert bridge.short_reads == 1
    assert len(requests) == 2


async def test_a_bridge_that_ends_before_its_total_is_not_read_for_ever(client: httpx.AsyncClient) -> None:
    seen, bridge, _ = await _recent(client, rpc(lambda r: deposits([], total=3)))
    assert seen == ()
    assert bridge.short_reads == 1


async def test_a_deposit_pushed_to_the_next_page_counts_once_in_its_newest_state(client: httpx.AsyncClient) -> None:
    rows = [deposit(n) for n in range(150)]

    def result(request: Request) -> Any:
        start = request.json["params"][0]["offset"]
        if start == 0:
            return deposits(rows[:100], total=150)
        return deposits([deposit(99, status="COMPLETED"), *rows[100:]], total=150)

    seen, _, _ = await _recent(client, rpc(result))
    assert len(seen) == 150
    assert {one.tx_hash: one.status for one in seen}[rows[99]["tx_hash"]] == "COMPLETED"


async def test_two_equal_outputs_of_one_transaction_are_two_deposits(client: httpx.AsyncClient) -> None:
    seen, bridge, _ = await _recent(client, rpc(deposits([deposit(1), deposit(1)])))
    assert len(seen) == 2
    assert bridge.short_reads == 0


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T00:00:01.5", 1_500_000_000),
        ("1970-01-01T01:00:01+01:00", 1_000_000_000),
        ("yesterday", None),
        (None, None),
        (1_795_000_000, None),
    ],
)
async def test_a_time_that_cannot_be_read_is_unknown(
    client: httpx.AsyncClient, written: Any, expected: int | None
) -> None:
    (seen,), _, _ = await _recent(client, rpc(deposits([deposit(1, created_at=written)])))
    assert seen.created_ns == expected


async def test_a_bitcoin_deposit_may_lack_what_only_other_chains_have(client: httpx.AsyncClient) -> None:
    row = deposit(1, chain="btc:mainnet", decimals=8)
    for optional in ("tx_hash", "from", "created_at", "near_token_id"):
        del row[optional]
    (seen,), _, _ = await _recent(client, rpc(deposits([row])))
    assert (seen.tx_hash, seen.sender, seen.created_ns, seen.near_token_id) == ("", None, None, None)


@pytest.mark.parametrize(
    "answer",
    [
        {"deposits": None, "total": 0},
        {"total": 0},
        [],
        deposits([deposit(1, account_id="somebody.near")]),
        deposits([deposit(1, status=7)]),
        deposits([deposit(1, decimals=1.5)]),
        deposits(["a deposit"]),
    ],
)
async def test_deposits_of_the_wrong_shape_are_unknown(client: httpx.AsyncClient, answer: Any) -> None:
    with pytest.raises(UnreachableError, match=UNREADABLE):
        await _recent(client, rpc(answer))


async def test_an_unusable_answer_is_counted(client: httpx.AsyncClient) -> None:
    async with http_server(rpc({"deposits": 3})) as server:
        bridge = Bridge(server.url, client)
        with pytest.raises(UnreachableError):
            await bridge.recent_deposits(ACCOUNT)
    assert (bridge.rpc.calls, bridge.rpc.failures) == (1, 1)
    assert UNREADABLE in bridge.rpc.last_error


@pytest.mark.parametrize("error", ["Account not found", {"code": 404, "message": "Account not found"}])
async def test_the_bridges_refusal_is_reported_in_every_form(client: httpx.AsyncClient, error: Any) -> None:
    with pytest.raises(RefusedError, match="Account not found"):
        await _recent(client, rpc_error(error))


async def test_tokens_are_read_with_their_limits(client: httpx.AsyncClient) -> None:
    token = {
        "defuse_asset_identifier": "btc:mainnet:native",
        "near_token_id": BTC.near_token,
        "intents_token_id": BTC.token_id,
        "standard": "nep141",
        "decimals": 8,
        "asset_name": "BTC",
        "min_deposit_amount": "5000",
        "min_withdrawal_amount": 7000,
        "withdrawal_fee": "1500",
    }
    async with http_server(rpc({"tokens": [token, {**token, "withdrawal_fee": None}]})) as server:
        first, second = await Bridge(server.url, client).supported_tokens(["btc:mainnet"])
        assert server.requests[0].json["params"] == [{"chains": ["btc:mainnet"]}]
    assert (first.intents_token_id, first.decimals, first.asset_name) == (BTC.token_id, 8, "BTC")
    assert (first.min_deposit_amount, first.min_withdrawal_amount, first.withdrawal_fee) == (5000, 7000, 1500)
    assert second.withdrawal_fee is None


async def test_a_deposit_address_is_on_the_requested_chain(client: httpx.AsyncClient) -> None:
    async with http_server(rpc({"address": "bc1qexample", "chain": "btc:mainnet", "memo": None})) as server:
        bridge = Bridge(server.url, client)
        address = await bridge.deposit_address(ACCOUNT, "btc:mainnet")
        assert (address.address, address.chain, address.memo) == ("bc1qexample", "btc:mainnet", None)
        with pytest.raises(UnreachableError, match=UNREADABLE):
            await bridge.deposit_address(ACCOUNT, "eth:100")


@pytest.mark.parametrize(
    "name", [f"{EURE.near_token}\x00", f"\u200b{EURE.near_token}", "a b", "\x1b[2J", "x" * 100_000]
)
async def test_a_name_that_is_not_one_word_is_marked_bounded_and_no_name_of_ours(
    client: httpx.AsyncClient, name: str
) -> None:
    row = deposit(1, near_token_id=name, tx_hash=name, status=name)
    [found], _, _ = await _recent(client, pages([row]))
    for text in (found.near_token_id, found.tx_hash, found.status):
        assert text.startswith("?")
        assert text.isprintable()
        assert len(text) <= MAX_NAME
    assert (found.amount, found.chain) == (100, "eth:100")


@pytest.mark.parametrize(
    "changed", [{"address": "bc1q\x00"}, {"address": "bc1 q"}, {"address": "x" * 300}, {"memo": "4 7"}]
)
async def test_an_address_that_is_not_one_word_is_not_shown(client: httpx.AsyncClient, changed: dict[str, str]) -> None:
    answer = {"address": "bc1q", "chain": "btc:mainnet", "memo": None, **changed}
    async with http_server(rpc(lambda _: answer)) as server:
        with pytest.raises(UnreachableError, match=UNREADABLE):
            await Bridge(f"{server.url}/rpc", client).deposit_address(ACCOUNT, "btc:mainnet")
