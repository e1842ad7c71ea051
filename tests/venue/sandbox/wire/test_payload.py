"""Signed payloads: the documentation's vectors verify, changed ones do not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sandbox.signing import NOW, Signer, token_diff
from venue.protocol.units import NS_PER_S
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.intent_types import TokenDiff
from venue.sandbox.wire.payload import open_payload

MESSAGE = (
    '{"deadline":"2025-05-23T07:40:13.735337Z","intents":[{"intent":"token_diff","diff":'
    '{"nep141:usdc.near":"-100","nep141:usdt.near":"100"}}],"signer_id":"charlie.near"}'
)
DOCS: dict[str, object] = {
    "standard": "nep413",
    "payload": {
        "message": MESSAGE,
        "nonce": "Vij2xgAlKBKzwJcGrQQYQhiLk1HU5AVNH1M3PhtxosE=",
        "recipient": "intents.near",
    },
    "public_key": "ed25519:C3jXhkGhEx88Gj7XKtUziJKXEBMRaJ67bWFkxJikVxZ2",
    "signature": ("ed25519:617X6QMiwFohRHqEuFwZ8aGU6Gn8PsH1DM3grArCYSKSvLz4wBPPGLzLPX3SLstLB331ESGPUToaPkUE7DvgefUu"),
}


def test_the_documentation_vector_verifies() -> None:
    message = open_payload(DOCS)
    assert message.intent_hash == "J8Rt4LC2UqGSr2jiSCHknxHNQ1Fq6cZMGu92ggdk9sML"
    assert message.signer_id == "charlie.near"
    assert message.verifying_contract == "intents.near"
    assert message.deadline_ns == 1_747_986_013_735_337_000
    (intent,) = message.intents
    assert isinstance(intent, TokenDiff)
    assert intent.diff == {"nep141:usdc.near": -100, "nep141:usdt.near": 100}


@pytest.mark.parametrize("field", ["message", "nonce", "recipient"])
def test_a_changed_field_does_not_fit_the_signature(field: str) -> None:
    changed = {
        "message": MESSAGE.replace("100", "101"),
        "nonce": "Vij2xgAlKBKzADZykFdbpB8CcBXsE9wRhklzE4/mgS8=",
        "recipient": "intents.neat",
    }
    body = DOCS["payload"]
    assert isinstance(body, dict)
    with pytest.raises(ContractPanicError, match=r"^invalid signature$"):
        open_payload({**DOCS, "payload": {**body, field: changed[field]}})


def test_another_key_does_not_fit_the_signature() -> None:
    with pytest.raises(ContractPanicError, match=r"^invalid signature$"):
        open_payload({**DOCS, "public_key": Signer("maker.near", 1).public_key})


def test_raw_ed25519_is_signed_unchanged() -> None:
    signer = Signer("maker.near", 1)
    message = open_payload(signer.sign_raw(token_diff(btc=1, eure=-2)))
    assert (message.signer_id, message.public_key) == ("maker.near", signer.public_key)
    assert message.deadline_ns == NOW + 60 * NS_PER_S


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        '{"signer_id":"a.near"',
        '{"signer_id":"A.near","deadline":"2030-01-01T00:00:00Z"}',
        '{"signer_id":"maker.near","deadline":"soon"}',
        '{"signer_id":"maker.near","deadline":"2030-01-01T00:00:00Z","intents":[{"intent":"mint"}]}',
        '{"signer_id":"maker.near","deadline":"2030-01-01T00:00:00Z","intents":[{"intent":"token_diff","diff":'
        '{"nep141:usdc.near":100}}]}',
        '{"signer_id":"maker.near","deadline":"2030-01-01T00:00:00Z","intents":[{"intent":"token_diff","diff":'
        '{"nep141:usdc.near":"170141183460469231731687303715884105728"}}]}',
        '{"signer_id":"maker.near","deadline":"2030-01-01T00:00:00Z","intents":[{"intent":"token_diff","diff":'
        '{"usdc.near":"1"}}]}',
        '{"signer_id":' + "[" * 100_000,
    ],
)
def test_an_invalid_signed_text_is_a_json_error(body: str) -> None:
    signer = Signer("maker.near", 1)
    with pytest.raises(ContractPanicError, match=r"^JSON: "):
        open_payload(signer.sign_text(body, signer.nonce()))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "standard": st.sampled_from(["nep413", "raw_ed25519", "webauthn"]) | JSON,
            "payload": JSON | st.fixed_dictionaries({"message": st.text(), "nonce": st.text(), "recipient": st.text()}),
            "public_key": st.just(DOCS["public_key"]) | JSON,
            "signature": st.just(DOCS["signature"]) | JSON,
        },
    )
)
def test_garbage_is_always_a_panic_of_the_contract(signed: dict[str, object]) -> None:
    with pytest.raises(ContractPanicError, match=r"^(Failed to deserialize input from JSON\.|invalid signature$)"):
        open_payload(signed)
