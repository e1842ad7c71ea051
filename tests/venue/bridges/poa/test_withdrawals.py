import json
from itertools import permutations
from typing import Any

import httpx
import pytest

from tests.support.venue.http_server import Handler, Reply, Request, http_server, rpc, rpc_error
from venue.bridges.poa.client import Bridge, BridgeWithdrawal
from venue.protocol.tokens import BTC, EURE
from venue.transport.errors import RefusedError, UnreachableError
from venue.transport.messages import UNREADABLE

ACCOUNT = "maker.near"
BURN = "9FtHUFBQsZ2MG77K3x3MJ9wjX3UT8zE1TczCrhZEcG8U"
PAID = "0x" + "ab" * 32
TO = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
LARGE = 5_000_000_000_000_000_001
"""Beyond 2^53: a float would lose its last digit."""


def withdrawal(amount: Any = LARGE, status: str = "PENDING", **fields: Any) -> dict[str, Any]:
    data = {
        "tx_hash": BURN,
        "transfer_tx_hash": None,
        "chain": "eth:100",
        "near_token_id": EURE.near_token,
        "defuse_asset_identifier": "eth:100:0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430",
        "decimals": 18,
        "amount": amount,
        "account_id": ACCOUNT,
        "address": TO,
        "created_at": "2026-11-23T10:00:00Z",
        "withdrawal_fee": 20_000_000_000_000_001,
        "withdraw_amount": str(LARGE - 20_000_000_000_000_001),
    }
    return {"status": status, "data": {**data, **fields}}


async def status_of(
    client: httpx.AsyncClient, handler: Handler, *, near_token: str = EURE.near_token, amount: int = LARGE
) -> BridgeWithdrawal | None:
    async with http_server(handler) as server:
        found = await Bridge(server.url, client).withdrawal_status(BURN, near_token=near_token, amount=amount)
        assert server.requests[0].json["method"] == "withdrawal_status"
        assert server.requests[0].json["params"] == [{"withdrawal_hash": BURN}]
    return found


@pytest.mark.parametrize("as_number", [True, False])
async def test_a_withdrawal_is_read_field_by_field(client: httpx.AsyncClient, as_number: bool) -> None:
    raw = withdrawal(LARGE if as_number else str(LARGE), "COMPLETED", transfer_tx_hash=PAID)
    found = await status_of(client, rpc(raw))
    assert found == BridgeWithdrawal(
        status="COMPLETED",
        tx_hash=BURN,
        transfer_tx_hash=PAID,
        chain="eth:100",
        near_token_id=EURE.near_token,
        decimals=18,
        amount=LARGE,
        account_id=ACCOUNT,
        address=TO,
        created_ns=1_795_428_000_000_000_000,
        fee=20_000_000_000_000_001,
        withdraw_amount=LARGE - 20_000_000_000_000_001,
    )


async def test_the_older_shape_is_read_with_fewer_fields(client: httpx.AsyncClient) -> None:
    raw = withdrawal(created="2026-11-23T10:00:00", transfer_tx_hash=PAID, status="COMPLETED")
    for name in ("created_at", "withdrawal_fee", "withdraw_amount"):
        del raw["data"][name]
    found = await status_of(client, rpc({"withdrawals": [raw]}))
    assert found is not None
    assert (found.status, found.amount, found.transfer_tx_hash) == ("COMPLETED", LARGE, PAID)
    assert (found.fee, found.withdraw_amount, found.created_ns) == (None, None, 1_795_428_000_000_000_000)


ROWS = [
    withdrawal(LARGE - 1, "COMPLETED", transfer_tx_hash="0x" + "11" * 32),
    withdrawal(str(LARGE), "AWAITING"),
    withdrawal(LARGE, "FAILED", near_token_id=BTC.near_token, chain="btc:mainnet"),
    {"status": "NOT_FOUND", "data": None},
]


@pytest.mark.parametrize("rows", list(permutations(ROWS)))
async def test_of_several_the_one_of_the_token_and_the_amount_is_picked(
    client: httpx.AsyncClient, rows: tuple[Any, ...]
) -> None:
    found = await status_of(client, rpc({"withdrawals": list(rows)}))
    assert found is not None
    assert found.status == "AWAITING"
    other = await status_of(client, rpc({"withdrawals": list(rows)}), near_token=BTC.near_token)
    assert other is not None
    assert other.status == "FAILED"
    assert await status_of(client, rpc({"withdrawals": list(rows)}), amount=LARGE + 1) is None


async def test_two_that_fit_and_differ_leave_it_unknown(client: httpx.AsyncClient) -> None:
    rows = [withdrawal(status="COMPLETED"), withdrawal(status="PENDING", account_id="other.near")]
    with pytest.raises(UnreachableError, match="several withdrawals"):
        await status_of(client, rpc({"withdrawals": rows}))
    assert await status_of(client, rpc({"withdrawals": [rows[0], rows[0]]})) is not None


@pytest.mark.parametrize(
    "handler",
    [
        rpc_error("Withdrawals not found"),
        rpc_error({"code": -32000, "message": "Withdrawals not found"}),
        rpc_error({"code": -32000, "message": "Server error", "data": "Withdrawals not found"}),
        rpc_error("Withdrawals not found", status=404),
        rpc_error("NOT_FOUND"),
        rpc({"status": "NOT_FOUND"}),
        rpc({"status": "NOT_FOUND", "data": None}),
        rpc({"withdrawals": []}),
        rpc({"withdrawals": [{"status": "NOT_FOUND", "data": None}]}),
        rpc(withdrawal(), id="1"),
    ],
)
async def test_not_found_means_not_indexed_yet(client: httpx.AsyncClient, handler: Handler) -> None:
    found = await status_of(client, handler, amount=LARGE - 1)
    assert found is None


async def test_another_refusal_is_a_refusal(client: httpx.AsyncClient) -> None:
    with pytest.raises(RefusedError, match="Internal"):
        await status_of(client, rpc_error("Internal error"))


@pytest.mark.parametrize("status", ["PENDING", "FAILED", "AWAITING", "REJECTED", "RETURNING", "RETURNED", "A_NEW_WORD"])
async def test_every_status_is_passed_on_unchanged(client: httpx.AsyncClient, status: str) -> None:
    found = await status_of(client, rpc(withdrawal(status=status)))
    assert found is not None
    assert found.status == status


async def test_a_payment_hash_that_is_no_hash_is_not_known(client: httpx.AsyncClient) -> None:
    found = await status_of(
        client, rpc(withdrawal(status="COMPLETED", transfer_tx_hash="Withdrawal already processed"))
    )
    assert found is not None
    assert (found.status, found.transfer_tx_hash) == ("COMPLETED", None)


async def test_without_an_amount_payment_and_fee_give_it(client: httpx.AsyncClient) -> None:
    assert await status_of(client, rpc(withdrawal(None))) is not None
    assert await status_of(client, rpc(withdrawal(None, withdrawal_fee=None))) is None


@pytest.mark.parametrize(
    "result",
    [
        None,
        "PENDING",
        [],
        {},
        {"withdrawals": "none"},
        withdrawal("5e18"),
        withdrawal(5e18 + 0.5),
        withdrawal(-1),
        withdrawal(2**128),
        {"status": "PENDING", "data": None},
        {"status": "PENDING", "data": {}},
    ],
)
async def test_an_answer_of_another_shape_is_unknown(client: httpx.AsyncClient, result: Any) -> None:
    with pytest.raises(UnreachableError, match=UNREADABLE):
        await status_of(client, rpc(result))


@pytest.mark.parametrize("lost", [lambda _: Reply(503), lambda _: Reply(raw=b""), lambda _: Reply(body=b"{}{}")])
async def test_a_lost_answer_does_not_mean_not_found(client: httpx.AsyncClient, lost: Handler) -> None:
    with pytest.raises(UnreachableError):
        await status_of(client, lost)


@pytest.mark.parametrize("fee", [20_000_000_000_000_001, "20000000000000001"])
async def test_an_estimate_is_the_fee_in_base_units(client: httpx.AsyncClient, fee: Any) -> None:
    answer = {
        "tokenAddress": EURE.near_token,
        "userAddress": TO,
        "withdrawalFee": fee,
        "withdrawalFeeDecimals": 18,
        "token": {"near_token_id": EURE.near_token, "decimals": 18},
    }
    async with http_server(rpc(answer)) as server:
        estimate = await Bridge(server.url, client).withdrawal_estimate("eth:100", EURE.near_token, TO)
        (params,) = server.requests[0].json["params"]
    assert (estimate.fee, estimate.token, estimate.address) == (20_000_000_000_000_001, EURE.near_token, TO)
    assert params == {"chain": "eth:100", "token": EURE.near_token, "address": TO}


@pytest.mark.parametrize(
    "answer",
    [
        {"withdrawalFee": "1", "userAddress": "0x0"},
        {"withdrawalFee": "-1"},
        {"withdrawalFee": 0.5},
        {"withdrawalFee": None},
        {},
    ],
)
async def test_an_estimate_that_cannot_be_read_is_unknown_and_never_free(
    client: httpx.AsyncClient, answer: Any
) -> None:
    async with http_server(rpc(answer)) as server:
        with pytest.raises(UnreachableError, match=UNREADABLE):
            await Bridge(server.url, client).withdrawal_estimate("eth:100", EURE.near_token, TO)


async def test_an_estimate_that_fails_is_a_refusal(client: httpx.AsyncClient) -> None:
    async with http_server(rpc_error("Estimate failed")) as server:
        with pytest.raises(RefusedError, match="Estimate failed"):
            await Bridge(server.url, client).withdrawal_estimate("eth:100", EURE.near_token, TO)


async def test_recent_withdrawals_are_read_to_the_last_page(client: httpx.AsyncClient) -> None:
    rows = [withdrawal(LARGE + number, tx_hash=f"{number:032d}") for number in range(250)]

    def page(request: Request) -> Any:
        (params,) = request.json["params"]
        assert (params["account_id"], params["chain"]) == (ACCOUNT, "eth:100")
        start = params["offset"]
        return {"withdrawals": rows[start : start + params["limit"]], "total": len(rows)}

    async with http_server(rpc(page)) as server:
        bridge = Bridge(server.url, client)
        found = await bridge.recent_withdrawals(ACCOUNT, "eth:100")
        assert len(server.requests) == 3
    assert [one.amount for one in found] == [LARGE + number for number in range(250)]
    assert bridge.short_reads == 0


async def test_a_service_without_pages_is_read_once(client: httpx.AsyncClient) -> None:
    async with http_server(rpc({"withdrawals": [withdrawal(), withdrawal()]})) as server:
        bridge = Bridge(server.url, client)
        assert len(await bridge.recent_withdrawals(ACCOUNT)) == 2
        assert len(server.requests) == 1
    assert bridge.short_reads == 0


@pytest.mark.parametrize("nothing", [rpc_error("Withdrawals not found"), rpc({"withdrawals": [], "total": 0})])
async def test_an_account_without_withdrawals_has_none(client: httpx.AsyncClient, nothing: Handler) -> None:
    async with http_server(nothing) as server:
        assert await Bridge(server.url, client).recent_withdrawals(ACCOUNT) == ()


async def test_another_accounts_withdrawals_are_unreadable(client: httpx.AsyncClient) -> None:
    async with http_server(rpc({"withdrawals": [withdrawal(account_id="other.near")]})) as server:
        with pytest.raises(UnreachableError, match="another account"):
            await Bridge(server.url, client).recent_withdrawals(ACCOUNT)


@pytest.mark.parametrize("result", [None, {}, "OK", {"status": "OK"}])
async def test_a_deposit_is_reported_to_the_bridge(client: httpx.AsyncClient, result: Any) -> None:
    async with http_server(rpc(result)) as server:
        await Bridge(server.url, client).notify_deposit("eth:100", TO, PAID)
        assert json.loads(server.requests[0].body)["params"] == [
            {"chain": "eth:100", "deposit_address": TO, "tx_hash": PAID}
        ]


async def test_a_deposit_the_bridge_refuses_is_a_refusal(client: httpx.AsyncClient) -> None:
    async with http_server(rpc_error({"code": -32602, "message": "Invalid params: tx_hash"})) as server:
        with pytest.raises(RefusedError, match="tx_hash"):
            await Bridge(server.url, client).notify_deposit("eth:100", TO, "0x")
