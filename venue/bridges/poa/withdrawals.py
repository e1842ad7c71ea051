"""Withdrawals as the bridge reports them, in each of its shapes.

Source: docs.near-intents.org, deposit and withdrawal service; defuse-protocol/sdk-monorepo for the older list.
"""

import re
from collections.abc import Hashable, Sequence
from typing import Annotated

import msgspec

from venue.transport.amounts import amount_of, optional_amount
from venue.transport.bounds import marked_name
from venue.transport.timestamps import nanoseconds

_HASH = re.compile(r"[0-9A-Za-z]{32,128}\Z")
_NOT_FOUND = re.compile(r"withdrawals? not found", re.IGNORECASE)


class WithdrawalEstimate(msgspec.Struct, frozen=True):
    """The bridge's fee, in base units of ``token``, for a withdrawal to ``address``.

    ``decimals``: in how many the bridge counts the fee; None where it does not say.
    """

    fee: int
    token: str
    address: str
    decimals: int | None = None


class BridgeWithdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """A withdrawal the bridge knows. ``amount`` left the Verifier, ``withdraw_amount`` arrives, base units.

    ``status`` is COMPLETED, PENDING, FAILED, AWAITING, REJECTED, RETURNING, RETURNED, or one this program does not
    know. ``tx_hash`` is the transaction on NEAR, ``transfer_tx_hash`` the payment on ``chain``; ``created_ns`` is UTC
    nanoseconds since the epoch. Fields the service left out are None (or empty, for texts it always sends).
    """

    status: str
    tx_hash: str | None
    transfer_tx_hash: str | None
    chain: str
    near_token_id: str
    decimals: int
    amount: int | None
    account_id: str
    address: str
    created_ns: int | None
    fee: int | None
    withdraw_amount: int | None


class RawEstimate(msgspec.Struct):
    withdrawalFee: str | int
    withdrawalFeeDecimals: int | None = None
    tokenAddress: str | None = None
    userAddress: str | None = None


class _Data(msgspec.Struct):
    chain: str
    near_token_id: str
    decimals: Annotated[int, msgspec.Meta(ge=0, le=77)]
    amount: str | int | None = None
    tx_hash: str | None = None
    transfer_tx_hash: str | None = None
    account_id: str | None = None
    address: str | None = None
    created_at: str | int | float | None = None
    created: str | int | float | None = None
    withdrawal_fee: str | int | None = None
    withdraw_amount: str | int | None = None


class RawWithdrawal(msgspec.Struct):
    """One ``{status, data}``; a withdrawal that does not exist has no data."""

    status: str
    data: _Data | None = None


class RawWithdrawals(msgspec.Struct):
    """``withdrawal_status`` in either shape, and a page of ``recent_withdrawals``."""

    withdrawals: list[RawWithdrawal] | None = None
    status: str | None = None
    data: _Data | None = None
    total: int | None = None

    @property
    def rows(self) -> Sequence[RawWithdrawal]:
        if self.withdrawals is not None:
            rows = self.withdrawals
        else:
            rows = [] if self.status is None else [RawWithdrawal(self.status, self.data)]
        return [row for row in rows if row.status != "NOT_FOUND"]


def is_not_indexed(text: str) -> bool:
    """Return whether a refusal means that the withdrawal is not indexed yet."""
    return bool(_NOT_FOUND.search(text)) or text == "NOT_FOUND"


def identity(one: BridgeWithdrawal) -> Hashable:
    """Return what stays the same through all states of one withdrawal."""
    return one.chain, one.tx_hash, one.near_token_id, one.amount, one.address


def read_withdrawal(row: RawWithdrawal) -> BridgeWithdrawal:
    """Convert a row; ValueError without data or for an invalid amount.

    A ``transfer_tx_hash`` that is not a hash (the service has written sentences there) becomes None.
    """
    data = row.data
    if data is None:
        raise ValueError(f"a withdrawal with status {row.status[:32]!r} has no data")
    paid = data.transfer_tx_hash
    return BridgeWithdrawal(
        status=marked_name(row.status),
        tx_hash=marked_name(data.tx_hash) if data.tx_hash else None,
        transfer_tx_hash=paid if paid and _HASH.match(paid) else None,
        chain=marked_name(data.chain),
        near_token_id=marked_name(data.near_token_id).removeprefix("nep141:"),
        decimals=data.decimals,
        amount=optional_amount(data.amount),
        account_id=marked_name(data.account_id or ""),
        address=marked_name(data.address or ""),
        created_ns=nanoseconds(data.created_at if data.created_at is not None else data.created),
        fee=optional_amount(data.withdrawal_fee),
        withdraw_amount=optional_amount(data.withdraw_amount),
    )


def pick(found: Sequence[BridgeWithdrawal], near_token: str, amount: int) -> BridgeWithdrawal | None:
    """Return the withdrawal of this amount of this token; None when there is none.

    Raises ValueError when several differ: it is then unknown which is meant.
    """
    fitting = [one for one in found if one.near_token_id == near_token and _amount(one) == amount]
    if any(one != fitting[0] for one in fitting[1:]):
        raise ValueError("several withdrawals of the same token and amount have one hash")
    return fitting[0] if fitting else None


def _amount(one: BridgeWithdrawal) -> int | None:
    if one.amount is not None or one.fee is None or one.withdraw_amount is None:
        return one.amount
    return one.withdraw_amount + one.fee


def fee_of(raw: RawEstimate) -> int:
    """Return the fee in base units; ValueError for an invalid amount."""
    return amount_of(raw.withdrawalFee)
