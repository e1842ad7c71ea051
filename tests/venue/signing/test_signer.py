import copy
import json
import pickle
import traceback
from datetime import datetime

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey, VerifyKey

from venue.protocol.assets import MAX_AMOUNT
from venue.protocol.nep413 import nep413_hash
from venue.protocol.nonce import decode_nonce, unpack_nonce
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.relay.frames import SignedData
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.intent_types import TokenDiff
from venue.sandbox.wire.payload import open_payload
from venue.signing.errors import RefusedToSignError
from venue.signing.signer import LIFE_SLACK_NS, SignedQuote, Signer, iso_deadline, read_secret_key

SEED = bytes(range(32))
KEY = SigningKey(SEED)
PUBLIC = bytes(KEY.verify_key)
SECRET_64 = "ed25519:" + base58.b58encode(SEED + PUBLIC).decode()
SECRET_32 = "ed25519:" + base58.b58encode(SEED).decode()
SALT = bytes.fromhex("252812b3")
CEILING = 5 * 10**18
NOW_NS = 1_790_000_000_123_456_789


def a_signer(secret: str = SECRET_64, ceiling: int = CEILING, longest_ns: int = 2**62) -> Signer:
    signer = Signer(
        secret,
        "maker.near",
        DEFAULT_TOKENS,
        ceiling=ceiling,
        longest_ns=longest_ns,
        now_ns=lambda: NOW_NS,
        random=lambda size: b"\x07" * size,
    )
    signer.base_ceiling = MAX_AMOUNT
    return signer


def on_the_wire(data: SignedData) -> dict[str, object]:
    return {
        "standard": data.standard,
        "payload": {
            "message": data.payload.message,
            "nonce": data.payload.nonce,
            "recipient": data.payload.recipient,
        },
        "signature": data.signature,
        "public_key": data.public_key,
    }


amounts = st.integers(1, 2**127 - 1)
deadlines = st.integers(0, 4_000_000_000 * 10**9)


@given(st.booleans(), amounts, amounts, deadlines)
def test_the_verifier_reads_exactly_the_signed_amounts(
    buy: bool, amount_in: int, amount_out: int, deadline_ns: int
) -> None:
    asset_in, asset_out = (BTC, EURE) if buy else (EURE, BTC)
    signed = a_signer(ceiling=MAX_AMOUNT).sign_quote(
        asset_in=asset_in.token_id,
        amount_in=amount_in,
        asset_out=asset_out.token_id,
        amount_out=amount_out,
        deadline_ns=deadline_ns,
        salt=SALT,
    )
    message = open_payload(on_the_wire(signed.data))
    assert message.signer_id == "maker.near"
    assert message.verifying_contract == "intents.near"
    assert message.intent_hash == signed.quote_hash
    (intent,) = message.intents
    assert isinstance(intent, TokenDiff)
    assert dict(intent.diff) == {asset_in.token_id: amount_in, asset_out.token_id: -amount_out}
    assert intent.memo is None
    assert intent.referral is None


@given(deadlines)
def test_text_and_nonce_have_one_deadline_never_later_than_requested(deadline_ns: int) -> None:
    signed = a_signer().sign_quote(
        asset_in=BTC.token_id, amount_in=1, asset_out=EURE.token_id, amount_out=1, deadline_ns=deadline_ns, salt=SALT
    )
    nonce = unpack_nonce(decode_nonce(signed.nonce))
    assert nonce is not None
    assert nonce.salt == SALT
    message = open_payload(on_the_wire(signed.data))
    assert nonce.deadline_ns >= message.deadline_ns, "the contract refuses a nonce that dies a nanosecond earlier"
    assert message.deadline_ns == signed.deadline_ns == nonce.deadline_ns
    assert deadline_ns - 1_000_000 < signed.deadline_ns <= deadline_ns


@given(deadlines)
def test_the_iso_text_is_read_back_to_the_same_millisecond(deadline_ns: int) -> None:
    text = iso_deadline(deadline_ns)
    read = datetime.fromisoformat(text)
    whole = round(read.replace(microsecond=0).timestamp()) * 1000 + read.microsecond // 1000
    assert whole == deadline_ns // 1_000_000


def test_the_base_ceiling_limits_the_base_asset_and_starts_at_zero() -> None:
    signer = Signer(
        SECRET_64,
        "maker.near",
        DEFAULT_TOKENS,
        ceiling=CEILING,
        longest_ns=2**62,
        now_ns=lambda: NOW_NS,
        random=lambda size: b"\x07" * size,
    )
    with pytest.raises(RefusedToSignError, match="base amount"):
        signer.sign_quote(
            asset_in=EURE.token_id, amount_in=1, asset_out=BTC.token_id, amount_out=1, deadline_ns=NOW_NS, salt=SALT
        )
    signer.base_ceiling = 10_000
    assert signer.sign_quote(
        asset_in=EURE.token_id,
        amount_in=CEILING,
        asset_out=BTC.token_id,
        amount_out=10_000,
        deadline_ns=NOW_NS,
        salt=SALT,
    )
    with pytest.raises(RefusedToSignError, match="base amount"):
        signer.sign_quote(
            asset_in=EURE.token_id,
            amount_in=CEILING,
            asset_out=BTC.token_id,
            amount_out=10_001,
            deadline_ns=NOW_NS,
            salt=SALT,
        )
    assert signer.sign_quote(
        asset_in=BTC.token_id,
        amount_in=10**9,
        asset_out=EURE.token_id,
        amount_out=CEILING,
        deadline_ns=NOW_NS,
        salt=SALT,
    ), "what comes in is no risk"


def test_while_quotes_are_blocked_none_is_signed() -> None:
    why = ["the checks do not run"]
    signer = Signer(
        SECRET_64,
        "maker.near",
        DEFAULT_TOKENS,
        ceiling=CEILING,
        longest_ns=2**62,
        now_ns=lambda: NOW_NS,
        random=lambda size: b"\x07" * size,
        blocked=lambda: why[0],
    )
    signer.base_ceiling = CEILING

    def sign() -> SignedQuote:
        return signer.sign_quote(
            asset_in=BTC.token_id, amount_in=1, asset_out=EURE.token_id, amount_out=1, deadline_ns=NOW_NS, salt=b"salt"
        )

    with pytest.raises(RefusedToSignError, match="the checks do not run"):
        sign()
    why[0] = ""
    assert sign().quote_hash


def test_the_signature_is_over_the_nep413_hash_by_the_key_that_is_named() -> None:
    signed = a_signer().sign_quote(
        asset_in=BTC.token_id, amount_in=100, asset_out=EURE.token_id, amount_out=200, deadline_ns=NOW_NS, salt=SALT
    )
    payload = signed.data.payload
    digest = nep413_hash(payload.message.encode(), decode_nonce(payload.nonce), b"intents.near")
    assert signed.quote_hash == base58.b58encode(digest).decode()
    assert signed.data.public_key == "ed25519:" + base58.b58encode(PUBLIC).decode()
    VerifyKey(PUBLIC).verify(digest, base58.b58decode(signed.data.signature.removeprefix("ed25519:")))


def test_one_changed_digit_breaks_the_signature() -> None:
    signed = a_signer().sign_quote(
        asset_in=BTC.token_id, amount_in=100, asset_out=EURE.token_id, amount_out=200, deadline_ns=NOW_NS, salt=SALT
    )
    wire = on_the_wire(signed.data)
    payload = dict(wire["payload"])  # type: ignore[call-overload]
    payload["message"] = payload["message"].replace('"-200"', '"-201"')
    with pytest.raises(ContractPanicError, match="invalid signature"):
        open_payload({**wire, "payload": payload})


def test_the_message_is_plain_json_from_the_makers_side() -> None:
    signed = a_signer().sign_quote(
        asset_in=EURE.token_id, amount_in=100, asset_out=BTC.token_id, amount_out=200, deadline_ns=NOW_NS, salt=SALT
    )
    assert json.loads(signed.data.payload.message) == {
        "signer_id": "maker.near",
        "deadline": "2026-09-21T14:13:20.123Z",
        "intents": [{"intent": "token_diff", "diff": {EURE.token_id: "100", BTC.token_id: "-200"}}],
    }


def test_every_signature_has_a_nonce_of_its_own() -> None:
    drawn = iter(bytes([number]) * 15 for number in range(9))
    signer = Signer(
        SECRET_64,
        "maker.near",
        DEFAULT_TOKENS,
        ceiling=CEILING,
        longest_ns=2**62,
        now_ns=lambda: NOW_NS,
        random=lambda size: next(drawn),
    )
    nonces = {
        signer.sign_quote(
            asset_in=BTC.token_id, amount_in=1, asset_out=EURE.token_id, amount_out=1, deadline_ns=NOW_NS, salt=SALT
        ).nonce
        for _ in range(9)
    }
    assert len(nonces) == 9


def test_both_forms_of_the_secret_key_are_the_same_key() -> None:
    assert read_secret_key(SECRET_64) == read_secret_key(SECRET_32) == SEED + PUBLIC
    assert a_signer(SECRET_32).public_key == a_signer(SECRET_64).public_key


def test_a_public_half_of_another_key_is_refused() -> None:
    other = bytes(SigningKey(bytes(32)).verify_key)
    with pytest.raises(ValueError, match="does not match"):
        read_secret_key("ed25519:" + base58.b58encode(SEED + other).decode())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ed25519:",
        SECRET_64.removeprefix("ed25519:"),
        SECRET_64.replace("ed25519", "secp256k1"),
        "ed25519:" + base58.b58encode(SEED[:31]).decode(),
        "ed25519:" + base58.b58encode(SEED + b"1").decode(),
        "ed25519:0OIl",
        "ed25519:ключ",
    ],
)
def test_an_invalid_key_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="must be ed25519") as caught:
        read_secret_key(text)
    shown = "".join(traceback.format_exception(caught.value))
    body = text.removeprefix("ed25519:")
    assert len(body) < 4 or body not in shown


token_ids = st.sampled_from([BTC.token_id, EURE.token_id, "nep141:usdc.near", "nep141:wrap.near", ""])


@given(token_ids, token_ids)
def test_only_the_two_sides_of_the_pair_are_signed(asset_in: str, asset_out: str) -> None:
    signer = a_signer()
    if {asset_in, asset_out} == {BTC.token_id, EURE.token_id}:
        assert signer.sign_quote(
            asset_in=asset_in, amount_in=1, asset_out=asset_out, amount_out=1, deadline_ns=NOW_NS, salt=SALT
        ).quote_hash
    else:
        with pytest.raises(RefusedToSignError, match="no market"):
            signer.sign_quote(
                asset_in=asset_in, amount_in=1, asset_out=asset_out, amount_out=1, deadline_ns=NOW_NS, salt=SALT
            )


@pytest.mark.parametrize("bad", [0, -1, -(10**30), MAX_AMOUNT + 1, 10**40])
def test_an_amount_outside_u128_is_refused(bad: int) -> None:
    signer = a_signer(ceiling=10**50)
    with pytest.raises(RefusedToSignError, match="outside 1 to"):
        signer.sign_quote(
            asset_in=BTC.token_id, amount_in=bad, asset_out=EURE.token_id, amount_out=1, deadline_ns=NOW_NS, salt=SALT
        )
    with pytest.raises(RefusedToSignError, match="outside 1 to"):
        signer.sign_quote(
            asset_in=BTC.token_id, amount_in=1, asset_out=EURE.token_id, amount_out=bad, deadline_ns=NOW_NS, salt=SALT
        )


@given(st.booleans(), st.integers(1, 10**20), st.integers(1, MAX_AMOUNT))
def test_the_ceiling_holds_for_the_quote_asset_on_either_side(buy: bool, notional: int, base: int) -> None:
    signer = a_signer()
    received, given = ((BTC.token_id, base), (EURE.token_id, notional))[:: 1 if buy else -1]

    def sign() -> SignedQuote:
        return signer.sign_quote(
            asset_in=received[0],
            amount_in=received[1],
            asset_out=given[0],
            amount_out=given[1],
            deadline_ns=NOW_NS,
            salt=SALT,
        )

    if notional > CEILING:
        with pytest.raises(RefusedToSignError, match="ceiling"):
            sign()
    else:
        assert sign().deadline_ns <= NOW_NS


def test_the_secret_cannot_be_seen_stored_or_copied() -> None:
    signer = a_signer()
    forms = [SECRET_64, SECRET_64.removeprefix("ed25519:"), SECRET_32.removeprefix("ed25519:"), SEED.hex(), repr(SEED)]
    shown = f"{signer!r} {signer} {signer!s:>200}"
    for store in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="cannot be pickled") as caught:
            store(signer)
        shown += "".join(traceback.format_exception(caught.value))
    with pytest.raises(RefusedToSignError) as refused:
        signer.sign_quote(
            asset_in=BTC.token_id,
            amount_in=1,
            asset_out=EURE.token_id,
            amount_out=CEILING + 1,
            deadline_ns=NOW_NS,
            salt=SALT,
        )
    shown += "".join(traceback.format_exception(refused.value))
    assert not hasattr(signer, "__dict__")
    assert not [form for form in forms if form in shown]


SECOND = 10**9


@given(st.integers(1_000, 3_600_000), st.integers(-(10**12), 10**19))
def test_no_quote_outlives_the_longest_life(longest_ms: int, beyond_ns: int) -> None:
    signer = a_signer(longest_ns=longest_ms * 10**6)
    latest_ns = NOW_NS + longest_ms * 10**6 + LIFE_SLACK_NS
    asset_in, asset_out = BTC.token_id, EURE.token_id

    def sign() -> SignedQuote:
        return signer.sign_quote(
            asset_in=asset_in,
            amount_in=1,
            asset_out=asset_out,
            amount_out=1,
            deadline_ns=latest_ns + beyond_ns,
            salt=SALT,
        )

    if beyond_ns <= 0:
        assert sign().deadline_ns <= latest_ns
    else:
        with pytest.raises(RefusedToSignError, match="beyond the longest allowed"):
            sign()


def test_no_withdrawal_intent_outlives_ten_minutes_whatever_the_limit_for_quotes() -> None:
    signer, to = a_signer(), "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    latest_ns = NOW_NS + 600 * SECOND
    assert signer.sign_withdrawal_intent(BTC, 1, to, deadline_ns=latest_ns, salt=SALT)
    ten_years_ns = NOW_NS + 10 * 365 * 86_400 * SECOND
    for deadline_ns in (latest_ns + 1, ten_years_ns):
        with pytest.raises(RefusedToSignError, match="600 s from now"):
            signer.sign_withdrawal_intent(BTC, 1, to, deadline_ns=deadline_ns, salt=SALT)
