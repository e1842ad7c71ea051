"""The intents of contract 0.4.1, as they stand in a signed message."""

from collections.abc import Mapping
from typing import Any

import msgspec

from venue.sandbox.wire.keys import public_key
from venue.sandbox.wire.scalars import account_id, amount, delta, gas, parse_token_id
from venue.sandbox.wire.shapes import (
    Field,
    Shape,
    ShapeError,
    boolean,
    mapping,
    members,
    optional,
    sequence,
    tagged,
    text,
)
from venue.sandbox.wire.strict_json import Value


class TokenDiff(msgspec.Struct, frozen=True):
    """The signer's balances change by ``diff``, whoever the counterparty is."""

    diff: Mapping[str, int]
    memo: str | None = None
    referral: str | None = None


class TransferIntent(msgspec.Struct, frozen=True):
    """The signer hands ``tokens`` to another account inside the Verifier, whose contract is told of it with ``msg``."""

    receiver_id: str
    tokens: Mapping[str, int]
    memo: str | None = None
    msg: str | None = None
    min_gas: int | None = None


class FtWithdraw(msgspec.Struct, frozen=True, kw_only=True):
    """The signer takes ``amount`` of the NEP-141 contract ``token`` out of the Verifier.

    ``storage_deposit`` is paid for the receiver beside it, in yoctoNEAR out of the signer's wNEAR. ``min_gas`` is only
    logged: nothing here runs out of gas.
    """

    token: str
    receiver_id: str
    amount: int
    memo: str | None = None
    msg: str | None = None
    storage_deposit: int | None = None
    min_gas: int | None = None


class NftWithdraw(msgspec.Struct, frozen=True, kw_only=True):
    """The signer takes one NEP-171 token out of the Verifier."""

    token: str
    receiver_id: str
    token_id: str
    memo: str | None = None
    msg: str | None = None
    storage_deposit: int | None = None
    min_gas: int | None = None


class MtWithdraw(msgspec.Struct, frozen=True, kw_only=True):
    """The signer takes amounts of several NEP-245 tokens of one contract out of the Verifier."""

    token: str
    receiver_id: str
    token_ids: tuple[str, ...]
    amounts: tuple[int, ...]
    memo: str | None = None
    msg: str | None = None
    storage_deposit: int | None = None
    min_gas: int | None = None


class NativeWithdraw(msgspec.Struct, frozen=True):
    """The signer takes ``amount`` yoctoNEAR out of its wNEAR."""

    receiver_id: str
    amount: int


class StorageDeposit(msgspec.Struct, frozen=True, kw_only=True):
    """The signer pays ``amount`` yoctoNEAR, out of its wNEAR, into an account's storage deposit at a contract."""

    contract_id: str
    deposit_for_account_id: str
    amount: int


class AuthCall(msgspec.Struct, frozen=True, kw_only=True):
    """The signer has a contract called, with ``attached_deposit`` yoctoNEAR out of its wNEAR."""

    contract_id: str
    msg: str
    attached_deposit: int = 0
    min_gas: int | None = None
    has_state_init: bool = False


class AddPublicKey(msgspec.Struct, frozen=True):
    """The signer's account registers one more key."""

    public_key: str


class RemovePublicKey(msgspec.Struct, frozen=True):
    """The signer's account forgets a key."""

    public_key: str


class SetAuthByPredecessor(msgspec.Struct, frozen=True):
    """The signer's account takes function calls of its own, or signed intents only."""

    enabled: bool


Intent = (
    TokenDiff
    | TransferIntent
    | FtWithdraw
    | NftWithdraw
    | MtWithdraw
    | NativeWithdraw
    | StorageDeposit
    | AuthCall
    | AddPublicKey
    | RemovePublicKey
    | SetAuthByPredecessor
)

_text = optional(text)
_gas = Field("min_gas", optional(gas), None)
_memo = Field("memo", _text, None)
_TAIL = (_memo, Field("msg", _text, None), Field("storage_deposit", optional(amount), None), _gas)
_TO = (Field("token", account_id), Field("receiver_id", account_id))

FT_WITHDRAW = Shape(*_TO, Field("amount", amount), *_TAIL)
NFT_WITHDRAW = Shape(*_TO, Field("token_id", text), *_TAIL)
MT_WITHDRAW = Shape(*_TO, Field("token_ids", sequence(text)), Field("amounts", sequence(amount)), *_TAIL)

_NOTIFICATION = Shape(Field("state_init", lambda value: value, None), Field("msg", text), _gas, listed=False)

_VARIANTS: dict[str, tuple[type[Intent], Shape]] = {
    "add_public_key": (AddPublicKey, Shape(Field("public_key", public_key))),
    "remove_public_key": (RemovePublicKey, Shape(Field("public_key", public_key))),
    "transfer": (
        TransferIntent,
        Shape(Field("receiver_id", account_id), Field("tokens", mapping(parse_token_id, amount)), _memo, listed=False),
    ),
    "ft_withdraw": (FtWithdraw, FT_WITHDRAW),
    "nft_withdraw": (NftWithdraw, NFT_WITHDRAW),
    "mt_withdraw": (MtWithdraw, MT_WITHDRAW),
    "native_withdraw": (NativeWithdraw, Shape(Field("receiver_id", account_id), Field("amount", amount))),
    "storage_deposit": (
        StorageDeposit,
        Shape(
            Field("contract_id", account_id),
            Field("deposit_for_account_id", account_id, aliases=("account_id",)),
            Field("amount", amount),
        ),
    ),
    "token_diff": (
        TokenDiff,
        Shape(Field("diff", mapping(parse_token_id, delta)), _memo, Field("referral", optional(account_id), None)),
    ),
    "set_auth_by_predecessor_id": (SetAuthByPredecessor, Shape(Field("enabled", boolean))),
    "auth_call": (
        AuthCall,
        Shape(
            Field("contract_id", account_id),
            Field("state_init", lambda value: value, None),
            Field("msg", text),
            Field("attached_deposit", amount, 0),
            _gas,
        ),
    ),
}
"""In the contract's order: a number in place of the name counts from its start."""


def intent(value: Value) -> Intent:
    """Read one intent. Raises ShapeError."""
    (kind, shape), rest = tagged(value, "intent", _VARIANTS, what="Intent")
    found: dict[str, Any] = members(rest, shape)
    if kind is AuthCall:
        found["has_state_init"] = found.pop("state_init") is not None
    if kind is TransferIntent:
        found |= _notification(rest)
    return kind(**found)


def _notification(value: Value) -> dict[str, Any]:
    # An option that takes in its members (serde's ``flatten``): what does not fit is none.
    try:
        found = members(value, _NOTIFICATION)
    except ShapeError:
        return {}
    return {"msg": found["msg"], "min_gas": found["min_gas"]}


intents = sequence(intent)
