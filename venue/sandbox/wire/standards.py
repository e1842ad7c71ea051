"""What each signing standard signs, and the hash by which the venue names the payload.

Sources: NEP-413; ERC-191 (version 0x45) and TIP-191; SEP-53; Web Authentication, level 2, section 7.2; TON Connect's
"sign data" (text); near/intents, ``MultiPayload``.
"""

import hashlib
from collections.abc import Callable
from functools import partial

import msgspec

from venue.protocol.nep413 import nep413_hash
from venue.sandbox.wire import ecdsa
from venue.sandbox.wire.keccak import keccak256
from venue.sandbox.wire.keys import (
    ED25519,
    P256,
    SECP256K1,
    any_borrowed_key,
    any_borrowed_signature,
    borrowed_key,
    borrowed_signature,
    public_key_text,
    raw_key,
    verify_raw_ed25519,
)
from venue.sandbox.wire.scalars import base64_bytes, base64_of, unsigned
from venue.sandbox.wire.shapes import Field, Shape, ShapeError, members, optional, tagged, text
from venue.sandbox.wire.strict_json import JsonSyntaxError, Value, parse


class Nep413Part(msgspec.Struct, frozen=True):
    """What a NEP-413 payload says beside its message."""

    nonce: bytes
    recipient: str


class Signed(msgspec.Struct, frozen=True, kw_only=True, eq=False, weakref=True):
    """A payload as it was read. ``signer`` returns the key whose signature it bears, None for an invalid one."""

    hash: bytes
    text: str
    signer: Callable[[], str | None]
    nep413: Nep413Part | None = None


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


_TEXT = Shape(Field("text", text))
_NEP413 = Shape(Field("payload", _nep413_payload), _ED25519_KEY, _ED25519_SIGNATURE)
_BY_ED25519 = Shape(Field("payload", text), _ED25519_KEY, _ED25519_SIGNATURE)
_BY_SECP256K1 = Shape(Field("payload", text), _SECP256K1_SIGNATURE)
_TON = Shape(
    Field("address", text),
    Field("domain", text),
    Field("timestamp", unsigned),
    Field("payload", _ton_text),
    _ED25519_KEY,
    _ED25519_SIGNATURE,
)
_WEBAUTHN = Shape(
    Field("payload", text),
    Field("public_key", any_borrowed_key),
    Field("signature", any_borrowed_signature),
    Field("client_data_json", text),
    Field("authenticator_data", _challenge),
)
_CLIENT_DATA = Shape(Field("type", text), Field("challenge", _challenge))


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
    found = members(value, _BY_ED25519)
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
    digest = hashlib.sha256(
        b"\xff\xffton-connect/sign-data/"
        + _ton_address(found["address"])
        + len(domain).to_bytes(4, "big")
        + domain
        + found["timestamp"].to_bytes(8, "big")
        + b"txt"
        + len(payload).to_bytes(4, "big")
        + payload
    ).digest()
    return Signed(
        hash=digest,
        text=found["payload"],
        signer=partial(_by_ed25519, found["public_key"], digest, found["signature"]),
    )


def _ton_address(address: str) -> bytes:
    workchain, _, account = address.partition(":")
    try:
        raw = bytes.fromhex(account)
        number = int(workchain).to_bytes(4, "big", signed=True)
    except (ValueError, OverflowError):
        raise ShapeError("invalid TON address") from None
    if len(raw) != 32:
        raise ShapeError("invalid TON address")
    return number + raw


def webauthn(value: Value) -> Signed:
    found = members(value, _WEBAUTHN)
    curve, signature = found["signature"]
    if curve not in (ED25519, P256) or not found["public_key"].startswith(f"{curve}:"):
        raise ShapeError("wrong curve type")
    digest = hashlib.sha256(found["payload"].encode()).digest()
    signer = partial(
        _by_authenticator,
        digest,
        found["client_data_json"],
        found["authenticator_data"],
        found["public_key"],
        signature,
    )
    return Signed(hash=digest, text=found["payload"], signer=signer)


_USER_PRESENT, _USER_VERIFIED, _BACKUP_ELIGIBLE, _BACKED_UP = 0x01, 0x04, 0x08, 0x10


def _by_authenticator(challenge: bytes, client_data: str, data: bytes, key: str, signature: bytes) -> str | None:
    if len(data) < 37 or not data[32] & _USER_PRESENT or not data[32] & _USER_VERIFIED:
        return None
    if data[32] & _BACKED_UP and not data[32] & _BACKUP_ELIGIBLE:
        return None
    try:
        client = members(parse(client_data), _CLIENT_DATA)
    except (JsonSyntaxError, ShapeError):
        return None
    if client["type"] != "webauthn.get" or client["challenge"] != challenge:
        return None
    signed = data + hashlib.sha256(client_data.encode()).digest()
    if key.startswith(f"{ED25519}:"):
        return _by_ed25519(raw_key(key, ED25519), signed, signature)
    valid = ecdsa.verify(ecdsa.P256, hashlib.sha256(signed).digest(), signature, raw_key(key, P256))
    return key if valid else None


def _by_ed25519(key: bytes, message: bytes, signature: bytes) -> str | None:
    return public_key_text(key) if verify_raw_ed25519(key, message, signature) else None


def _by_secp256k1(digest: bytes, signature: bytes) -> str | None:
    key = ecdsa.recover(ecdsa.SECP256K1, digest, signature)
    return None if key is None else public_key_text(key, SECP256K1)
