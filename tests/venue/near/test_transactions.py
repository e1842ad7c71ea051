import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from venue.near.transactions import (
    FunctionCall,
    UnsignedTransaction,
    add_public_key_transaction,
    ft_withdraw_transaction,
    transaction_bytes,
)
from venue.protocol import borsh
from venue.protocol.assets import MAX_AMOUNT
from venue.protocol.tokens import BTC, EURE
from venue.sandbox.wire.borsh import read_transaction

# Made with py-near-primitives 0.2.12, nearcore's own serialisation.
VECTORS = json.loads(Path(__file__).with_name("near_transactions.json").read_text(encoding="utf-8"))

KEY = SigningKey(bytes(range(32)))
PUBLIC = bytes(KEY.verify_key)
BLOCK = base58.b58encode(bytes(range(100, 132))).decode()
MEMO = "WITHDRAW_TO:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"


def withdrawal(amount: int = 12_345, nonce: int = 7, account: str = "maker.near") -> UnsignedTransaction:
    return ft_withdraw_transaction(account, PUBLIC, nonce, BLOCK, token=BTC.near_token, amount=amount, memo=MEMO)


def sign(transaction: UnsignedTransaction) -> bytes:
    return transaction.signed(KEY.sign(transaction.to_sign).signature)


def test_the_venue_reads_a_withdrawal_as_in_the_protocol() -> None:
    unsigned = withdrawal()
    seen = read_transaction(sign(unsigned))
    assert (seen.signer_id, seen.receiver_id, seen.nonce, seen.block_hash) == ("maker.near", "intents.near", 8, BLOCK)
    (call,) = seen.calls
    assert (call.method, call.gas, call.deposit) == ("ft_withdraw", 100 * 10**12, 1)
    assert json.loads(call.args) == {
        "token": "btc.omft.near",
        "receiver_id": "btc.omft.near",
        "amount": "12345",
        "memo": MEMO,
    }


def test_the_hash_is_known_before_it_is_signed() -> None:
    unsigned = withdrawal()
    before = unsigned.hash
    seen = read_transaction(sign(unsigned))
    assert before == seen.tx_hash
    assert unsigned.to_sign == seen.hash
    assert len(unsigned.to_sign) == 32
    assert sign(unsigned) == sign(unsigned)


def test_registering_a_key_registers_the_one_that_signs() -> None:
    unsigned = add_public_key_transaction("maker.near", PUBLIC, 41, BLOCK)
    seen = read_transaction(sign(unsigned))
    (call,) = seen.calls
    assert (call.method, call.gas, call.deposit) == ("add_public_key", 100 * 10**12, 1)
    assert json.loads(call.args) == {"public_key": seen.public_key}
    assert (seen.nonce, unsigned.nonce) == (42, 42)


@given(
    st.integers(1, MAX_AMOUNT),
    st.integers(0, 2**64 - 2),
    st.sampled_from(["a1", "maker.near", "0" * 64, "a-b_c.d.near"]),
    st.text(min_size=1),
)
def test_every_value_arrives_exactly(amount: int, nonce: int, account: str, memo: str) -> None:
    unsigned = ft_withdraw_transaction(account, PUBLIC, nonce, BLOCK, token=EURE.near_token, amount=amount, memo=memo)
    seen = read_transaction(sign(unsigned))
    args = json.loads(seen.calls[0].args)
    assert (int(args["amount"]), args["memo"], seen.nonce, seen.signer_id) == (amount, memo, nonce + 1, account)
    assert seen.tx_hash == unsigned.hash


@pytest.mark.parametrize("amount", [0, -1, MAX_AMOUNT + 1])
def test_an_invalid_amount_is_refused(amount: int) -> None:
    with pytest.raises(ValueError, match="amount"):
        withdrawal(amount)


@pytest.mark.parametrize(
    "account", ["", "a", "A.near", "maker near", "a..near", ".near", "x" * 65, "maker.near\n", "é.near"]
)
def test_an_invalid_account_is_refused(account: str) -> None:
    with pytest.raises(ValueError, match="account"):
        withdrawal(account=account)


@pytest.mark.parametrize("nonce", [-1, 2**64 - 1])
def test_an_invalid_nonce_is_refused(nonce: int) -> None:
    with pytest.raises(ValueError, match="nonce"):
        withdrawal(nonce=nonce)


@pytest.mark.parametrize("block", ["", "short", BLOCK + "1", "0" * 44, "é"])
def test_an_invalid_block_hash_is_refused(block: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - base58 has texts of its own
        add_public_key_transaction("maker.near", PUBLIC, 1, block)


def test_a_withdrawal_without_a_memo_or_to_no_token_is_refused() -> None:
    with pytest.raises(ValueError, match="memo"):
        ft_withdraw_transaction("maker.near", PUBLIC, 1, BLOCK, token=BTC.near_token, amount=1, memo="")
    with pytest.raises(ValueError, match="token"):
        ft_withdraw_transaction("maker.near", PUBLIC, 1, BLOCK, token="nep141:btc.omft.near", amount=1, memo=MEMO)


def test_only_the_access_keys_own_signature_is_accepted() -> None:
    unsigned = withdrawal()
    other = SigningKey(bytes(32)).sign(unsigned.to_sign).signature
    for signature in (other, bytes(64), b"", other[:63], KEY.sign(b"something else").signature):
        with pytest.raises(ValueError, match="signature"):
            unsigned.signed(signature)


def test_the_bytes_are_those_of_the_network() -> None:
    """Check the layout byte by byte: nearcore's borsh of a SignedTransaction with one FunctionCall."""
    args = read_transaction(sign(withdrawal())).calls[0].args
    method = b"ft_withdraw"
    expected = b"".join(
        [
            (10).to_bytes(4, "little") + b"maker.near",
            b"\x00" + PUBLIC,
            (8).to_bytes(8, "little"),
            (12).to_bytes(4, "little") + b"intents.near",
            base58.b58decode(BLOCK),
            (1).to_bytes(4, "little") + b"\x02",
            len(method).to_bytes(4, "little") + method,
            len(args).to_bytes(4, "little") + args,
            (100 * 10**12).to_bytes(8, "little") + (1).to_bytes(16, "little"),
            b"\x00" + KEY.sign(withdrawal().to_sign).signature,
        ]
    )
    assert sign(withdrawal()) == expected


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["hash"][:8])
def test_the_bytes_are_those_of_nearcores_own_library(vector: dict[str, Any]) -> None:
    calls = [
        FunctionCall(call["method"], bytes.fromhex(call["args"]), int(call["gas"]), int(call["deposit"]))
        for call in vector["calls"]
    ]
    raw = transaction_bytes(
        vector["signer_id"],
        PUBLIC,
        int(vector["nonce"]),
        receiver_id=vector["receiver_id"],
        block_hash=base58.b58decode(vector["block_hash"]),
        calls=calls,
    )
    unsigned = UnsignedTransaction(raw, PUBLIC, int(vector["nonce"]))
    assert unsigned.hash == vector["hash"]
    assert sign(unsigned).hex() == vector["signed"]


texts = st.text(max_size=60)


@given(
    st.lists(
        st.builds(FunctionCall, texts, st.binary(max_size=200), st.integers(0, 2**64 - 1), st.integers(0, 2**128 - 1)),
        max_size=3,
    ),
    st.integers(0, 2**64 - 1),
    st.binary(min_size=32, max_size=32),
)
def test_the_sandboxs_own_decoder_reads_every_transaction(calls: list[FunctionCall], nonce: int, block: bytes) -> None:
    raw = transaction_bytes("maker.near", PUBLIC, nonce, receiver_id="intents.near", block_hash=block, calls=calls)
    seen = read_transaction(raw + b"\x00" + bytes(64))
    assert [(call.method, call.args, call.gas, call.deposit) for call in seen.calls] == [
        (call.method, call.args, call.gas, call.deposit) for call in calls
    ]
    assert (seen.nonce, seen.block_hash) == (nonce, base58.b58encode(block).decode())
    assert seen.hash == hashlib.sha256(raw).digest()


@pytest.mark.parametrize(
    ("write", "too_large"), [(borsh.u8, 2**8), (borsh.u32, 2**32), (borsh.u64, 2**64), (borsh.u128, 2**128)]
)
def test_a_number_that_does_not_fit_is_refused(write: Callable[[int], bytes], too_large: int) -> None:
    size = len(write(0))
    assert write(too_large - 1) == b"\xff" * size
    for bad in (-1, too_large):
        with pytest.raises(ValueError, match="outside"):
            write(bad)
    with pytest.raises(ValueError, match="31 bytes where borsh needs 32"):
        borsh.fixed(bytes(31), 32)
