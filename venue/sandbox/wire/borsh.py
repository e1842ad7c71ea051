"""Reading signed NEAR transactions from their borsh bytes (nearcore ``SignedTransaction``, version 0)."""

import hashlib

import base58
import msgspec

from venue.sandbox.wire.keys import public_key_text
from venue.sandbox.wire.scalars import parse_account_id

_ED25519 = 0
_FUNCTION_CALL = 2


class FunctionCall(msgspec.Struct, frozen=True):
    """``args`` as sent, ``gas`` in gas units, ``deposit`` in yoctoNEAR."""

    method: str
    args: bytes
    gas: int
    deposit: int


class SignedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """``hash`` is the sha256 of the unsigned bytes, ``block_hash`` is base58."""

    signer_id: str
    public_key: str
    nonce: int
    receiver_id: str
    block_hash: str
    actions: tuple[FunctionCall, ...]
    hash: bytes
    signature: bytes

    @property
    def tx_hash(self) -> str:
        """Base58 of the hash, as explorers and ``tx`` name the transaction."""
        return base58.b58encode(self.hash).decode()


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.at = 0

    def take(self, size: int) -> bytes:
        part = self._raw[self.at : self.at + size]
        if len(part) != size:
            raise ValueError("the transaction ends too early")
        self.at += size
        return part

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def chunk(self) -> bytes:
        return self.take(self.number(4))

    def text(self) -> str:
        return self.chunk().decode()


def read_transaction(raw: bytes) -> SignedTransaction:
    """Decode a transaction; ValueError for other bytes, a key other than Ed25519, or an action other than a call."""
    reader = _Reader(raw)
    signer_id = parse_account_id(reader.text())
    if reader.number(1) != _ED25519:
        raise ValueError("only Ed25519 keys are known")
    public_key = public_key_text(reader.take(32))
    nonce = reader.number(8)
    receiver_id = parse_account_id(reader.text())
    block_hash = base58.b58encode(reader.take(32)).decode()
    actions = tuple(_action(reader) for _ in range(reader.number(4)))
    unsigned = raw[: reader.at]
    if reader.number(1) != _ED25519:
        raise ValueError("only Ed25519 signatures are known")
    signature = reader.take(64)
    if reader.at != len(raw):
        raise ValueError("there are bytes after the signature")
    digest = hashlib.sha256(unsigned).digest()
    return SignedTransaction(
        signer_id=signer_id,
        public_key=public_key,
        nonce=nonce,
        receiver_id=receiver_id,
        block_hash=block_hash,
        actions=actions,
        hash=digest,
        signature=signature,
    )


def _action(reader: _Reader) -> FunctionCall:
    kind = reader.number(1)
    if kind != _FUNCTION_CALL:
        raise ValueError(f"action {kind} is not supported, only function calls are")
    return FunctionCall(reader.text(), reader.chunk(), reader.number(8), reader.number(16))
