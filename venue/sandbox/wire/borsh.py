"""Reading signed NEAR transactions from their borsh bytes (nearcore ``SignedTransaction``, version 0)."""

import hashlib
from collections.abc import Callable
from typing import TypeVar

import base58
import msgspec

from venue.sandbox.wire import ecdsa
from venue.sandbox.wire.actions import (
    Action,
    AddKey,
    CallPermission,
    CreateAccount,
    DeleteAccount,
    DeleteKey,
    FunctionCall,
    Stake,
    Transfer,
    Unplayed,
)
from venue.sandbox.wire.keys import ED25519, SECP256K1, public_key_text, raw_key, verify_ed25519
from venue.sandbox.wire.scalars import parse_account_id

_T = TypeVar("_T")
_CURVES = (ED25519, SECP256K1)
_KEY_BYTES = {ED25519: 32, SECP256K1: 64}
_SIGNATURE_BYTES = {ED25519: 64, SECP256K1: 65}
_DELEGATE = 8
_MOST_ITEMS = 10_000
"""Items of a list that are read at most: far above every limit of nearcore, so that a length cannot fill the memory."""


class SignedTransaction(msgspec.Struct, frozen=True, kw_only=True):
    """``hash`` is the sha256 of the unsigned bytes, ``block_hash`` is base58, ``size`` counts all bytes."""

    signer_id: str
    public_key: str
    nonce: int
    receiver_id: str
    block_hash: str
    actions: tuple[Action, ...]
    hash: bytes
    signature: bytes
    size: int = 0

    @property
    def tx_hash(self) -> str:
        """Base58 of the hash, as explorers and ``tx`` name the transaction."""
        return base58.b58encode(self.hash).decode()

    @property
    def calls(self) -> tuple[FunctionCall, ...]:
        return tuple(action for action in self.actions if isinstance(action, FunctionCall))

    @property
    def signature_text(self) -> str:
        curve = ED25519 if len(self.signature) == 64 else SECP256K1
        return f"{curve}:{base58.b58encode(self.signature).decode()}"

    def is_signed(self) -> bool:
        """Return whether the signature is by the key; one on the upper half of the curve's order is not taken."""
        if self.public_key.startswith(ED25519):
            return len(self.signature) == 64 and verify_ed25519(self.public_key, self.hash, self.signature)
        if len(self.signature) != 65 or self.signature[64] > 3:
            return False
        if int.from_bytes(self.signature[32:64], "big") > ecdsa.SECP256K1.n // 2:
            return False
        return ecdsa.verify(ecdsa.SECP256K1, self.hash, self.signature, raw_key(self.public_key, SECP256K1))


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.at = 0

    def take(self, size: int) -> bytes:
        part = self._raw[self.at : self.at + size]
        if len(part) != size:
            raise ValueError("Unexpected length of input")
        self.at += size
        return part

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def chunk(self) -> bytes:
        return self.take(self.number(4))

    def text(self) -> str:
        return self.chunk().decode()

    def tag(self, count: int) -> int:
        found = self.number(1)
        if found >= count:
            raise ValueError(f"Unexpected variant tag: {found}")
        return found

    def items(self, read: Callable[["_Reader"], _T]) -> tuple[_T, ...]:
        count = self.number(4)
        if count > _MOST_ITEMS:
            raise ValueError("Unexpected length of input")
        return tuple(read(self) for _ in range(count))

    def public_key(self) -> str:
        curve = _CURVES[self.tag(len(_CURVES))]
        return public_key_text(self.take(_KEY_BYTES[curve]), curve)

    def signature(self) -> bytes:
        return self.take(_SIGNATURE_BYTES[_CURVES[self.tag(len(_CURVES))]])


def read_transaction(raw: bytes) -> SignedTransaction:
    """Decode a transaction; ValueError with the text of nearcore's reader for other bytes."""
    reader = _Reader(raw)
    signer_id = parse_account_id(reader.text())
    public_key = reader.public_key()
    nonce = reader.number(8)
    receiver_id = parse_account_id(reader.text())
    block_hash = base58.b58encode(reader.take(32)).decode()
    actions = reader.items(_action)
    unsigned = raw[: reader.at]
    signature = reader.signature()
    if reader.at != len(raw):
        raise ValueError("Not all bytes read")
    return SignedTransaction(
        signer_id=signer_id,
        public_key=public_key,
        nonce=nonce,
        receiver_id=receiver_id,
        block_hash=block_hash,
        actions=actions,
        hash=hashlib.sha256(unsigned).digest(),
        signature=signature,
        size=len(raw),
    )


def _action(reader: _Reader) -> Action:
    return _ACTIONS[reader.tag(len(_ACTIONS))](reader)


def _plain_action(reader: _Reader) -> Action:
    kind = reader.tag(len(_ACTIONS))
    if kind == _DELEGATE:
        raise ValueError("DelegateAction mustn't contain a nested one")
    return _ACTIONS[kind](reader)


def _call(reader: _Reader) -> Action:
    return FunctionCall(reader.text(), reader.chunk(), reader.number(8), reader.number(16))


def _stake(reader: _Reader) -> Action:
    return Stake(reader.number(16), reader.public_key())


def _add_key(reader: _Reader) -> Action:
    public_key, nonce = reader.public_key(), reader.number(8)
    return AddKey(public_key, nonce, None if reader.tag(2) else _call_permission(reader))


def _call_permission(reader: _Reader) -> CallPermission:
    allowance = reader.number(16) if reader.tag(2) else None
    return CallPermission(reader.text(), allowance, reader.items(_Reader.text))


def _deploy(reader: _Reader) -> Action:
    reader.chunk()
    return Unplayed("DeployContract")


def _delegate(reader: _Reader) -> Action:
    for _ in ("sender", "receiver"):
        reader.text()
    reader.items(_plain_action)
    reader.take(16)
    reader.public_key()
    reader.signature()
    return Unplayed("DelegateAction")


def _deploy_global(reader: _Reader) -> Action:
    reader.chunk()
    reader.tag(2)
    return Unplayed("GlobalContracts")


def _use_global(reader: _Reader) -> Action:
    if reader.tag(2):
        reader.text()
    else:
        reader.take(32)
    return Unplayed("GlobalContracts")


_ACTIONS: tuple[Callable[[_Reader], Action], ...] = (
    lambda reader: CreateAccount(),
    _deploy,
    _call,
    lambda reader: Transfer(reader.number(16)),
    _stake,
    _add_key,
    lambda reader: DeleteKey(reader.public_key()),
    lambda reader: DeleteAccount(reader.text()),
    _delegate,
    _deploy_global,
    _use_global,
)
