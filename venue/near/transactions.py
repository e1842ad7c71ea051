"""This program's NEAR transactions, built and hashed before they are signed. No private key is used here.

A transaction's hash is the sha256 of its unsigned borsh bytes, which are also the 32 bytes that are signed (nearcore).
The calls are those of near/intents. ``ft_withdraw`` has no ``msg``: with one, a failed transfer is not refunded.
"""

import hashlib
import re

import base58
import msgspec
from nacl.bindings import crypto_sign_BYTES, crypto_sign_open
from nacl.exceptions import BadSignatureError
from py_near_primitives import FunctionCallAction, SignedTransaction, Transaction

from venue.protocol.assets import INTENTS_CONTRACT, MAX_AMOUNT

GAS = 100 * 10**12
"""100 Tgas, in gas units."""
DEPOSIT = 1
"""yoctoNEAR: the contract requires exactly this, as proof that a full-access key signed."""

_MAX_NONCE = 2**64 - 1
_ACCOUNT = re.compile(r"(?=.{2,64}\Z)(?:[a-z0-9]+[-_])*[a-z0-9]+(?:\.(?:[a-z0-9]+[-_])*[a-z0-9]+)*\Z")


class UnsignedTransaction:
    """A transaction without its signature. ``nonce`` is one above the access key's."""

    __slots__ = ("_public_key", "_transaction", "hash", "nonce", "to_sign")

    def __init__(self, transaction: Transaction, public_key: bytes, nonce: int) -> None:
        self._transaction = transaction
        self._public_key = public_key
        self.nonce = nonce
        self.to_sign = hashlib.sha256(bytes(transaction.serialize())).digest()
        self.hash = base58.b58encode(self.to_sign).decode("ascii")

    def signed(self, signature: bytes) -> bytes:
        """Return the borsh bytes to send; ValueError when the signature is not the access key's over ``to_sign``."""
        try:
            if len(signature) != crypto_sign_BYTES:
                raise BadSignatureError
            crypto_sign_open(signature + self.to_sign, self._public_key)
        except BadSignatureError:
            raise ValueError("the signature is not the access key's for this transaction") from None
        return bytes(SignedTransaction(signature, self._transaction).serialize())


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
    action = FunctionCallAction(method, msgspec.json.encode(args), GAS, DEPOSIT)
    transaction = Transaction(account, public_key, nonce, contract, block, [action])
    return UnsignedTransaction(transaction, public_key, nonce)
