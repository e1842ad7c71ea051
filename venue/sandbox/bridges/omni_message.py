"""The message that comes with a token to the Omni bridge, read as its contract reads it."""

import hashlib

import msgspec

from venue.sandbox.bridges.addresses import read_address
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.scalars import parse_amount

_BITCOIN = "btc:mainnet"
_MAX_EXTERNAL_ID = 64
_MAX_MSG = 2048


class InitTransfer(msgspec.Struct, frozen=True):
    """``recipient`` with its chain; amounts in base units of the token and in yoctoNEAR."""

    recipient: str
    fee: int
    native_token_fee: int
    msg: str
    external_id: str | None

    @property
    def address(self) -> str:
        return self.recipient.removeprefix("btc:")


class _Raw(msgspec.Struct):
    recipient: str
    fee: str
    native_token_fee: str
    msg: str | None = None
    external_id: str | None = None


class _Gas(msgspec.Struct):
    most: str = msgspec.field(name="MaxGasFee")


def read_message(text: str) -> InitTransfer:
    """Read the message; ContractPanicError where the contract refuses it, and what came with it is gone."""
    try:
        raw = msgspec.json.decode(text, type=_Raw)
        fee, native_fee = parse_amount(raw.fee), parse_amount(raw.native_token_fee)
    except (ValueError, RecursionError):
        raise ContractPanicError("ERR_PARSE_MSG") from None
    message = InitTransfer(raw.recipient, fee, native_fee, raw.msg or "", raw.external_id)
    if len((raw.external_id or "").encode()) > _MAX_EXTERNAL_ID or len(message.msg.encode()) > _MAX_MSG:
        raise ContractPanicError("ERR_PARSE_MSG")
    if not raw.recipient.startswith("btc:"):
        raise ContractPanicError("ERR_INVALID_RECIPIENT_CHAIN")
    # The connector compares scripts by text: it takes bech32 in lower case only.
    if read_address(_BITCOIN, message.address) != message.address:
        raise ContractPanicError("Invalid BTC address")
    if fee:
        raise ContractPanicError("ERR_INVALID_FEE")
    max_gas_fee(message)
    return message


def max_gas_fee(message: InitTransfer) -> int | None:
    """Return the most that a relayer may take, base units; None where the message leaves it open."""
    if not message.msg:
        return None
    try:
        return parse_amount(msgspec.json.decode(message.msg, type=_Gas).most)
    except (ValueError, RecursionError):
        raise ContractPanicError("ERR_PARSE_MSG") from None


def storage_account(near_token: str, amount: int, message: InitTransfer, contract: str) -> str:
    """Return the implicit account that pays the native fee: the hash of the transfer, and of its external id."""
    raw = bytearray()
    raw += b"\x01" + _string(near_token)
    raw += amount.to_bytes(16, "little")
    raw += b"\x06" + _string(message.address)
    raw += message.fee.to_bytes(16, "little") + message.native_token_fee.to_bytes(16, "little")
    raw += b"\x01" + _string(contract)
    raw += _string(message.msg)
    if message.external_id is not None:
        raw += message.external_id.encode()
    return hashlib.sha256(raw).hexdigest()


def _string(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(4, "little") + encoded
