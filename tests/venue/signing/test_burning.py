"""Burning a nonce: what the signer signs for it, and its effect in the contract."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.venue.signing.test_signer import SALT, a_signer, on_the_wire
from venue.protocol.nonce import decode_nonce, unpack_nonce
from venue.protocol.tokens import BTC, EURE
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.payload import open_payload
from venue.signing.errors import RefusedToSignError
from venue.signing.signer import SignedQuote

NOW_NS = 1_790_000_000_000_000_000


def quote(deadline_ns: int = NOW_NS + 60 * 10**9) -> SignedQuote:
    return a_signer().sign_quote(
        asset_in=BTC.token_id,
        amount_in=1_000,
        asset_out=EURE.token_id,
        amount_out=10**18,
        deadline_ns=deadline_ns,
        salt=SALT,
    )


@given(st.integers(0, 4_000_000_000 * 10**9))
def test_a_burn_holds_no_intent_and_is_valid_as_long_as_its_nonce(deadline_ns: int) -> None:
    made = quote(deadline_ns)
    signed = a_signer().sign_burning(made.nonce)
    message = open_payload(json.loads(signed.sent))
    nonce = unpack_nonce(decode_nonce(made.nonce))
    assert nonce is not None
    assert (message.signer_id, message.intents, message.nonce) == ("maker.near", (), decode_nonce(made.nonce))
    assert message.deadline_ns == nonce.deadline_ns
    assert message.intent_hash == signed.hash != made.quote_hash


def test_a_burned_quote_can_never_be_executed_and_a_burn_runs_once() -> None:
    ledger = Ledger(clock=lambda: NOW_NS, salt=SALT)
    ledger.register_key("maker.near", a_signer().public_key)
    made = quote()
    burning = json.loads(a_signer().sign_burning(made.nonce).sent)
    ledger.execute_intents([burning])
    assert ledger.is_nonce_used("maker.near", made.nonce)
    for again in (burning, on_the_wire(made.data)):
        with pytest.raises(ContractPanicError, match="nonce was already used"):
            ledger.execute_intents([again])


@pytest.mark.parametrize(
    "nonce", [base64.b64encode(bytes(32)).decode(), base64.b64encode(bytes(31)).decode(), "no", ""]
)
def test_only_versioned_nonces_are_burned(nonce: str) -> None:
    with pytest.raises(RefusedToSignError):
        a_signer().sign_burning(nonce)


def test_twenty_five_burns_fit_one_call() -> None:
    from cockpit.desk.quote_book.burning.burn_batches import BATCH

    ledger = Ledger(clock=lambda: NOW_NS, salt=SALT)
    ledger.register_key("maker.near", a_signer().public_key)
    nonces = [quote(NOW_NS + number * 10**9).nonce for number in range(1, BATCH + 1)]
    executed = ledger.execute_intents([json.loads(a_signer().sign_burning(nonce).sent) for nonce in nonces])
    assert len(executed.intent_hashes) == BATCH
    assert sum(map(len, executed.logs)) < 16 * 1024
