"""Transactions with any actions in them, written byte by byte from nearcore's borsh layout."""

import base64
import hashlib
from collections.abc import Sequence

import base58

from tests.support.sandbox.signing import Signer
from venue.sandbox.verifier.ledger import Ledger

TGAS = 10**12


def number(value: int, size: int) -> bytes:
    return value.to_bytes(size, "little")


def chunk(raw: bytes) -> bytes:
    return number(len(raw), 4) + raw


def text(value: str) -> bytes:
    return chunk(value.encode())


def key(public_key: str) -> bytes:
    curve, _, encoded = public_key.partition(":")
    return bytes([("ed25519", "secp256k1").index(curve)]) + base58.b58decode(encoded)


def items(parts: Sequence[bytes]) -> bytes:
    return number(len(parts), 4) + b"".join(parts)


CREATE = b"\x00"


def deploy(code: bytes = b"code") -> bytes:
    return b"\x01" + chunk(code)


def call(method: str, args: bytes = b"{}", *, gas: int = 30 * TGAS, deposit: int = 0) -> bytes:
    return b"\x02" + text(method) + chunk(args) + number(gas, 8) + number(deposit, 16)


def transfer(amount: int) -> bytes:
    return b"\x03" + number(amount, 16)


def stake(amount: int, public_key: str) -> bytes:
    return b"\x04" + number(amount, 16) + key(public_key)


def add_key(public_key: str) -> bytes:
    return b"\x05" + key(public_key) + number(0, 8) + b"\x01"


def add_call_key(public_key: str, receiver: str, methods: Sequence[str] = (), *, allowance: int | None = None) -> bytes:
    limit = b"\x00" if allowance is None else b"\x01" + number(allowance, 16)
    return b"\x05" + key(public_key) + number(0, 8) + b"\x00" + limit + text(receiver) + items([*map(text, methods)])


def delete_key(public_key: str) -> bytes:
    return b"\x06" + key(public_key)


def delete_account(beneficiary: str) -> bytes:
    return b"\x07" + text(beneficiary)


def delegate(sender: str, receiver: str, actions: Sequence[bytes], public_key: str) -> bytes:
    whole = text(sender) + text(receiver) + items(actions) + number(1, 8) + number(2, 8) + key(public_key)
    return b"\x08" + whole + b"\x00" + bytes(64)


def unsigned(
    account: str, public_key: str, nonce: int, receiver: str, block_hash: str, actions: Sequence[bytes]
) -> bytes:
    named = base58.b58decode(block_hash)
    return text(account) + key(public_key) + number(nonce, 8) + text(receiver) + named + items(actions)


def signed_actions(
    signer: Signer, ledger: Ledger, receiver: str, *actions: bytes, nonce: int | None = None
) -> tuple[str, str]:
    """Sign a transaction of these actions; return it as base64, and its hash as base58."""
    held = ledger.access_keys.find(signer.account, signer.public_key)
    following = nonce if nonce is not None else (0 if held is None else held.nonce) + 1
    plain = unsigned(signer.account, signer.public_key, following, receiver, ledger.block_hash, actions)
    digest = hashlib.sha256(plain).digest()
    signature = signer.key.sign(digest).signature
    return base64.b64encode(plain + b"\x00" + signature).decode(), base58.b58encode(digest).decode()
