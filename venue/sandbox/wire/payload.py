"""Signed payloads: their wire form, their signature, and the typed message in them.

Standards ``nep413`` and ``raw_ed25519``; hashes and JSON as near/intents' ``MultiPayload`` has them.

"""

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any

import base58
import msgspec
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from venue.protocol.nep413 import nep413_hash
from venue.protocol.nonce import decode_nonce
from venue.sandbox.wire.errors import BAD_ARGUMENTS, INVALID_SIGNATURE, ContractPanicError
from venue.sandbox.wire.timestamps import parse_timestamp

MAX_U128 = 2**128 - 1
MAX_I128 = 2**127 - 1
_ACCOUNT = r"\A[a-z0-9]+([-_.][a-z0-9]+)*\Z"
_UNSIGNED = re.compile(r"\+?[0-9]{1,78}", re.ASCII)
_SIGNED = re.compile(r"[+-]?[0-9]{1,78}", re.ASCII)

AccountId = Annotated[str, msgspec.Meta(pattern=_ACCOUNT, min_length=2, max_length=64)]


class Amount(int):
    """An unsigned 128-bit amount in base units, a decimal string on the wire."""


class Delta(int):
    """A signed 128-bit change of a balance in base units, a decimal string on the wire."""


class PublicKey(str):
    """An Ed25519 key as ``ed25519:<base58 of 32 bytes>``."""

    __slots__ = ()


class TokenId(str):
    """A token of the Verifier: ``nep141:<account>``, ``nep171:<account>:<id>`` or ``nep245:<account>:<id>``."""

    __slots__ = ()


class Deadline(int):
    """UTC nanoseconds since the epoch, RFC 3339 text on the wire."""


class TokenDiff(msgspec.Struct, frozen=True, tag_field="intent", tag="token_diff"):
    """The signer's balances change by ``diff``, whoever the counterparty is."""

    diff: dict[TokenId, Delta]
    memo: str | None = None
    referral: AccountId | None = None


class TransferIntent(msgspec.Struct, frozen=True, tag_field="intent", tag="transfer"):
    """The signer hands ``tokens`` to another account inside the Verifier."""

    receiver_id: AccountId
    tokens: dict[TokenId, Amount]
    memo: str | None = None


class FtWithdraw(msgspec.Struct, frozen=True, kw_only=True, tag_field="intent", tag="ft_withdraw"):
    """The signer takes ``amount`` of the NEP-141 contract ``token`` out of the Verifier.

    ``min_gas`` is a number or its decimal string; nothing here runs out of gas, so it is read and not enforced.
    """

    token: AccountId
    receiver_id: AccountId
    amount: Amount
    memo: str | None = None
    msg: str | None = None
    min_gas: int | str | None = None


class StorageDeposit(msgspec.Struct, frozen=True, kw_only=True, tag_field="intent", tag="storage_deposit"):
    """The signer pays ``amount`` yoctoNEAR, out of its wNEAR, into an account's storage deposit at a contract."""

    contract_id: AccountId
    deposit_for_account_id: AccountId
    amount: Amount


class AddPublicKey(msgspec.Struct, frozen=True, tag_field="intent", tag="add_public_key"):
    """The signer's account registers one more key."""

    public_key: PublicKey


class RemovePublicKey(msgspec.Struct, frozen=True, tag_field="intent", tag="remove_public_key"):
    """The signer's account forgets a key."""

    public_key: PublicKey


Intent = TokenDiff | TransferIntent | FtWithdraw | StorageDeposit | AddPublicKey | RemovePublicKey


class SignedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A payload with a valid signature; ``hash`` is what was signed or, for raw payloads, its sha256."""

    signer_id: str
    verifying_contract: str
    deadline_ns: int
    nonce: bytes
    intents: tuple[Intent, ...]
    public_key: str
    hash: bytes

    @property
    def intent_hash(self) -> str:
        """Base58 of the hash: the venue's intent hash and quote hash."""
        return base58.b58encode(self.hash).decode()


class _Nep413Body(msgspec.Struct, frozen=True):
    signer_id: AccountId
    deadline: Deadline
    intents: tuple[Intent, ...] = ()


class _RawBody(msgspec.Struct, frozen=True):
    signer_id: AccountId
    verifying_contract: AccountId
    deadline: Deadline
    nonce: str
    intents: tuple[Intent, ...] = ()


class _Nep413(msgspec.Struct, frozen=True):
    message: str
    nonce: str
    recipient: str
    callback_url: str | None = msgspec.field(default=None, name="callbackUrl")


class _SignedNep413(msgspec.Struct, frozen=True, tag_field="standard", tag="nep413"):
    payload: _Nep413
    public_key: PublicKey
    signature: str


class _SignedRaw(msgspec.Struct, frozen=True, tag_field="standard", tag="raw_ed25519"):
    payload: str
    public_key: PublicKey
    signature: str


def open_payload(signed: Mapping[str, object]) -> SignedMessage:
    """Verify the signature and read the message; ContractPanicError with the contract's text when either fails."""
    try:
        envelope = msgspec.convert(dict(signed), type=_SignedNep413 | _SignedRaw, dec_hook=decode_wire)
        signature = _curve_bytes(envelope.signature, 64)
        if isinstance(envelope, _SignedNep413):
            body = envelope.payload
            nonce = decode_nonce(body.nonce)
            callback = None if body.callback_url is None else body.callback_url.encode()
            digest = nep413_hash(body.message.encode(), nonce, body.recipient.encode(), callback)
            to_verify, text = digest, body.message
        else:
            to_verify, text = envelope.payload.encode(), envelope.payload
            digest = hashlib.sha256(to_verify).digest()
    except (msgspec.ValidationError, ValueError) as error:
        raise ContractPanicError(BAD_ARGUMENTS) from error
    if not verify_ed25519(envelope.public_key, to_verify, signature):
        raise ContractPanicError(INVALID_SIGNATURE)
    try:
        if isinstance(envelope, _SignedNep413):
            nep413 = _NEP413_BODY.decode(text)
            signer, contract = nep413.signer_id, msgspec.convert(envelope.payload.recipient, type=AccountId)
            deadline, intents = nep413.deadline, nep413.intents
        else:
            raw = _RAW_BODY.decode(text)
            signer, contract, nonce = raw.signer_id, raw.verifying_contract, decode_nonce(raw.nonce)
            deadline, intents = raw.deadline, raw.intents
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ContractPanicError(f"JSON: {error}") from error
    return SignedMessage(
        signer_id=signer,
        verifying_contract=contract,
        deadline_ns=int(deadline),
        nonce=nonce,
        intents=intents,
        public_key=str(envelope.public_key),
        hash=digest,
    )


def verify_ed25519(public_key: str, message: bytes, signature: bytes) -> bool:
    """Return whether ``signature`` (64 bytes) over ``message`` is by the key; ValueError for an invalid key."""
    try:
        VerifyKey(_curve_bytes(public_key, 32)).verify(message, signature)
    except BadSignatureError:
        return False
    return True


def public_key_text(raw: bytes) -> str:
    """Format the 32 bytes of an Ed25519 key as ``ed25519:<base58>``."""
    return "ed25519:" + base58.b58encode(raw).decode()


def parse_public_key(text: str) -> str:
    """Return the key in canonical form; ValueError when it is not ``ed25519:<base58 of 32 bytes>``."""
    return public_key_text(_curve_bytes(text, 32))


def parse_token_id(text: str) -> str:
    """Check an id; ValueError when it names no NEP-141, NEP-171 or NEP-245 token."""
    standard, _, rest = text.partition(":")
    account, colon, _ = rest.partition(":")
    if standard not in ("nep141", "nep171", "nep245") or (colon == "") is not (standard == "nep141"):
        raise ValueError(f"token_id: {text!r} is not known")
    msgspec.convert(account, type=AccountId)
    return text


def parse_account_id(text: object) -> str:
    """Check an id; ``msgspec.ValidationError`` (a ValueError) when it breaks NEAR's account rules."""
    return msgspec.convert(text, type=AccountId)


def parse_amount(text: str) -> int:
    """Return an unsigned 128-bit integer from decimal text; ValueError otherwise."""
    if _UNSIGNED.fullmatch(text) is None or int(text) > MAX_U128:
        raise ValueError("an amount is a decimal string of an unsigned 128-bit integer")
    return int(text)


def _parse_delta(text: str) -> int:
    if _SIGNED.fullmatch(text) is None or not -MAX_I128 - 1 <= int(text) <= MAX_I128:
        raise ValueError("a delta is a decimal string of a signed 128-bit integer")
    return int(text)


def _curve_bytes(text: str, size: int) -> bytes:
    curve, _, encoded = text.partition(":")
    if curve != "ed25519" or len(encoded) > 100:
        raise ValueError("only ed25519:<base58> is supported")
    raw = base58.b58decode(encoded)
    if len(raw) != size:
        raise ValueError(f"{size} bytes are expected after ed25519:, not {len(raw)}")
    return raw


def decode_wire(kind: type, value: Any) -> Any:
    """Decode a number, time, key or token text (msgspec ``dec_hook``); ValueError for an invalid one."""
    if not isinstance(value, str):
        raise ValueError("a string is expected")
    if kind is Amount:
        return Amount(parse_amount(value))
    if kind is Delta:
        return Delta(_parse_delta(value))
    if kind is Deadline:
        return Deadline(parse_timestamp(value))
    if kind is TokenId:
        return TokenId(parse_token_id(value))
    if kind is PublicKey:
        return PublicKey(parse_public_key(value))
    raise NotImplementedError(kind)


_NEP413_BODY = msgspec.json.Decoder(_Nep413Body, dec_hook=decode_wire)
_RAW_BODY = msgspec.json.Decoder(_RawBody, dec_hook=decode_wire)
