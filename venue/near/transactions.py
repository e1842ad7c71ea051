"""This program's NEAR transactions, serialised and hashed before they are signed. No private key is used here.

A transaction's hash is the sha256 of its unsigned borsh bytes, which are also the 32 bytes that are signed (nearcore).
The calls are those of near/intents. ``ft_withdraw`` has no ``msg``: with one, a failed transfer is not refunded.
"""

import hashlib
import re
from collections.abc import Sequence

import base58
import msgspec
from nacl.bindings import crypto_sign_BYTES, crypto_sign_open
from nacl.exceptions import BadSignatureError

from venue.protocol import borsh
from venue.protocol.assets import INTENTS_CONTRACT, MAX_AMOUNT

GAS = 100 * 10**12
"""100 Tgas, in gas units."""
DEPOSIT = 1
"""yoctoNEAR: the contract requires exactly this, as proof that a full-access key signed."""

_ED25519 = borsh.u8(0)
_FUNCTION_CALL = borsh.u8(2)
"""Variants of nearcore's enums: of keys and signatures, and of actions."""
_MAX_NONCE = 2**64 - 1
_ACCOUNT = re.compile(r"(?=.{2,64}\Z)(?:[a-z0-9]+[-_])*[a-z0-9]+(?:\.(?:[a-z0-9]+[-_])*[a-z0-9]+)*\Z")


class FunctionCall(msgspec.Struct, frozen=True):
    """An action: a method of the receiver. ``args`` as sent, ``gas`` in gas units, ``deposit`` in yoctoNEAR."""

    method: str
    args: bytes
    gas: int
    deposit: int


def transaction_bytes(
    signer_id: str,
    public_key: bytes,
    nonce: int,
    *,
    receiver_id: str,
    block_hash: bytes,
    calls: Sequence[FunctionCall],
) -> bytes:
    """Return the borsh of nearcore's ``TransactionV0`` with these calls as its actions."""
    parts = [
        borsh.text(signer_id),
        _ED25519,
        borsh.fixed(public_key, 32),
        borsh.u64(nonce),
        borsh.text(receiver_id),
        borsh.fixed(block_hash, 32),
        borsh.u32(len(calls)),
    ]
    for call in calls:
        parts += [
            _FUNCTION_CALL,
            borsh.text(call.method),
            borsh.chunk(call.args),
            borsh.u64(call.gas),
            borsh.u128(call.deposit),
        ]
    return b"".join(parts)


class UnsignedTransaction:
    """A transaction without its signature: its borsh bytes. ``nonce`` is one above the access key's."""

    __slots__ = ("_public_key", "hash", "nonce", "raw", "to_sign")

    def __init__(self, raw: bytes, public_key: bytes, nonce: int) -> None:
        self.raw = raw
        self._public_key = public_key
        self.nonce = nonce
        self.to_sign = hashlib.sha256(raw).digest()
        self.hash = base58.b58encode(self.to_sign).decode("ascii")

    def signed(self, signature: bytes) -> bytes:
        """Return the borsh bytes to send; ValueError when the signature is not the access key's over ``to_sign``."""
        try:
            if len(signature) != crypto_sign_BYTES:
                raise BadSignatureError
            crypto_sign_open(signature + self.to_sign, self._public_key)
        except BadSignatureError:
            raise ValueError("the signature is not the access key's for this transaction") from None
        return self.raw + _ED25519 + borsh.fixed(signature, crypto_sign_BYTES)


def ft_withdraw_transaction(
    account: str,
    public_key: bytes,
    access_nonce: int,
    block_hash: str,
    *,
    token: str,
    amount: int,
    memo: str,
    contract: str = INTENTS_CONTRACT,
) -> UnsignedTransaction:
    """Withdraw ``amount`` base units of ``token`` (its NEAR contract); the bridge pays out to the address in ``memo``.

    ``access_nonce`` is the access key's as ``view_access_key`` gives it; the transaction uses the next one.
    ``public_key`` is 32 bytes, ``block_hash`` base58 of a recent block, ``contract`` the Verifier.
    Raises ValueError for an invalid argument.
    """
    if not 0 < amount <= MAX_AMOUNT:
        raise ValueError("the amount must be from 1 to 2^128 - 1 base units")
    if not _ACCOUNT.match(token):
        raise ValueError("the token is not a NEAR account")
    if not memo:
        raise ValueError("a withdrawal needs a memo with its destination")
    args = {"token": token, "receiver_id": token, "amount": str(amount), "memo": memo}
    return _call(account, public_key, access_nonce, block_hash, "ft_withdraw", args, contract)


def add_public_key_transaction(
    account: str, public_key: bytes, access_nonce: int, block_hash: str, *, contract: str = INTENTS_CONTRACT
) -> UnsignedTransaction:
    """Register the access key that signs this transaction with the Verifier, so that it may sign the account's intents.

    Arguments as in ``ft_withdraw_transaction``.
    """
    args = {"public_key": "ed25519:" + base58.b58encode(public_key).decode("ascii")}
    return _call(account, public_key, access_nonce, block_hash, "add_public_key", args, contract)


def _call(
    account: str,
    public_key: bytes,
    access_nonce: int,
    block_hash: str,
    method: str,
    args: dict[str, str],
    contract: str,
) -> UnsignedTransaction:
    block = base58.b58decode(block_hash)
    if not _ACCOUNT.match(contract):
        raise ValueError("the Verifier is not a NEAR account")
    if not _ACCOUNT.match(account):
        raise ValueError("the signer is not a NEAR account")
    if len(public_key) != 32 or len(block) != 32:
        raise ValueError("a public key and a block hash must have 32 bytes each")
    nonce = access_nonce + 1
    if not 0 < nonce <= _MAX_NONCE:
        raise ValueError("the access key's nonce is outside 0 to 2^64 - 1")
    call = FunctionCall(method, msgspec.json.encode(args), gas=GAS, deposit=DEPOSIT)
    raw = transaction_bytes(account, public_key, nonce, receiver_id=contract, block_hash=block, calls=(call,))
    return UnsignedTransaction(raw, public_key, nonce)
