"""Reads a NEAR transaction back from the bytes that are about to be signed, and compares it with what was ordered.

A decoder of its own: it shares nothing with the code that serialises (borsh.io; nearcore's ``TransactionV0``), so that
a fault there refuses the signature instead of choosing amount, receiver or destination.
"""

import hashlib
import json
from collections.abc import Mapping

import base58
import msgspec

from venue.signing.errors import RefusedToSignError

_ED25519 = 0
_FUNCTION_CALL = 2


class OrderedCall(msgspec.Struct, frozen=True, kw_only=True):
    """A transaction with one function call, as it was ordered or as its bytes say.

    ``public_key``: 32 bytes of ed25519; ``block_hash``: base58; ``args``: the JSON object's names and texts, in no
    order; ``gas`` in gas units, ``deposit`` in yoctoNEAR.
    """

    signer_id: str
    public_key: bytes
    nonce: int
    receiver_id: str
    block_hash: str
    method: str
    args: Mapping[str, str]
    gas: int
    deposit: int


def checked_digest(raw: bytes, ordered: OrderedCall) -> bytes:
    """Return the 32 bytes to sign for these unsigned bytes.

    Raises RefusedToSignError when they do not say what was ordered, and names the first field that differs.
    """
    try:
        found = read_call(raw)
    except ValueError as error:
        raise RefusedToSignError(f"the transaction cannot be read back before it is signed: {error}") from None
    for field in OrderedCall.__struct_fields__:
        if getattr(found, field) != getattr(ordered, field):
            raise RefusedToSignError(f"the transaction to sign has another {field} than was ordered")
    return hashlib.sha256(raw).digest()


def read_call(raw: bytes) -> OrderedCall:
    """Decode an unsigned transaction; ValueError for anything but exactly one function call by an ed25519 key."""
    cursor = _Cursor(raw)
    signer_id = cursor.string("signer")
    cursor.expect(_ED25519, "the key is not ed25519")
    public_key = cursor.next(32)
    nonce = cursor.integer(8)
    receiver_id = cursor.string("receiver")
    block_hash = base58.b58encode(cursor.next(32)).decode("ascii")
    if cursor.integer(4) != 1:
        raise ValueError("it has not exactly one action")
    cursor.expect(_FUNCTION_CALL, "its action is not a function call")
    method = cursor.string("method")
    args = _object(cursor.next(cursor.integer(4)))
    gas = cursor.integer(8)
    deposit = cursor.integer(16)
    if cursor.left:
        raise ValueError(f"{cursor.left} bytes follow its end")
    return OrderedCall(
        signer_id=signer_id,
        public_key=public_key,
        nonce=nonce,
        receiver_id=receiver_id,
        block_hash=block_hash,
        method=method,
        args=args,
        gas=gas,
        deposit=deposit,
    )


class _Cursor:
    def __init__(self, raw: bytes) -> None:
        self._rest = memoryview(raw)

    @property
    def left(self) -> int:
        return len(self._rest)

    def next(self, size: int) -> bytes:
        if size > len(self._rest):
            raise ValueError("it ends too early")
        part, self._rest = bytes(self._rest[:size]), self._rest[size:]
        return part

    def integer(self, size: int) -> int:
        return sum(byte << 8 * place for place, byte in enumerate(self.next(size)))

    def string(self, name: str) -> str:
        try:
            return self.next(self.integer(4)).decode("utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"its {name} is not UTF-8") from None

    def expect(self, variant: int, problem: str) -> None:
        if self.integer(1) != variant:
            raise ValueError(problem)


def _object(raw: bytes) -> dict[str, str]:
    def once(pairs: list[tuple[str, object]]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in pairs:
            # A name that occurs twice is read in two ways by two parsers.
            if name in found or not isinstance(value, str):
                raise ValueError("its arguments are not texts, each with a name of its own")
            found[name] = value
        return found

    try:
        read = json.loads(raw.decode("utf-8"), object_pairs_hook=once)
    except (UnicodeDecodeError, RecursionError):
        raise ValueError("its arguments are not JSON") from None
    if not isinstance(read, dict):
        raise ValueError("its arguments are not a JSON object")
    return read
