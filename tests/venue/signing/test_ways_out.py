"""Each token leaves by its own bridge, and the signer signs no other way: read back by the sandbox's parsers."""

import json

import base58
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.bridges.omni.message import OmniTerms, storage_account
from venue.protocol.assets import MAX_AMOUNT, Market, Token
from venue.protocol.tokens import BTC, BTC_EURE, DEFAULT_TOKENS, EURE, NBTC, OMNI_BRIDGE, TokenTable
from venue.sandbox.bridges.omni_message import max_gas_fee, read_message
from venue.sandbox.bridges.omni_message import storage_account as account_by_the_bridge
from venue.sandbox.wire.borsh import read_transaction
from venue.sandbox.wire.intent_types import FtWithdraw, StorageDeposit
from venue.sandbox.wire.payload import open_payload
from venue.signing.errors import RefusedToSignError
from venue.signing.signer import SignedBytes, Signer
from venue.signing.withdrawals import way_out

SALT = bytes.fromhex("252812b3")
BLOCK = "4uQeVj5tqViQh7yWWGStvkEG1Zmhx6uasJtWCJziofM"
NOW_NS = 1_790_000_000_123_456_789
OTHER_OMNI = msgspec.structs.replace(
    NBTC, symbol="qBTC", token_id="nep141:qbtc.bridge.near", near_token="qbtc.bridge.near", never_to="qbtc.bridge.near"
)
TOKENS = TokenTable((BTC, NBTC, EURE, OTHER_OMNI), (BTC_EURE,), base=BTC.underlying, quote=EURE.underlying)
ADDRESSES = {
    "btc:mainnet": (
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
    ),
    "eth:100": ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",),
}
WRONG = ("", "nowhere", ADDRESSES["btc:mainnet"][0].upper(), ADDRESSES["btc:mainnet"][0] + '","msg":"')

terms = st.builds(
    OmniTerms,
    gas_fee=st.integers(1, 10**6),
    protocol_fee=st.integers(0, 10**6),
    native_fee=st.sampled_from((0, 1, 10**21, MAX_AMOUNT)),
    external_id=st.uuids().map(str),
)
amounts = st.one_of(st.integers(-1, 3 * 10**6), st.integers(1, MAX_AMOUNT), st.just(MAX_AMOUNT + 1))
addresses = st.sampled_from((*ADDRESSES["btc:mainnet"], *ADDRESSES["eth:100"], *WRONG))


def a_signer(tokens: TokenTable = TOKENS) -> Signer:
    secret = "ed25519:" + base58.b58encode(bytes(range(32))).decode()
    return Signer(
        secret,
        "maker.near",
        tokens,
        ceiling=10**18,
        longest_ns=0,
        now_ns=lambda: NOW_NS,
        random=lambda size: b"\x07" * size,
    )


def as_intent(token: Token, amount: int, to: str, given_terms: OmniTerms | None) -> SignedBytes:
    return a_signer().sign_withdrawal_intent(token, amount, to, deadline_ns=NOW_NS, salt=SALT, terms=given_terms)


def as_transaction(token: Token, amount: int, to: str) -> SignedBytes:
    return a_signer().sign_withdrawal_transaction(token, amount, to, access_nonce=1, block_hash=BLOCK)


@given(st.sampled_from(TOKENS.tokens), amounts, addresses, st.none() | terms)
def test_an_intent_leaves_by_the_bridge_of_its_token_or_is_not_signed(
    token: Token, amount: int, to: str, given_terms: OmniTerms | None
) -> None:
    fits = 0 < amount <= MAX_AMOUNT and to in ADDRESSES[token.chain]
    if token.bridge == "omni":
        fits = fits and given_terms is not None and amount > given_terms.fee
    else:
        fits = fits and given_terms is None
    if not fits:
        with pytest.raises(RefusedToSignError):
            as_intent(token, amount, to, given_terms)
        return
    signed = as_intent(token, amount, to, given_terms)
    message = open_payload(msgspec.json.decode(signed.sent))
    assert message.intent_hash == signed.hash
    *before, out = message.intents
    assert isinstance(out, FtWithdraw)
    assert (out.token, int(out.amount)) == (token.near_token, amount)
    assert out.receiver_id != token.never_to
    if given_terms is None:
        assert (out.receiver_id, out.memo, out.msg) == (token.near_token, f"WITHDRAW_TO:{to}", None)
        assert (out.min_gas, before) == (17_050_000_000_000, [])
        return
    assert (out.receiver_id, out.memo, out.min_gas) == (OMNI_BRIDGE, None, 37_400_000_000_000)
    assert out.msg is not None
    read = read_message(out.msg)
    assert (read.recipient, read.fee, read.native_token_fee) == (f"btc:{to}", 0, given_terms.native_fee)
    assert (max_gas_fee(read), read.external_id) == (given_terms.gas_fee, given_terms.external_id)
    if not given_terms.native_fee:
        assert before == []
        return
    [deposit] = before
    assert isinstance(deposit, StorageDeposit)
    assert (deposit.contract_id, int(deposit.amount)) == (OMNI_BRIDGE, given_terms.native_fee)
    assert deposit.deposit_for_account_id == account_by_the_bridge(token.near_token, amount, read, "intents.near")


@given(st.sampled_from(TOKENS.tokens), amounts, addresses)
def test_a_transaction_leaves_by_the_poa_bridge_or_is_not_signed(token: Token, amount: int, to: str) -> None:
    if token.bridge != "poa" or not 0 < amount <= MAX_AMOUNT or to not in ADDRESSES[token.chain]:
        with pytest.raises(RefusedToSignError):
            as_transaction(token, amount, to)
        return
    [action] = read_transaction(as_transaction(token, amount, to).sent).calls
    assert msgspec.json.decode(action.args) == {
        "token": token.near_token,
        "receiver_id": token.near_token,
        "amount": str(amount),
        "memo": f"WITHDRAW_TO:{to}",
    }


@pytest.mark.parametrize("token", [BTC, NBTC, EURE])
def test_a_token_whose_bridge_was_changed_is_another_token(token: Token) -> None:
    other = msgspec.structs.replace(token, bridge="poa" if token.bridge == "omni" else "omni")
    to = ADDRESSES[token.chain][0]
    with pytest.raises(RefusedToSignError, match="not in the table"):
        as_intent(other, 10**7, to, None)
    with pytest.raises(RefusedToSignError, match="not in the table"):
        as_intent(other, 10**7, to, TERMS)
    with pytest.raises(RefusedToSignError, match="not in the table"):
        as_transaction(other, 10**7, to)


TERMS = OmniTerms(gas_fee=1200, protocol_fee=300, native_fee=0, external_id="3f2504e0-4f89-41d3-9a0c-0305e82c3301")


@pytest.mark.parametrize(("bridge", "never_to"), [("omni", OMNI_BRIDGE), ("poa", "nbtc.bridge.near")])
def test_no_table_sends_a_token_where_it_would_be_lost(bridge: str, never_to: str) -> None:
    wrong = msgspec.structs.replace(NBTC, bridge=bridge, never_to=never_to)
    table = TokenTable((wrong, EURE), (Market(wrong, EURE),), base=NBTC.underlying, quote=EURE.underlying)
    with pytest.raises(RefusedToSignError, match="would be lost"):
        way_out(table, wrong, 10**7, ADDRESSES["btc:mainnet"][0], TERMS if bridge == "omni" else None)


def test_both_sides_name_the_same_account_for_a_stage() -> None:
    given_terms = msgspec.structs.replace(TERMS, native_fee=9)
    to = ADDRESSES["btc:mainnet"][0]
    out = way_out(
        DEFAULT_TOKENS,
        NBTC,
        10**6,
        to,
        given_terms,
        contract="staging-intents.near",
        omni_bridge="omni.staging.near",
    )
    assert out.msg is not None
    assert out.storage_deposit is not None
    assert out.storage_deposit[0] == account_by_the_bridge(
        NBTC.near_token, 10**6, read_message(out.msg), "staging-intents.near"
    )
    assert out.storage_deposit[0] == storage_account(NBTC, 10**6, to, given_terms, contract="staging-intents.near")
    assert {json.loads(f"[{out.intents()}]")[0]["contract_id"], out.receiver_id} == {"omni.staging.near"}
