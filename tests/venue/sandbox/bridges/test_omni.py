"""The sandbox's Omni bridge: what its contract takes, refuses and loses, and what it pays out on Bitcoin."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sandbox.signing import BTC_ADDRESS, Clock, Signer, funded, withdrawal
from venue.protocol.tokens import BTC, NBTC, OMNI_BRIDGE
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.bridges.bridge import Bridge
from venue.sandbox.bridges.omni import GAS_FEE, MIN_AMOUNT, PROTOCOL_FEE, OmniBridge
from venue.sandbox.bridges.omni_api import OmniApi
from venue.sandbox.bridges.omni_message import read_message, storage_account
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.outcomes import Executed

MAKER = "maker.near"
HELD = 10**9
WNEAR = "nep141:wrap.near"
EXTERNAL_ID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"


def message(**changes: object) -> str:
    fields: dict[str, object] = {
        "recipient": f"btc:{BTC_ADDRESS}",
        "fee": "0",
        "native_token_fee": "0",
        "external_id": EXTERNAL_ID,
        "msg": json.dumps({"MaxGasFee": str(GAS_FEE)}),
    }
    return json.dumps(fields | changes)


def burning(amount: int, msg: str, **changes: object) -> dict[str, object]:
    fields: dict[str, object] = {"token": NBTC.near_token, "receiver_id": OMNI_BRIDGE, "msg": msg}
    intent = withdrawal(amount, **fields, **changes)
    del intent["memo"]
    return intent


class World:
    """Both bridges over one ledger, and a clock moved in whole seconds."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.maker = Signer(MAKER, 1)
        self.ledger: Ledger = funded(self.clock, self.maker, amount=HELD)
        self.faults = FaultTable(self.clock)
        self.bridge = Bridge(self.ledger, self.clock, rng=random.Random(7), faults=self.faults)
        self.omni = OmniBridge(self.ledger, self.clock, self.bridge.chains["btc:mainnet"], faults=self.faults)
        self.ledger.refuse_transfer = self.omni.refusal
        self.api = OmniApi(self.omni, self.clock)

    def wait(self, seconds: int) -> None:
        self.clock.now_ns += seconds * 10**9
        self.omni.advance(self.clock.now_ns)

    def execute(self, *intents: dict[str, object]) -> Executed:
        return self.ledger.execute_intents([self.maker.sign(*intents, deadline_ns=self.clock.now_ns + 60 * 10**9)])

    @property
    def held(self) -> int:
        return self.ledger.balance(MAKER, NBTC.token_id)

    @property
    def arrived(self) -> int:
        return self.bridge.chains["btc:mainnet"].balances.get(BTC_ADDRESS, 0)

    def transfers(self, tx_hash: str, version: str = "v3") -> Any:
        status, answer = self.api.answer(f"/api/{version}/transfers/transfer", {"transaction_hash": tx_hash})
        assert status == 200, answer
        return answer


@pytest.fixture
def world() -> World:
    return World()


def test_a_transfer_is_indexed_paid_once_and_final(world: World) -> None:
    tx_hash = world.execute(burning(100_000, message())).tx_hash
    assert world.held == HELD - 100_000
    assert world.transfers(tx_hash) == []
    world.wait(3)
    [row] = world.transfers(tx_hash)
    assert (row["finalised"], row["transfer_message"]["amount"]) == (None, "100000")
    assert row["transfer_message"]["recipient"] == f"btc:{BTC_ADDRESS}"
    world.wait(20)
    world.wait(20)
    [row] = world.transfers(tx_hash)
    assert world.arrived == 100_000 - GAS_FEE - PROTOCOL_FEE
    [transfer] = world.omni.transfers
    assert transfer.payment is not None
    assert row["finalised"]["UtxoLog"]["transaction_hash"] == transfer.payment.tx_hash


def test_a_transfer_has_every_field_that_the_vendors_client_checks(world: World) -> None:
    tx_hash = world.execute(burning(100_000, message())).tx_hash
    world.wait(3)
    [row] = world.transfers(tx_hash)
    steps = ("initialized", "signed", "fast_finalised_on_near", "finalised_on_near", "fast_finalised", "finalised")
    assert set(row) == {"id", *steps, "claimed", "transfer_message", "updated_fee", "utxo_transfer"}
    assert "btc_pending_id" not in row["utxo_transfer"]
    world.wait(6)
    [row] = world.transfers(tx_hash)
    [transfer] = world.omni.transfers
    assert transfer.payment is not None
    assert row["finalised"] is None
    assert row["utxo_transfer"]["btc_pending_id"] == transfer.payment.tx_hash, "known before it is final"


def test_transfers_are_found_by_transaction_nonce_and_sender(world: World) -> None:
    hashes = [world.execute(burning(100_000 + index, message())).tx_hash for index in range(3)]
    world.wait(3)

    def found(path: str, **query: str) -> Any:
        status, answer = world.api.answer(f"/api/v3/transfers{path}", query)
        return answer if status == 200 else status

    [second] = found("/transfer", origin_chain="Near", origin_nonce="2")
    assert second["initialized"]["NearReceipt"]["transaction_hash"] == hashes[1]
    assert found("/transfer", origin_chain="Eth", origin_nonce="2") == []
    assert found("/transfer", origin_chain="Near", origin_nonce="9") == []
    assert found("", transaction_id=hashes[1]) == [second]
    sender = "near:intents.near"
    assert len(found("", sender=sender)) == 3
    assert found("", sender=sender, offset="1", limit="1") == [second]
    assert found("", sender="near:nobody.near") == []
    assert found("/transfer/status", transaction_hash=hashes[0]) == ["Initialized"]
    world.wait(6)
    assert found("/transfer/status", transaction_hash=hashes[0]) == ["Signed"]
    world.wait(60)
    assert found("/transfer/status", transaction_hash=hashes[0]) == ["Finalised"]
    assert found("/transfer/status", transaction_hash="unknown") == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/transfer", {"origin_chain": "Near", "origin_nonce": "-1"}),
        ("/transfer", {"origin_chain": "Near", "origin_nonce": "9" * 19}),
        ("", {}),
        ("", {"sender": "near:intents.near", "offset": "x"}),
        ("", {"sender": "near:intents.near", "limit": "²"}),
    ],
)
def test_a_search_for_transfers_without_sense_is_refused(world: World, path: str, query: dict[str, str]) -> None:
    assert world.api.answer(f"/api/v3/transfers{path}", query)[0] == 400


def test_the_fourth_form_of_the_api_takes_the_place_of_the_third(world: World) -> None:
    tx_hash = world.execute(burning(100_000, message())).tx_hash
    world.wait(60)
    world.faults.apply({"omni": {"version": "v4"}})
    [row] = world.transfers(tx_hash, "v4")["transfers"]
    assert row["finalised"]["chain"] == "Btc"
    assert world.api.answer("/api/v3/transfers/transfer", {"transaction_hash": tx_hash})[0] == 404


@pytest.mark.parametrize(
    "msg",
    [
        message(recipient=f"btc:{BTC_ADDRESS.upper()}"),
        message(recipient=BTC_ADDRESS),
        message(recipient="near:maker.near"),
        message(recipient="btc:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5"),
        message(fee="1"),
        message(fee=0),
        message(msg='{"MaxGasFee":1200}'),
        message(msg="{}"),
        message(external_id="x" * 65),
        "",
        "{}",
        f"WITHDRAW_TO:{BTC_ADDRESS}",
    ],
)
def test_what_the_contract_refuses_is_gone(world: World, msg: str) -> None:
    executed = world.execute(burning(100_000, msg))
    [transfer] = executed.transfers
    assert transfer.failure is not None
    assert transfer.used == 100_000
    world.wait(60)
    assert (world.held, world.arrived) == (HELD - 100_000, 0)
    assert world.omni.totals(NBTC.token_id).lost == 100_000


def test_another_token_is_refused_and_gone(world: World) -> None:
    executed = world.execute(burning(100_000, message()) | {"token": BTC.near_token})
    assert executed.transfers[0].failure == "ERR_TOKEN_NOT_FOUND"
    assert world.ledger.balance(MAKER, BTC.token_id) == HELD - 100_000
    assert world.omni.totals(BTC.token_id).lost == 100_000


def test_a_token_without_a_message_stays_with_the_contract(world: World) -> None:
    intent = burning(100_000, "") | {"memo": f"WITHDRAW_TO:{BTC_ADDRESS}"}
    del intent["msg"]
    world.execute(intent)
    world.wait(60)
    assert world.arrived == 0
    assert world.omni.totals(NBTC.token_id).lost == 100_000


def test_without_storage_of_the_verifier_a_transfer_is_gone(world: World) -> None:
    world.faults.apply({"omni": {"storage_low": True}})
    executed = world.execute(burning(100_000, message()))
    assert executed.transfers[0].failure == "ERR_NOT_ENOUGH_STORAGE_BALANCE"
    assert world.held == HELD - 100_000


def test_a_native_fee_needs_the_very_account_of_the_transfer(world: World) -> None:
    world.ledger.mint(MAKER, WNEAR, 100)
    msg = message(native_token_fee="40")
    account = storage_account(NBTC.near_token, 100_000, read_message(msg), "intents.near")
    deposit: dict[str, object] = {
        "intent": "storage_deposit",
        "contract_id": OMNI_BRIDGE,
        "deposit_for_account_id": account,
        "amount": "40",
    }
    executed = world.execute(deposit, burning(100_000, msg))
    assert executed.transfers[0].failure is None
    assert world.ledger.balance(MAKER, WNEAR) == 60
    other = deposit | {"deposit_for_account_id": "00" * 32}
    assert world.execute(other, burning(100_000, msg)).transfers[0].failure == "ERR_NOT_ENOUGH_STORAGE_BALANCE"
    assert world.execute(burning(100_000, msg)).transfers[0].failure == "ERR_NOT_ENOUGH_STORAGE_BALANCE"
    world.wait(60)
    assert world.arrived == 100_000 - GAS_FEE - PROTOCOL_FEE


@pytest.mark.parametrize(
    ("amount", "most", "reason"),
    [(100_000, GAS_FEE - 1, "MaxGasFee"), (MIN_AMOUNT - 1, GAS_FEE, "below the minimum")],
)
def test_what_no_relayer_can_pay_stays_with_the_bridge(world: World, amount: int, most: int, reason: str) -> None:
    world.execute(burning(amount, message(msg=json.dumps({"MaxGasFee": str(most)}))))
    world.wait(600)
    [transfer] = world.omni.transfers
    assert reason in transfer.reason
    assert world.arrived == 0


def test_a_relayer_may_take_less_than_the_most(world: World) -> None:
    world.faults.apply({"omni": {"pays_below": 200}})
    world.execute(burning(100_000, message()))
    world.wait(60)
    assert world.arrived == 100_000 - GAS_FEE - PROTOCOL_FEE + 200


def test_fees_are_told_as_numbers_and_as_texts(world: World) -> None:
    query = {
        "sender": "near:intents.near",
        "recipient": f"btc:{BTC_ADDRESS}",
        "token": f"near:{NBTC.near_token}",
        "amount": "100000",
    }
    told: list[tuple[int, Any]] = [world.api.answer("/api/v3/transfer-fee", query) for _ in range(2)]
    assert [(status, type(answer["gas_fee"])) for status, answer in told] == [(200, int), (200, str)]
    for name, wrong in (("sender", "near:x"), ("recipient", "btc:x"), ("token", "near:x"), ("amount", "x")):
        assert world.api.answer("/api/v3/transfer-fee", query | {name: wrong})[0] == 400


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(1, 200_000),
            st.integers(0, 3_000),
            st.sampled_from((BTC_ADDRESS, BTC_ADDRESS.upper(), "nowhere")),
            st.integers(0, 40),
        ),
        max_size=8,
    )
)
def test_every_burned_unit_is_paid_kept_as_a_fee_under_way_or_lost(
    burns: list[tuple[int, int, str, int]],
) -> None:
    world = World()
    for amount, most, address, seconds in burns:
        msg = message(recipient=f"btc:{address}", msg=json.dumps({"MaxGasFee": str(most)}))
        world.execute(burning(amount, msg))
        world.wait(seconds)
    totals = world.omni.totals(NBTC.token_id)
    assert totals.burned == totals.paid + totals.fees + totals.under_way
    assert HELD - world.held == totals.burned + totals.lost
    assert world.arrived == totals.paid
