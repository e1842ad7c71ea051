import hashlib
import json
from typing import Any

import base58
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import venue.signing.signer as signer_module
from tests.venue.signing.test_signer import PUBLIC, a_signer
from venue.near.transactions import DEPOSIT, GAS, FunctionCall, UnsignedTransaction, transaction_bytes
from venue.protocol.tokens import BTC
from venue.sandbox.wire.borsh import read_transaction
from venue.signing.errors import RefusedToSignError
from venue.signing.read_back import OrderedCall, checked_digest, read_call
from venue.signing.signer import SignedBytes

BLOCK = bytes(range(100, 132))
BLOCK_HASH = base58.b58encode(BLOCK).decode()
ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
ARGS = {
    "token": BTC.near_token,
    "receiver_id": BTC.near_token,
    "amount": "12345",
    "memo": f"WITHDRAW_TO:{ADDRESS}",
}
ORDERED = OrderedCall(
    signer_id="maker.near",
    public_key=PUBLIC,
    nonce=8,
    receiver_id="intents.near",
    block_hash=BLOCK_HASH,
    method="ft_withdraw",
    args=ARGS,
    gas=GAS,
    deposit=DEPOSIT,
)


def serialised(**changed: Any) -> bytes:
    """The bytes of the order, some of them for something else."""
    fields: dict[str, Any] = {
        "signer_id": "maker.near",
        "public_key": PUBLIC,
        "nonce": 8,
        "receiver_id": "intents.near",
        "block_hash": BLOCK,
        "method": "ft_withdraw",
        "args": json.dumps(ARGS).encode(),
        "gas": GAS,
        "deposit": DEPOSIT,
        "count": 1,
    } | changed
    call = FunctionCall(fields["method"], fields["args"], fields["gas"], fields["deposit"])
    return transaction_bytes(
        fields["signer_id"],
        fields["public_key"],
        fields["nonce"],
        receiver_id=fields["receiver_id"],
        block_hash=fields["block_hash"],
        calls=[call] * fields["count"],
    )


def test_what_was_ordered_is_signed() -> None:
    raw = serialised()
    assert read_call(raw) == ORDERED
    assert checked_digest(raw, ORDERED) == hashlib.sha256(raw).digest()


def args(**changed: object) -> bytes:
    return json.dumps(ARGS | changed).encode()


DIFFERENT = {
    "signer_id": {"signer_id": "thief.near"},
    "public_key": {"public_key": bytes(32)},
    "nonce": {"nonce": 9},
    "receiver_id": {"receiver_id": "btc.omft.near"},
    "block_hash": {"block_hash": bytes(32)},
    "method": {"method": "ft_transfer"},
    "amount": {"args": args(amount="12346")},
    "token": {"args": args(token="nbtc.bridge.near")},
    "payee": {"args": args(receiver_id="thief.near")},
    "memo": {"args": args(memo="WITHDRAW_TO:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5")},
    "a message": {"args": args(msg="")},
    "no memo": {"args": json.dumps({name: ARGS[name] for name in ("token", "receiver_id", "amount")}).encode()},
    "a name twice": {"args": args()[:-1] + b', "amount": "1"}'},
    "a number": {"args": args(amount=12345)},
    "no object": {"args": b'["ft_withdraw"]'},
    "no JSON": {"args": b"{"},
    "deep JSON": {"args": b"[" * 100_000},
    "no UTF-8": {"args": b"\xff"},
    "gas": {"gas": GAS + 1},
    "deposit": {"deposit": 10**24},
    "no action": {"count": 0},
    "two actions": {"count": 2},
}


@pytest.mark.parametrize("different", DIFFERENT.values(), ids=DIFFERENT.keys())
def test_bytes_that_say_something_else_are_refused(different: dict[str, object]) -> None:
    with pytest.raises(RefusedToSignError):
        checked_digest(serialised(**different), ORDERED)


@given(st.integers(0, len(serialised()) - 1), st.integers(1, 255))
def test_no_byte_can_be_changed(place: int, change: int) -> None:
    raw = bytearray(serialised())
    raw[place] ^= change
    # White space between the arguments says nothing.
    if bytes(raw[place : place + 1]).isspace() and serialised()[place : place + 1].isspace():
        return
    with pytest.raises(RefusedToSignError):
        checked_digest(bytes(raw), ORDERED)


@given(st.integers(0, len(serialised()) - 1), st.binary(min_size=1, max_size=8))
def test_no_byte_can_be_missing_and_none_can_follow(length: int, more: bytes) -> None:
    for raw in (serialised()[:length], serialised() + more):
        with pytest.raises(RefusedToSignError):
            checked_digest(raw, ORDERED)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with pytest.raises(RefusedToSignError):
        checked_digest(raw, ORDERED)


@given(
    st.text(max_size=30),
    st.integers(0, 2**64 - 1),
    st.text(max_size=30),
    st.dictionaries(st.text(max_size=12), st.text(max_size=30), max_size=5),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**128 - 1),
)
def test_it_reads_what_the_sandboxs_decoder_reads(
    method: str, nonce: int, receiver: str, named: dict[str, str], gas: int, deposit: int
) -> None:
    raw = serialised(method=method, nonce=nonce, args=msgspec.json.encode(named), gas=gas, deposit=deposit)
    found, seen = read_call(raw), read_transaction(raw + bytes(65))
    (call,) = seen.calls
    assert (found.method, found.gas, found.deposit, found.nonce) == (call.method, call.gas, call.deposit, seen.nonce)
    assert (found.signer_id, found.receiver_id) == (seen.signer_id, seen.receiver_id)
    assert found.block_hash == seen.block_hash
    assert found.args == named


def withdraw() -> SignedBytes:
    return a_signer().sign_withdrawal_transaction(BTC, 12_345, ADDRESS, access_nonce=7, block_hash=BLOCK_HASH)


def register() -> SignedBytes:
    return a_signer().sign_key_registration(7, BLOCK_HASH)


@pytest.mark.parametrize(
    ("sign", "builder"), [(withdraw, "ft_withdraw_transaction"), (register, "add_public_key_transaction")]
)
def test_the_signer_refuses_a_serialisation_that_chooses_for_itself(
    sign: Any, builder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = sign()
    assert read_transaction(right.sent).tx_hash == right.hash
    honest = getattr(signer_module, builder)
    payees = [("maker.near", "thief.near"), ("ft_withdraw", "ft_transfr2"), ("12345", "99999"), ("kv8f3t4", "kv8f3t5")]
    payees = [pair for pair in payees if pair[0].encode() in right.sent]

    for was, becomes in [*payees, ("ed25519:", "ed25518:")] if sign is register else payees:

        def lying(*args: Any, was: str = was, becomes: str = becomes, **named: Any) -> UnsignedTransaction:
            made = honest(*args, **named)
            raw = made.raw.replace(was.encode(), becomes.encode())
            assert raw != made.raw
            return UnsignedTransaction(raw, PUBLIC, made.nonce)

        monkeypatch.setattr(signer_module, builder, lying)
        with pytest.raises(RefusedToSignError, match="transaction"):
            sign()
