"""What comes from outside is bounded where it is read: ids and hashes, statuses, heights and times."""

import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.environment import Environment
from tests.support.venue.http_server import http_server, rpc
from venue.bridges.poa.client import Bridge
from venue.near.rpc import NearRpc
from venue.protocol.tokens import EURE
from venue.relay.rpc import RelayRpc
from venue.transport.bounds import (
    LATEST_NS,
    MAX_ADDRESS,
    MAX_HEIGHT,
    MAX_NAME,
    height_of,
    is_line,
    is_name,
    marked_name,
    name_of,
    optional_line,
    optional_name,
    time_ns_of,
)
from venue.transport.errors import UnreachableError
from venue.transport.messages import UNREADABLE
from venue.transport.timestamps import nanoseconds

COPIED = "\x1b]52;c;bm90IHlvdXJzCg==\x07"
HOSTILE = (
    "x" * 6_000,
    COPIED + "3f1b",
    "3f1b\n",
    "3f1b\x00",
    "\u202e3f1b",
    "3f\x9b1b",
)
"""Too long for an index of PostgreSQL, and what a terminal acts on."""
ACCOUNT = "maker.near"


@given(st.text(max_size=200))
def test_what_is_used_is_what_was_said_and_a_terminal_only_prints_it(text: str) -> None:
    assert optional_name(text) in (None, text)
    assert optional_line(text) in (None, text)
    if is_name(text):
        assert is_line(text)
        assert text.isascii()
        assert " " not in text
    if is_line(text):
        assert text.isprintable()
        assert 0 < len(text) <= MAX_NAME


@pytest.mark.parametrize("text", ["", *HOSTILE])
def test_a_hostile_text_is_unknown_and_not_repeated_in_the_error(text: str) -> None:
    assert optional_name(text) is None
    assert optional_line(text) is None
    with pytest.raises(ValueError, match="tx_hash is not") as raised:
        name_of("tx_hash", text)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 100


@given(st.integers())
def test_a_number_that_is_read_leaves_room_in_a_64_bit_column(number: int) -> None:
    for read, end in ((height_of, MAX_HEIGHT + 1), (time_ns_of, LATEST_NS)):
        if 0 <= number < end:
            assert read(number) == number < 2**63 - 10**18
        else:
            with pytest.raises(ValueError, match="out of range"):
                read(number)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59"])
def test_a_date_beyond_a_64_bit_column_is_unknown(text: str) -> None:
    assert nanoseconds(text) is None


def _deposit(**fields: Any) -> dict[str, Any]:
    return {
        "tx_hash": "0xabc",
        "chain": "eth:100",
        "defuse_asset_identifier": "eth:100:0x42",
        "near_token_id": EURE.near_token,
        "decimals": 18,
        "amount": "100",
        "account_id": ACCOUNT,
        "address": "0xabc",
        "status": "PENDING",
        **fields,
    }


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_a_withdrawal_with_hostile_names_is_listed_under_marked_ones(
    client: httpx.AsyncClient, hostile: str
) -> None:
    data = {"chain": hostile, "near_token_id": hostile, "decimals": 18, "amount": "1"}
    data |= {"tx_hash": hostile, "transfer_tx_hash": hostile, "address": hostile}
    answer = {"withdrawals": [{"status": hostile, "data": data}], "total": 1}
    async with http_server(rpc(answer)) as server:
        (found,) = await Bridge(server.url, client).recent_withdrawals(ACCOUNT)
    for text in (found.status, found.tx_hash, found.chain, found.near_token_id, found.address):
        assert text == marked_name(hostile)
    assert found.transfer_tx_hash is None


async def test_the_date_of_a_deposit_beyond_a_64_bit_column_is_unknown(client: httpx.AsyncClient) -> None:
    async with http_server(rpc({"deposits": [_deposit(created_at="9999-12-31T23:59:59Z")], "total": 1})) as server:
        (found,) = await Bridge(server.url, client).recent_deposits(ACCOUNT)
    assert found.created_ns is None


@given(st.text(max_size=300), st.text(max_size=300))
def test_marked_names_of_different_texts_differ(one: str, other: str) -> None:
    for text in (one, other):
        marked = marked_name(text)
        assert marked == "" or is_name(marked, MAX_ADDRESS)
        assert marked == text or marked.startswith("?")
    if one != other and marked_name(one) != one:
        assert marked_name(one) not in (marked_name(other), other)


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_hashes_of_the_relays_rpc_are_unknown_when_hostile(client: httpx.AsyncClient, hostile: str) -> None:
    def relay(url: str) -> RelayRpc:
        return RelayRpc(url, client, lambda: "canary-token-0123456789")

    async with http_server(rpc({"status": "OK", "intent_hash": hostile})) as server:
        assert (await relay(server.url).publish_intent(b"{}")).intent_hash == ""
    async with http_server(rpc({"status": "OK", "intent_hashes": [hostile, "good"]})) as server:
        assert (await relay(server.url).publish_intents([b"{}"])).intent_hashes == ("good",)
    async with http_server(rpc({"status": "SETTLED", "data": {"hash": hostile}})) as server:
        assert await relay(server.url).transaction_of("intent") is None
    async with http_server(rpc({"status": hostile})) as server:
        with pytest.raises(UnreachableError, match=UNREADABLE):
            await relay(server.url).get_status("intent")


GOOD_HEADER = {"height": 7, "hash": "Hash", "timestamp": 5, "timestamp_nanosec": "5"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"height": MAX_HEIGHT + 1},
        {"height": -1},
        {"height": 2**63},
        {"hash": "x" * 6_000},
        {"hash": COPIED},
        {"timestamp_nanosec": str(2**63 - 807)},
        {"timestamp_nanosec": "9" * 5_000},
        {"timestamp_nanosec": "-5"},
        {"timestamp_nanosec": "٣"},
        {"timestamp_nanosec": None, "timestamp": 2**63 - 807},
        {"timestamp_nanosec": None, "timestamp": -1},
    ],
)
async def test_a_block_out_of_range_is_read_from_the_next_endpoint(
    client: httpx.AsyncClient, wrong: Mapping[str, object]
) -> None:
    async with (
        http_server(rpc({"header": {**GOOD_HEADER, **wrong}})) as bad,
        http_server(rpc({"header": GOOD_HEADER})) as good,
    ):
        near = NearRpc([bad.url, good.url], client, env=Environment(wall_ns=lambda: 5))
        block = await near.block()
    assert (block.height, block.hash, block.timestamp_ns) == (7, "Hash", 5)
    assert near.endpoints[0].failures > 0


@pytest.mark.parametrize("wrong", [{"block_height": 2**63}, {"block_height": -1}, {"block_hash": COPIED}])
async def test_a_view_of_an_impossible_block_is_unreadable(
    client: httpx.AsyncClient, wrong: Mapping[str, object]
) -> None:
    answer = {"result": list(json.dumps("1").encode()), "block_height": 7, "block_hash": "Hash", **wrong}
    async with http_server(rpc(answer)) as node:
        with pytest.raises(UnreachableError, match=UNREADABLE):
            await NearRpc([node.url], client).view("intents.near", "fee", {})


@pytest.mark.parametrize("block_hash", ["x" * 6_000, COPIED])
async def test_an_outcome_of_an_impossible_block_is_unreadable(client: httpx.AsyncClient, block_hash: str) -> None:
    part = {"id": "r", "block_hash": block_hash, "outcome": {"status": {"SuccessValue": ""}}}
    answer = {
        "final_execution_status": "FINAL",
        "status": {"SuccessValue": ""},
        "transaction_outcome": part,
        "receipts_outcome": [],
    }
    async with http_server(rpc(answer)) as node:
        with pytest.raises(UnreachableError, match=UNREADABLE):
            await NearRpc([node.url], client).transaction("tx", ACCOUNT)
