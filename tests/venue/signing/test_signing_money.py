"""What the signer signs to move money, read by the sandbox's own parsers, which share no code with it."""

import base58
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.events import WithdrawalPrepared
from tests.support.funding.withdrawal_venue import ADDRESSES
from venue.protocol.assets import MAX_AMOUNT, Token
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.sandbox.wire.borsh import read_transaction
from venue.sandbox.wire.intent_types import FtWithdraw
from venue.sandbox.wire.keys import verify_ed25519
from venue.sandbox.wire.payload import open_payload
from venue.signing.errors import RefusedToSignError
from venue.signing.signed_bytes import decode_signed, encode_signed
from venue.signing.signer import SignedBytes, Signer

SALT = bytes.fromhex("252812b3")
BLOCK = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM"
NOW_NS = 1_790_000_000_123_456_789

amounts = st.integers(1, MAX_AMOUNT)
sides = st.sampled_from((BTC, EURE))


def a_signer(contract: str = "intents.near") -> Signer:
    secret = "ed25519:" + base58.b58encode(bytes(range(32))).decode()
    return Signer(
        secret,
        "maker.near",
        DEFAULT_TOKENS,
        ceiling=10**18,
        longest_ns=0,
        now_ns=lambda: NOW_NS,
        random=lambda size: b"\x07" * size,
        contract=contract,
    )


def sign(route: str, asset: Token, amount: int, to: str) -> SignedBytes:
    if route == "transaction":
        return a_signer().sign_withdrawal_transaction(asset, amount, to, access_nonce=1, block_hash=BLOCK)
    return a_signer().sign_withdrawal_intent(asset, amount, to, deadline_ns=NOW_NS, salt=SALT)


@given(sides, amounts, st.integers(0, 2**63))
def test_the_chain_reads_the_signed_withdrawal(asset: Token, amount: int, nonce: int) -> None:
    signer, to = a_signer(), ADDRESSES[asset.symbol]
    signed = signer.sign_withdrawal_transaction(asset, amount, to, access_nonce=nonce, block_hash=BLOCK)
    read = read_transaction(signed.sent)
    assert verify_ed25519(read.public_key, read.hash, read.signature)
    assert (read.signer_id, read.public_key, read.receiver_id) == ("maker.near", signer.public_key, "intents.near")
    assert (read.tx_hash, read.nonce, read.block_hash) == (signed.hash, nonce + 1, BLOCK)
    assert signed.nonce == str(nonce + 1)
    [action] = read.calls
    assert (action.method, action.deposit, action.gas) == ("ft_withdraw", 1, 100 * 10**12)
    assert msgspec.json.decode(action.args) == {
        "token": asset.near_token,
        "receiver_id": asset.near_token,
        "amount": str(amount),
        "memo": f"WITHDRAW_TO:{to}",
    }


@given(sides, amounts)
def test_the_verifier_reads_the_signed_intent(asset: Token, amount: int) -> None:
    signer, to = a_signer(), ADDRESSES[asset.symbol]
    signed = signer.sign_withdrawal_intent(asset, amount, to, deadline_ns=NOW_NS, salt=SALT)
    message = open_payload(msgspec.json.decode(signed.sent))
    assert (message.signer_id, message.public_key) == ("maker.near", signer.public_key)
    assert message.intent_hash == signed.hash
    assert message.deadline_ns == NOW_NS - NOW_NS % 10**6
    [intent] = message.intents
    assert isinstance(intent, FtWithdraw)
    assert (int(intent.amount), intent.memo, intent.msg) == (amount, f"WITHDRAW_TO:{to}", None)
    assert intent.token == intent.receiver_id == asset.near_token
    assert intent.min_gas == 17_050_000_000_000


@pytest.mark.parametrize("route", ["transaction", "intent"])
@pytest.mark.parametrize(
    ("asset", "amount", "to"),
    [
        (msgspec.structs.replace(BTC, near_token="usdt.tether-token.near"), 5, ADDRESSES["BTC"]),
        (BTC, 0, ADDRESSES["BTC"]),
        (BTC, -5, ADDRESSES["BTC"]),
        (BTC, MAX_AMOUNT + 1, ADDRESSES["BTC"]),
        (BTC, 5, ADDRESSES["EURe"]),
        (EURE, 5, ADDRESSES["BTC"]),
        (BTC, 5, ""),
        (BTC, 5, ADDRESSES["BTC"].upper()),
        (BTC, 5, ADDRESSES["BTC"] + " "),
        (BTC, 5, ADDRESSES["BTC"] + '","msg":"'),
        (EURE, 5, ADDRESSES["EURe"].lower()),
    ],
)
def test_nothing_else_is_signed(route: str, asset: Token, amount: int, to: str) -> None:
    with pytest.raises(RefusedToSignError):
        sign(route, asset, amount, to)


def test_only_its_own_key_is_registered() -> None:
    signer = a_signer()
    read = read_transaction(signer.sign_key_registration(41, BLOCK).sent)
    [action] = read.calls
    assert (action.method, action.deposit) == ("add_public_key", 1)
    assert msgspec.json.decode(action.args) == {"public_key": signer.public_key}
    assert read.nonce == 42


@pytest.mark.parametrize("route", ["transaction", "intent"])
def test_history_returns_the_same_bytes(route: str) -> None:
    sent = sign(route, BTC, 5, ADDRESSES["BTC"]).sent
    fact = WithdrawalPrepared(
        at_ns=1,
        withdrawal_id="w",
        idempotency_key="k",
        actor="a",
        route="transaction" if route == "transaction" else "intent",
        asset=BTC.token_id,
        amount=5,
        fee=1,
        destination=ADDRESSES["BTC"],
        chain=BTC.chain,
        hash="h",
        signed=encode_signed(route, sent),
        nonce="2",
        expires_ns=9,
    )
    assert decode_signed(fact) == sent


@pytest.mark.parametrize("contract", ["intents.near", "staging-intents.near"])
def test_every_signature_is_for_the_contract_of_the_stage(contract: str) -> None:
    signer, to = a_signer(contract), ADDRESSES["BTC"]
    assert signer.contract == contract
    transactions = (
        signer.sign_withdrawal_transaction(BTC, 5, to, access_nonce=1, block_hash=BLOCK),
        signer.sign_key_registration(1, BLOCK),
    )
    assert [read_transaction(signed.sent).receiver_id for signed in transactions] == [contract] * 2
    withdrawal = signer.sign_withdrawal_intent(BTC, 5, to, deadline_ns=NOW_NS, salt=SALT)
    for signed in (withdrawal, signer.sign_burning(withdrawal.nonce)):
        message = open_payload(msgspec.json.decode(signed.sent))
        assert message.verifying_contract == contract
