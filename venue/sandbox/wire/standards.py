"""What each signing standard signs, and the hash by which the venue names the payload.

Sources: NEP-413; ERC-191 (version 0x45) and TIP-191; SEP-53; Web Authentication, level 2, section 7.2; TON Connect's
"sign data" (text); near/intents, ``MultiPayload``.
"""

import hashlib
from collections.abc import Callable
from functools import partial

import msgspec

from venue.protocol.nep413 import nep413_hash
from venue.sandbox.wire import ecdsa, ton
from venue.sandbox.wire.errors import ContractPanicError, RecoveryByteError
from venue.sandbox.wire.keccak import keccak256
from venue.sandbox.wire.keys import (
    ED25519,
    P256,
    SECP256K1,
    borrowed_key,
    borrowed_signature,
    public_key_text,
    verify_raw_ed25519,
)
from venue.sandbox.wire.scalars import base64_bytes, base64_of
from venue.sandbox.wire.shapes import Field, Shape, ShapeError, members, optional, tagged, text
from venue.sandbox.wire.strict_json import JsonSyntaxError, Members, Value, parse_struct


class Nep413Part(msgspec.Struct, frozen=True):
    """What a NEP-413 payload says beside its message."""

    nonce: bytes
    recipient: str


class Signed(msgspec.Struct, frozen=True, kw_only=True, eq=False, weakref=True):
    """A payload as it was read. ``signer`` returns the key whose signature it bears, None for an invalid one.

    ``not_before_ns``: the message may not end before.
    """

    hash: bytes
    text: str
    signer: Callable[[], str | None]
    nep413: Nep413Part | None = None
    not_before_ns: int | None = None


_ED25519_KEY = Field("public_key", partial(borrowed_key, ED25519))
_ED25519_SIGNATURE = Field("signature", partial(borrowed_signature, ED25519))
_SECP256K1_SIGNATURE = Field("signature", partial(borrowed_signature, SECP256K1))
_NEP413_PAYLOAD = Shape(
    Field("message", text),
    Field("nonce", partial(base64_of, 32)),
    Field("recipient", text),
    Field("callbackUrl", optional(text), None),
)


def _nep413_payload(value: Value) -> dict[str, object]:
    return members(value, _NEP413_PAYLOAD)


def _ton_text(value: Value) -> str:
    _, rest = tagged(value, "type", {"text": None}, what="TonConnectPayloadSchema")
    return str(members(rest, _TEXT)["text"])


def _challenge(value: Value) -> bytes:
    return base64_bytes(value, url_safe=True)


def _as_it_is(value: Value) -> Value:
    return value


def _client_data_type(value: Value) -> str:
    """Read the name of a variant, which serde also takes as an object that holds null under it."""
    if isinstance(value, Members) and len(value) == 1 and value[0][1] is None:
        value = value[0][0]
    name = text(value)
    if name not in ("webauthn.create", "webauthn.get"):
        raise ShapeError(f"unknown variant `{name}`")
    return name


_TEXT = Shape(Field("text", text))
_NEP413 = Shape(Field("payload", _nep413_payload), _ED25519_KEY, _ED25519_SIGNATURE)
_BY_ED25519 = Shape(Field("payload", text), _ED25519_KEY, _ED25519_SIGNATURE)
_SEP53 = Shape(*_BY_ED25519.fields, listed=False)
_BY_SECP256K1 = Shape(Field("payload", text), _SECP256K1_SIGNATURE)
_TON = Shape(
    Field("address", ton.address),
    Field("domain", text),
    Field("timestamp", ton.time),
    Field("payload", _ton_text),
    _ED25519_KEY,
    _ED25519_SIGNATURE,
    listed=False,
)
_WEBAUTHN = Shape(
    Field("payload", text),
    Field("public_key", _as_it_is),
    Field("signature", _as_it_is),
    Field("client_data_json", text),
    Field("authenticator_data", _challenge),
    listed=False,
)
_CLIENT_DATA = Shape(Field("type", _client_data_type), Field("challenge", _challenge), Field("origin", text))


def nep413(value: Value) -> Signed:
    found = members(value, _NEP413)
    payload = found["payload"]
    callback = payload["callbackUrl"]
    digest = nep413_hash(
        payload["message"].encode(),
        payload["nonce"],
        payload["recipient"].encode(),
        None if callback is None else callback.encode(),
    )
    return Signed(
        hash=digest,
        text=payload["message"],
        signer=partial(_by_ed25519, found["public_key"], digest, found["signature"]),
        nep413=Nep413Part(payload["nonce"], payload["recipient"]),
    )


def raw_ed25519(value: Value) -> Signed:
    found = members(value, _BY_ED25519)
    payload = found["payload"].encode()
    return Signed(
        hash=hashlib.sha256(payload).digest(),
        text=found["payload"],
        signer=partial(_by_ed25519, found["public_key"], payload, found["signature"]),
    )


def sep53(value: Value) -> Signed:
    found = members(value, _SEP53)
    digest = hashlib.sha256(b"Stellar Signed Message:\n" + found["payload"].encode()).digest()
    return Signed(
        hash=digest,
        text=found["payload"],
        signer=partial(_by_ed25519, found["public_key"], digest, found["signature"]),
    )


def erc191(value: Value) -> Signed:
    return _personal(b"\x19Ethereum Signed Message:\n", value)


def tip191(value: Value) -> Signed:
    return _personal(b"\x19TRON Signed Message:\n", value)


def _personal(prefix: bytes, value: Value) -> Signed:
    found = members(value, _BY_SECP256K1)
    payload = found["payload"].encode()
    digest = keccak256(prefix + str(len(payload)).encode() + payload)
    return Signed(hash=digest, text=found["payload"], signer=partial(_by_secp256k1, digest, found["signature"]))


def ton_connect(value: Value) -> Signed:
    """Text only: the other two kinds of TON's payloads are not taken here."""
    found = members(value, _TON)
    domain, payload = found["domain"].encode(), found["payload"].encode()
    asked: ton.Time = found["timestamp"]
    if asked.seconds < 0:
        return Signed(hash=b"", text=found["payload"], signer=_before_the_epoch)
    digest = hashlib.sha256(
        b"\xff\xffton-connect/sign-data/"
        + found["address"]
        + len(domain).to_bytes(4, "big")
        + domain
        + asked.seconds.to_bytes(8, "big")
        + b"txt"
        + len(payload).to_bytes(4, "big")
        + payload
    ).digest()
    return Signed(
        hash=digest,
        text=found["payload"],
        signer=partial(_by_ed25519, found["public_key"], digest, found["signature"]),
        not_before_ns=asked.at_ns,
    )


def _before_the_epoch() -> str | None:
    raise ContractPanicError("negative timestamp")


def webauthn(value: Value) -> Signed:
    found = members(value, _WEBAUTHN)
    curve, key, signature = _pair_of_one_curve(found["public_key"], found["signature"])
    digest = hashlib.sha256(found["payload"].encode()).digest()
    signer = partial(
        _by_authenticator,
        digest,
        found["client_data_json"],
        found["authenticator_data"],
        curve,
        key,
        signature,
    )
    return Signed(hash=digest, text=found["payload"], signer=signer)


def _pair_of_one_curve(key: Value, signature: Value) -> tuple[str, bytes, bytes]:
    """Read key and signature as Ed25519, and where either is not, as P-256."""
    for curve in (ED25519, P256):
        try:
            return curve, borrowed_key(curve, key), borrowed_signature(curve, signature)
        except ShapeError:
            continue
    raise ShapeError("data did not match any variant of untagged enum Signature")


_USER_PRESENT, _BACKUP_ELIGIBLE, _BACKED_UP = 0x01, 0x08, 0x10


def _by_authenticator(
    challenge: bytes, client_data: str, data: bytes, curve: str, key: bytes, signature: bytes
) -> str | None:
    """The user need not have been verified: the contract asks for presence only."""
    if len(data) < 37 or not data[32] & _USER_PRESENT:
        return None
    if data[32] & _BACKED_UP and not data[32] & _BACKUP_ELIGIBLE:
        return None
    try:
        client = members(parse_struct(client_data, _CLIENT_DATA.names), _CLIENT_DATA)
    except (JsonSyntaxError, ShapeError):
        return None
    if client["type"] != "webauthn.get" or client["challenge"] != challenge:
        return None
    signed = data + hashlib.sha256(client_data.encode()).digest()
    if curve == ED25519:
        return _by_ed25519(key, signed, signature)
    if ecdsa.is_high(ecdsa.P256, signature):
        return None
    valid = ecdsa.verify(ecdsa.P256, hashlib.sha256(signed).digest(), signature, key)
    return public_key_text(key, curve) if valid else None


def _by_ed25519(key: bytes, message: bytes, signature: bytes) -> str | None:
    return public_key_text(key) if verify_raw_ed25519(key, message, signature) else None


def _by_secp256k1(digest: bytes, signature: bytes) -> str | None:
    if signature[64] > 3:
        raise RecoveryByteError(signature[64])
    high = ecdsa.is_high(ecdsa.SECP256K1, signature)
    key = None if high else ecdsa.recover(ecdsa.SECP256K1, digest, signature)
    return None if key is None else public_key_text(key, SECP256K1)
