"""Signed payloads: the seven standards of near/intents' ``MultiPayload``, and the message in them.

A call reads all its payloads before it checks the first. Then each is verified, and only then its message is read.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import base58
import msgspec

from venue.sandbox.wire import standards
from venue.sandbox.wire.errors import INVALID_SIGNATURE, ContractPanicError, bad_arguments
from venue.sandbox.wire.intent_types import Intent, intents
from venue.sandbox.wire.scalars import account_id, base64_of, deadline
from venue.sandbox.wire.shapes import Field, Shape, ShapeError, members, sequence, tagged
from venue.sandbox.wire.standards import Signed
from venue.sandbox.wire.strict_json import Value, of_python, parse

_NONCE_BYTES = 32


class SignedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A payload with a valid signature; ``hash`` is what its standard calls the hash of the payload.

    ``intent_hash`` is its base58: the venue's intent hash and quote hash.
    """

    signer_id: str
    verifying_contract: str
    deadline_ns: int
    nonce: bytes
    intents: tuple[Intent, ...]
    public_key: str
    hash: bytes
    intent_hash: str


_SIGNER = Shape(
    Field("signer_id", account_id), Field("deadline", deadline), Field("intents", intents, ()), listed=False
)
_WHOLE = Shape(
    Field("signer_id", account_id),
    Field("verifying_contract", account_id),
    Field("deadline", deadline),
    Field("nonce", partial(base64_of, _NONCE_BYTES)),
    Field("intents", intents, ()),
    listed=False,
)
_STANDARDS: Mapping[str, Callable[[Value], Signed]] = {
    "nep413": standards.nep413,
    "erc191": standards.erc191,
    "tip191": standards.tip191,
    "raw_ed25519": standards.raw_ed25519,
    "webauthn": standards.webauthn,
    "ton_connect": standards.ton_connect,
    "sep53": standards.sep53,
}


def read_payload(value: Value) -> Signed:
    """Read one signed payload, unverified. Raises ShapeError."""
    read, rest = tagged(value, "standard", _STANDARDS, what="MultiPayload")
    return read(rest)


read_payloads = sequence(read_payload)

_opened: WeakKeyDictionary[Signed, SignedMessage] = WeakKeyDictionary()
"""A payload that is held is opened several times on its way to settlement, and verified once."""


def open_signed(signed: Signed) -> SignedMessage:
    """Verify the signature and read the message; ContractPanicError with the contract's text when either fails."""
    known = _opened.get(signed)
    if known is not None:
        return known
    public_key = signed.signer()
    if public_key is None:
        raise ContractPanicError(INVALID_SIGNATURE)
    try:
        found: dict[str, Any] = members(parse(signed.text), _WHOLE if signed.nep413 is None else _SIGNER)
        if signed.not_before_ns is not None and found["deadline"] < signed.not_before_ns:
            raise ShapeError("deadline < timestamp")
        if signed.nep413 is not None:
            found |= {"nonce": signed.nep413.nonce, "verifying_contract": account_id(signed.nep413.recipient)}
    except ValueError as error:
        raise ContractPanicError(f"JSON: {error}") from error
    message = SignedMessage(
        signer_id=found["signer_id"],
        verifying_contract=found["verifying_contract"],
        deadline_ns=found["deadline"],
        nonce=found["nonce"],
        intents=found["intents"],
        public_key=public_key,
        hash=signed.hash,
        intent_hash=base58.b58encode(signed.hash).decode(),
    )
    _opened[signed] = message
    return message


def as_signed(payloads: Sequence[Signed | Mapping[str, object]]) -> list[Signed]:
    """Read the payloads that another parser has read; others are returned as they are. Raises ContractPanicError."""
    try:
        return [one if isinstance(one, Signed) else read_payload(of_python(one)) for one in payloads]
    except ValueError as error:
        raise bad_arguments(error) from error


def open_payload(payload: Mapping[str, object]) -> SignedMessage:
    """Read, verify and open one payload that another parser has read. Raises ContractPanicError."""
    return open_signed(as_signed([payload])[0])
