"""The bridge: deposits that are credited later, withdrawals that are indexed and completed later."""

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sandbox.signing import BTC_ADDRESS, NOW, SALT, Clock, Signer, funded, withdrawal
from venue.protocol.tokens import BTC, EURE, NBTC
from venue.protocol.units import NS_PER_S
from venue.sandbox.bridges.addresses import chain_address
from venue.sandbox.bridges.bridge import Bridge
from venue.sandbox.bridges.rpc import BridgeRpc
from venue.sandbox.verifier.ledger import Ledger

MAKER = "maker.near"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def maker() -> Signer:
    return Signer(MAKER, 1)


@pytest.fixture
def ledger(clock: Clock, maker: Signer) -> Ledger:
    return funded(clock, maker)


@pytest.fixture
def bridge(ledger: Ledger, clock: Clock) -> Bridge:
    return Bridge(ledger, clock, rng=random.Random(7))


@pytest.fixture
def endpoint(bridge: Bridge, clock: Clock) -> BridgeRpc:
    return BridgeRpc(bridge, clock)


async def call(bridge: BridgeRpc, method: str, **params: object) -> Any:
    answer = await bridge.handle({"jsonrpc": "2.0", "id": "t", "method": method, "params": [params]})
    assert "error" not in answer, answer
    return answer["result"]


async def refusal(bridge: BridgeRpc, method: str, params: object) -> str:
    answer = await bridge.handle({"jsonrpc": "2.0", "id": "t", "method": method, "params": params})
    error = answer["error"]
    return str(error["message"]) if isinstance(error, Mapping) else str(error)


async def test_supported_tokens(endpoint: BridgeRpc) -> None:
    tokens = (await call(endpoint, "supported_tokens"))["tokens"]
    assert [token["intents_token_id"] for token in tokens] == [BTC.token_id, NBTC.token_id, EURE.token_id]
    terms = [(token["min_withdrawal_amount"], token["withdrawal_fee"]) for token in tokens]
    assert terms == [("700", "1500"), ("700", "1500"), ("200000000000000000", "10000000000000000")]
    bitcoin = (await call(endpoint, "supported_tokens", chains=["btc:mainnet"]))["tokens"]
    assert {token["defuse_asset_identifier"] for token in bitcoin} == {"btc:mainnet:native"}
    assert [token["near_token_id"] for token in bitcoin] == [BTC.near_token, NBTC.near_token]
    gnosis = (await call(endpoint, "supported_tokens", chains=["eth:100"]))["tokens"]
    assert [(token["near_token_id"], token["decimals"]) for token in gnosis] == [(EURE.near_token, 18)]


async def test_an_account_keeps_its_address_on_a_chain(endpoint: BridgeRpc) -> None:
    first = await call(endpoint, "deposit_address", account_id=MAKER, chain="btc:mainnet")
    assert first == await call(endpoint, "deposit_address", account_id=MAKER, chain="btc:mainnet")
    other = await call(endpoint, "deposit_address", account_id="other.near", chain="btc:mainnet")
    assert first["address"].startswith("bc1q")
    assert first["address"] != other["address"]
    assert await refusal(endpoint, "deposit_address", [{"account_id": MAKER, "chain": "doge"}]) == "Unsupported chain"


async def test_a_deposit_is_pending_then_credited_once(
    bridge: Bridge, endpoint: BridgeRpc, ledger: Ledger, clock: Clock
) -> None:
    tx_hash = bridge.deposit(MAKER, BTC.token_id, 50_000, confirm_after_ns=30 * NS_PER_S)
    (row,) = (await call(endpoint, "recent_deposits", account_id=MAKER))["deposits"]
    assert (row["tx_hash"], row["status"], row["amount"]) == (tx_hash, "PENDING", 50_000)
    assert "mint_tx_hash" not in row
    bridge.advance(NOW + 30 * NS_PER_S - 1)
    assert ledger.balance(MAKER, BTC.token_id) == 10**9
    clock.now_ns = NOW + 30 * NS_PER_S
    bridge.advance(clock.now_ns)
    bridge.advance(clock.now_ns)
    assert ledger.balance(MAKER, BTC.token_id) == 10**9 + 50_000
    (row,) = (await call(endpoint, "recent_deposits", account_id=MAKER))["deposits"]
    assert row["status"] == "CREDITED"
    assert row["mint_tx_hash"]


async def test_a_deposit_can_fail(bridge: Bridge, endpoint: BridgeRpc, ledger: Ledger) -> None:
    bridge.deposit(MAKER, BTC.token_id, 50_000, confirm_after_ns=0, fails=True)
    (row,) = (await call(endpoint, "recent_deposits", account_id=MAKER))["deposits"]
    assert row["status"] == "FAILED"
    assert ledger.balance(MAKER, BTC.token_id) == 10**9


async def test_amounts_come_as_numbers_and_as_strings_and_stay_exact(bridge: Bridge, endpoint: BridgeRpc) -> None:
    amounts = [5 * 10**18, 5 * 10**18 + 1, 10**20 + 3]
    for amount in amounts:
        bridge.deposit(MAKER, EURE.token_id, amount, confirm_after_ns=NS_PER_S)
    answer = json.loads(json.dumps(await call(endpoint, "recent_deposits", account_id=MAKER)))
    rows = answer["deposits"]
    assert {type(row["amount"]) for row in rows} == {int, str}
    assert [int(row["amount"]) for row in rows] == amounts[::-1]


async def test_deposits_are_paged_newest_first(bridge: Bridge, endpoint: BridgeRpc) -> None:
    hashes = [bridge.deposit(MAKER, BTC.token_id, 10_000, confirm_after_ns=NS_PER_S) for _ in range(250)]
    bridge.deposit("other.near", BTC.token_id, 10_000, confirm_after_ns=NS_PER_S)
    seen: list[str] = []
    while True:
        page = await call(endpoint, "recent_deposits", account_id=MAKER, limit=100, offset=len(seen))
        seen += [row["tx_hash"] for row in page["deposits"]]
        if len(seen) >= page["total"]:
            break
    assert seen == hashes[::-1]
    capped = await call(endpoint, "recent_deposits", account_id=MAKER, limit=500)
    assert (len(capped["deposits"]), capped["limit"]) == (100, 100)
    usual = await call(endpoint, "recent_deposits", account_id=MAKER)
    assert (len(usual["deposits"]), usual["limit"]) == (20, 20)
    refused = await refusal(endpoint, "recent_deposits", [{"account_id": MAKER, "limit": 0}])
    assert refused == "Invalid params: limit, offset"


async def test_deposits_are_filtered_by_chain_and_status(bridge: Bridge, endpoint: BridgeRpc, clock: Clock) -> None:
    bridge.deposit(MAKER, BTC.token_id, 10_000, confirm_after_ns=0)
    bridge.deposit(MAKER, EURE.token_id, 10**18, confirm_after_ns=NS_PER_S)
    by_chain = await call(endpoint, "recent_deposits", account_id=MAKER, chain="eth:100")
    assert [row["near_token_id"] for row in by_chain["deposits"]] == [EURE.near_token]
    by_status = await call(endpoint, "recent_deposits", account_id=MAKER, status="CREDITED")
    assert [row["near_token_id"] for row in by_status["deposits"]] == [BTC.near_token]


PAYEE = chain_address("btc:mainnet", bytes(range(20)))


@pytest.mark.parametrize(
    "address",
    [None, "", "bc1qx", 7, [], PAYEE[:-1], PAYEE + "q", chain_address("eth:100", bytes(range(20))), "x" * 100_000],
)
async def test_an_estimate_is_for_an_address_of_the_chain(endpoint: BridgeRpc, address: object) -> None:
    asked = {"chain": "btc:mainnet", "token": "native", "address": address}
    assert await refusal(endpoint, "withdrawal_estimate", [asked]) == "Invalid address"
    del asked["address"]
    assert await refusal(endpoint, "withdrawal_estimate", [asked]) == "Invalid address"


async def test_an_estimate_names_the_fee(endpoint: BridgeRpc) -> None:
    names = {BTC.near_token: BTC, BTC.token_id: BTC, "native": BTC, NBTC.near_token: NBTC, NBTC.token_id: NBTC}
    for name, token in names.items():
        estimate = await call(endpoint, "withdrawal_estimate", chain="btc:mainnet", token=name, address=PAYEE)
        assert (estimate["tokenAddress"], estimate["token"]["intents_token_id"]) == (token.near_token, token.token_id)
        assert int(estimate["withdrawalFee"]) == 1500
        assert estimate["withdrawalFeeDecimals"] == 8
        assert estimate["userAddress"] == PAYEE
    assert (
        await refusal(endpoint, "withdrawal_estimate", [{"chain": "btc:mainnet", "token": "x"}]) == "Unsupported token"
    )


async def test_a_withdrawal_is_unknown_then_pending_then_completed(
    endpoint: BridgeRpc, ledger: Ledger, clock: Clock, maker: Signer
) -> None:
    tx_hash = ledger.execute_intents([maker.sign(withdrawal(100_000))]).tx_hash
    params = [{"withdrawal_hash": tx_hash}]
    assert await refusal(endpoint, "withdrawal_status", params) == "Withdrawals not found"
    clock.now_ns = NOW + 2 * NS_PER_S
    pending = await call(endpoint, "withdrawal_status", withdrawal_hash=tx_hash)
    assert pending["status"] == "PENDING"
    assert pending["data"]["transfer_tx_hash"] is None
    clock.now_ns = NOW + 6 * NS_PER_S
    sent = await call(endpoint, "withdrawal_status", withdrawal_hash=tx_hash)
    assert sent["status"] == "PENDING"
    clock.now_ns = NOW + 20 * NS_PER_S
    done = await call(endpoint, "withdrawal_status", withdrawal_hash=tx_hash)
    assert done["status"] == "COMPLETED"
    assert done["data"]["transfer_tx_hash"] == sent["data"]["transfer_tx_hash"] is not None
    assert int(done["data"]["amount"]) == 100_000
    assert done["data"]["withdraw_amount"] == "98500"
    assert done["data"]["address"] == BTC_ADDRESS
    recent = await call(endpoint, "recent_withdrawals", account_id=MAKER)
    assert recent["withdrawals"] == done["withdrawals"]
    assert recent["total"] == 1


async def test_two_withdrawals_of_one_call_come_in_the_older_form(
    endpoint: BridgeRpc, ledger: Ledger, clock: Clock, maker: Signer
) -> None:
    executed = ledger.execute_intents([maker.sign(withdrawal(100_000), withdrawal(200_000))])
    clock.now_ns = NOW + 20 * NS_PER_S
    status = await call(endpoint, "withdrawal_status", withdrawal_hash=executed.tx_hash)
    assert {int(row["data"]["amount"]) for row in status["withdrawals"]} == {100_000, 200_000}


@pytest.mark.parametrize("changes", [{"memo": "hello"}, {"receiver_id": "friend.near"}])
async def test_an_amount_sent_elsewhere_is_not_a_withdrawal(
    endpoint: BridgeRpc, ledger: Ledger, clock: Clock, maker: Signer, changes: dict[str, object]
) -> None:
    ledger.execute_intents([maker.sign(withdrawal(100_000, **changes))])
    clock.now_ns = NOW + 20 * NS_PER_S
    assert (await call(endpoint, "recent_withdrawals", account_id=MAKER))["total"] == 0


async def test_ids_and_errors_keep_their_form_unless_they_are_to_vary(bridge: Bridge, endpoint: BridgeRpc) -> None:
    for _ in range(2):
        answer = await endpoint.handle({"jsonrpc": "2.0", "id": 7, "method": "nothing", "params": [{}]})
        assert (answer["id"], answer["error"]) == (7, "Method not found")
    bridge.faults.apply({"bridge_varies": True})
    ids: set[object] = set()
    errors: set[type] = set()
    for _ in range(2):
        answer = await endpoint.handle({"jsonrpc": "2.0", "id": 7, "method": "nothing", "params": [{}]})
        ids.add(answer["id"])
        errors.add(type(answer["error"]))
    assert ids == {7, "7"}
    assert errors == {dict, str}


async def test_a_deposit_can_be_announced(endpoint: BridgeRpc) -> None:
    known = {"chain": "btc:mainnet", "deposit_address": "bc1q", "tx_hash": "00"}
    assert await call(endpoint, "notify_deposit", **known) == {}
    assert await refusal(endpoint, "notify_deposit", [{"chain": "btc:mainnet"}]) == "Invalid params: tx_hash"


def test_the_same_seed_gives_the_same_hashes() -> None:
    def run(seed: int) -> str:
        bridge = Bridge(Ledger(clock=Clock(), salt=SALT), Clock(), rng=random.Random(seed))
        return bridge.deposit(MAKER, BTC.token_id, 1, confirm_after_ns=0)

    assert run(1) == run(1) != run(2)


@pytest.mark.parametrize(("token", "amount"), [("nep141:other.near", 1), (BTC.token_id, 0), (BTC.token_id, -1)])
def test_a_deposit_the_bridge_does_not_carry_is_refused(bridge: Bridge, token: str, amount: int) -> None:
    with pytest.raises(ValueError, match="its own tokens and an amount above zero"):
        bridge.deposit(MAKER, token, amount, confirm_after_ns=0)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["account_id", "chain", "chains", "status", "limit", "offset", "token", "withdrawal_hash", "tx_hash"]
PARAMS = st.dictionaries(st.sampled_from(FIELDS), st.just(MAKER) | st.just("btc:mainnet") | JSON)
METHODS = ["supported_tokens", "deposit_address", "recent_deposits", "withdrawal_estimate", "withdrawal_status"]
METHODS += ["recent_withdrawals", "notify_deposit"]


@settings(max_examples=200, deadline=None)
@given(
    JSON
    | st.fixed_dictionaries(
        {
            "id": JSON,
            "method": st.sampled_from(METHODS) | JSON,
            "params": st.lists(PARAMS, min_size=1, max_size=1) | JSON,
        }
    )
)
async def test_garbage_gets_an_answer(request: Any) -> None:
    clock = Clock()
    bridge = Bridge(Ledger(clock=clock, salt=SALT), clock, rng=random.Random(7))
    bridge.deposit(MAKER, BTC.token_id, 1, confirm_after_ns=0)
    answer = await BridgeRpc(bridge, clock).handle(request)
    assert ("result" in answer) is not ("error" in answer)
    json.dumps(answer)


@pytest.mark.parametrize(
    ("method", "asked", "wrong"),
    [
        ("supported_tokens", {"chains": ["btc:mainnet", 7]}, "chains"),
        ("supported_tokens", {"chains": "btc:mainnet"}, "chains"),
        ("recent_deposits", {"account_id": MAKER, "chain": 7}, "chain"),
        ("recent_deposits", {"account_id": MAKER, "status": ["CREDITED"]}, "status"),
        ("recent_withdrawals", {"account_id": MAKER, "chain": {}}, "chain"),
    ],
)
async def test_a_filter_that_is_no_name_is_refused(
    endpoint: BridgeRpc, method: str, asked: dict[str, object], wrong: str
) -> None:
    assert await refusal(endpoint, method, [asked]) == f"Invalid params: {wrong}"
