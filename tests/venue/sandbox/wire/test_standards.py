"""What the contract takes of each signing standard, beyond the recorded corpus (near/intents, contract 0.4.1)."""

import base64
import hashlib
import json
from typing import Any

import base58
import pytest

from tests.support.sandbox.signing import NOW, SALT, Signer
from venue.protocol.nonce import pack_nonce
from venue.protocol.units import NS_PER_S
from venue.sandbox.wire import ecdsa
from venue.sandbox.wire.errors import ContractPanicError, HostError, RecoveryByteError
from venue.sandbox.wire.keccak import keccak256
from venue.sandbox.wire.payload import open_payload, read_payload
from venue.sandbox.wire.shapes import ShapeError
from venue.sandbox.wire.timestamps import format_timestamp

SIGNER = Signer("maker.near", 1)
DEADLINE = NOW + 60 * NS_PER_S
MESSAGE = json.dumps(
    {
        "signer_id": "maker.near",
        "verifying_contract": "intents.near",
        "deadline": format_timestamp(DEADLINE),
        "nonce": base64.b64encode(pack_nonce(SALT, DEADLINE, bytes(15))).decode(),
        "intents": [],
    }
)
ACCOUNT = bytes(range(32))


def b58(raw: bytes) -> str:
    return base58.b58encode(raw).decode()


def sign_ecdsa(curve: ecdsa.Curve, digest: bytes, secret: int = 7) -> tuple[bytes, bytes]:
    """Return the key (64 bytes) and the signature ``r || s || v`` with the smaller ``s``."""
    key, point = curve.times(secret, curve.base), curve.times(12_345, curve.base)
    assert key is not None
    assert point is not None
    r = point[0] % curve.n
    s = pow(12_345, -1, curve.n) * (int.from_bytes(digest, "big") + r * secret) % curve.n
    v = point[1] & 1
    if s > curve.n // 2:
        s, v = curve.n - s, v ^ 1
    return b"".join(part.to_bytes(32, "big") for part in key), r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes(
        [v]
    )


def greater(curve: ecdsa.Curve, signature: bytes) -> bytes:
    """Return the same signature with the greater of the two ``s``."""
    s = curve.n - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes(byte ^ 1 for byte in signature[64:])


def ton(address: str, timestamp: object, *, seconds: int, raw: bytes = b"\0\0\0\0" + ACCOUNT) -> dict[str, object]:
    domain, text = b"app.example", MESSAGE.encode()
    digest = hashlib.sha256(
        b"\xff\xffton-connect/sign-data/"
        + raw
        + len(domain).to_bytes(4, "big")
        + domain
        + (seconds % 2**64).to_bytes(8, "big")
        + b"txt"
        + len(text).to_bytes(4, "big")
        + text
    ).digest()
    return {
        "standard": "ton_connect",
        "address": address,
        "domain": domain.decode(),
        "timestamp": timestamp,
        "payload": {"type": "text", "text": MESSAGE},
        "public_key": SIGNER.public_key,
        "signature": "ed25519:" + b58(SIGNER.key.sign(digest).signature),
    }


def friendly(tag: int, workchain: int) -> str:
    head = bytes([tag, workchain % 256]) + ACCOUNT
    crc = 0
    for byte in head:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return base64.urlsafe_b64encode(head + crc.to_bytes(2, "big")).decode()


RAW = "0:" + ACCOUNT.hex()
S = NOW // NS_PER_S


@pytest.mark.parametrize(
    ("address", "workchain"),
    [
        (RAW, 0),
        ("-1:" + ACCOUNT.hex().upper(), -1),
        ("+00:" + ACCOUNT.hex(), 0),
        (friendly(0x11, 0), 0),
        (friendly(0xD1, -1), -1),
        (friendly(0x51, 0).replace("-", "+").replace("_", "/"), 0),
    ],
)
def test_a_ton_address_is_taken_in_hex_and_in_both_base64s(address: str, workchain: int) -> None:
    raw = workchain.to_bytes(4, "big", signed=True) + ACCOUNT
    assert open_payload(ton(address, S, seconds=S, raw=raw)).public_key == SIGNER.public_key


@pytest.mark.parametrize(
    "address",
    [
        "",
        ACCOUNT.hex(),
        " 0:" + ACCOUNT.hex(),
        "0_0:" + ACCOUNT.hex(),
        "0:" + ACCOUNT.hex()[:-1] + " ",
        "2147483648:" + ACCOUNT.hex(),
        "9" * 5_000 + ":" + ACCOUNT.hex(),
        friendly(0x12, 0),
        friendly(0x11, 0)[:-1] + "A",
        friendly(0x11, 0)[:-1] + "=",
    ],
)
def test_another_ton_address_is_refused(address: str) -> None:
    with pytest.raises(ContractPanicError, match=r"^Failed to deserialize"):
        open_payload(ton(address, S, seconds=S))


@pytest.mark.parametrize("timestamp", [S, format_timestamp(NOW), format_timestamp(NOW + 999_999_999), 0])
def test_a_ton_time_is_a_number_of_seconds_or_a_text(timestamp: object) -> None:
    seconds = timestamp if isinstance(timestamp, int) else S
    assert open_payload(ton(RAW, timestamp, seconds=seconds)).signer_id == "maker.near"


@pytest.mark.parametrize("timestamp", [None, "soon", str(S), 1.0, 2**63, 10**13, [S]])
def test_another_ton_time_is_refused(timestamp: object) -> None:
    with pytest.raises(ContractPanicError, match=r"^Failed to deserialize"):
        open_payload(ton(RAW, timestamp, seconds=S))


def test_a_ton_payload_may_not_end_before_its_time_nor_be_of_a_time_before_the_epoch() -> None:
    late = DEADLINE // NS_PER_S + 1
    with pytest.raises(ContractPanicError, match=r"^JSON: deadline < timestamp"):
        open_payload(ton(RAW, late, seconds=late))
    with pytest.raises(ContractPanicError, match=r"^negative timestamp"):
        open_payload(ton(RAW, -1, seconds=-1))


def test_a_signature_of_ethereum_has_the_smaller_s_and_a_byte_of_0_to_3() -> None:
    digest = keccak256(f"\x19Ethereum Signed Message:\n{len(MESSAGE)}{MESSAGE}".encode())
    key, signature = sign_ecdsa(ecdsa.SECP256K1, digest)
    for prefix in ("secp256k1:", "SECP256K1:", ""):
        opened = open_payload({"standard": "erc191", "payload": MESSAGE, "signature": prefix + b58(signature)})
        assert opened.public_key == "secp256k1:" + b58(key)
    for prefix in ("ed25519:", "secp256\u212a1:", "p256:"):
        with pytest.raises(ContractPanicError, match=r"^Failed to deserialize"):
            open_payload({"standard": "erc191", "payload": MESSAGE, "signature": prefix + b58(signature)})
    high = greater(ecdsa.SECP256K1, signature)
    with pytest.raises(ContractPanicError, match=r"^invalid signature"):
        open_payload({"standard": "erc191", "payload": MESSAGE, "signature": "secp256k1:" + b58(high)})
    as_others_write_it = signature[:64] + bytes([27 + signature[64]])
    with pytest.raises(RecoveryByteError, match=r"0 through 3 are valid but was provided 2[78]") as caught:
        open_payload({"standard": "erc191", "payload": MESSAGE, "signature": "secp256k1:" + b58(as_others_write_it)})
    assert isinstance(caught.value, HostError)
    assert caught.value.kind.startswith('ECRecoverError { msg: "V recovery byte')


FLAGS = 0x01


def webauthn(kind: str, *, key: str, flags: int = FLAGS, client: Any = None, bad: bool = False) -> dict[str, object]:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(MESSAGE.encode()).digest()).rstrip(b"=").decode()
    told = {"type": "webauthn.get", "challenge": challenge, "origin": "https://app.example"} | (client or {})
    text = json.dumps({name: value for name, value in told.items() if value != "absent"})
    data = bytes(32) + bytes([flags]) + bytes(4)
    signed = data + hashlib.sha256(text.encode()).digest()
    if kind == "p256":
        raw, signature = sign_ecdsa(ecdsa.P256, hashlib.sha256(signed).digest())
        signature = (greater(ecdsa.P256, signature) if bad else signature)[:64]
    else:
        raw, signature = SIGNER.raw_public, SIGNER.key.sign(signed).signature
    prefix = {
        "both": (f"{kind}:", f"{kind}:"),
        "none": ("", ""),
        "key": (f"{kind}:", ""),
        "signature": ("", f"{kind}:"),
    }
    return {
        "standard": "webauthn",
        "payload": MESSAGE,
        "public_key": prefix[key][0] + b58(raw),
        "signature": prefix[key][1] + b58(signature),
        "client_data_json": text,
        "authenticator_data": base64.urlsafe_b64encode(data).decode(),
    }


@pytest.mark.parametrize("kind", ["ed25519", "p256"])
@pytest.mark.parametrize("key", ["both", "none", "key", "signature"])
def test_a_passkey_is_of_the_curve_that_key_and_signature_fit(kind: str, key: str) -> None:
    assert open_payload(webauthn(kind, key=key)).public_key.startswith(f"{kind}:")


@pytest.mark.parametrize(
    ("flags", "client", "taken"),
    [
        (0x01, {}, True),
        (0x05, {}, True),
        (0x04, {}, False),
        (0x11, {}, False),
        (0x19, {}, True),
        (0x01, {"type": {"webauthn.get": None}}, True),
        (0x01, {"type": {"webauthn.get": 1}}, False),
        (0x01, {"type": "webauthn.create"}, False),
        (0x01, {"type": "other"}, False),
        (0x01, {"origin": "absent"}, False),
        (0x01, {"origin": 5}, False),
        (0x01, {"crossOrigin": False}, True),
    ],
)
def test_what_an_authenticator_must_say(flags: int, client: dict[str, object], taken: bool) -> None:
    signed = webauthn("ed25519", key="both", flags=flags, client=client)
    if taken:
        assert open_payload(signed).signer_id == "maker.near"
    else:
        with pytest.raises(ContractPanicError, match=r"^invalid signature"):
            open_payload(signed)


def test_a_passkeys_signature_has_the_smaller_s() -> None:
    with pytest.raises(ContractPanicError, match=r"^invalid signature"):
        open_payload(webauthn("p256", key="both", bad=True))


def test_only_what_takes_in_no_other_members_may_be_a_list() -> None:
    key, signature = SIGNER.public_key, "ed25519:" + b58(SIGNER.key.sign(MESSAGE.encode()).signature)
    listed: Any = ["raw_ed25519", MESSAGE, key, signature]
    assert read_payload(listed).signer() == key
    for standard in ("sep53", "webauthn", "ton_connect"):
        with pytest.raises(ShapeError, match="expected a struct"):
            read_payload([standard, *listed[1:]])
