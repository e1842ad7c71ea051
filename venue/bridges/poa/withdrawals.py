"""Withdrawals as the bridge tells of them, in each of its shapes, and which of several is meant.

Source: docs.near-intents.org, deposit and withdrawal service; defuse-protocol/sdk-monorepo for the older list.
"""

import re
from collections.abc import Hashable, Sequence
from typing import Annotated

import msgspec

from venue.transport.amounts import amount_of, optional_amount
from venue.transport.timestamps import nanoseconds

_HASH = re.compile(r"[0-9A-Za-z]{32,128}\Z")
_NOT_FOUND = re.compile(r"withdrawals? not found", re.IGNORECASE)


class WithdrawalEstimate(msgspec.Struct, frozen=True):
    """What the bridge would keep: ``fee`` in base units of ``token``, for a withdrawal to ``address``."""

    fee: int
    token: str
    address: str


class BridgeWithdrawal(msgspec.Struct, frozen=True):
    """A withdrawal the bridge knows. ``amount`` is what was burned, ``withdraw_amount`` what arrives, base units.

    ``status`` is COMPLETED, PENDING, FAILED, AWAITING, REJECTED, RETURNING, RETURNED, or a word this program does not
    know. ``tx_hash`` is the burn on NEAR, ``transfer_tx_hash`` the payment on ``chain``; ``created_ns`` is UTC
    nanoseconds since the epoch. None (or empty, for texts it always sends) is what the service left out.
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
    """``withdrawal_estimate``'s result."""

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
    """One ``{status, data}``; a withdrawal that is not there has no data."""

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
        """Those that are there."""
        if self.withdrawals is not None:
            rows = self.withdrawals
        else:
            rows = [] if self.status is None else [RawWithdrawal(self.status, self.data)]
        return [row for row in rows if row.status != "NOT_FOUND"]


def says_not_found(text: str) -> bool:
    """Whether a refusal means that the withdrawal is not indexed yet."""
    return bool(_NOT_FOUND.search(text)) or text == "NOT_FOUND"


def same(one: BridgeWithdrawal) -> Hashable:
    """What tells a withdrawal from others whatever becomes of it."""
    return one.chain, one.tx_hash, one.near_token_id, one.amount, one.address


def read_withdrawal(row: RawWithdrawal) -> BridgeWithdrawal:
    """Typed and exact; ValueError for a row without data, or an amount that is none.

    A ``transfer_tx_hash`` that is no hash (the service has written sentences there) is not known.
    """
    data = row.data
    if data is None:
        raise ValueError(f"a withdrawal that is {row.status[:32]!r} and nothing else")
    paid = data.transfer_tx_hash
    return BridgeWithdrawal(
        row.status,
        data.tx_hash or None,
        paid if paid and _HASH.match(paid) else None,
        data.chain,
        data.near_token_id.removeprefix("nep141:"),
        data.decimals,
        optional_amount(data.amount),
        data.account_id or "",
        data.address or "",
        nanoseconds(data.created_at if data.created_at is not None else data.created),
        optional_amount(data.withdrawal_fee),
        optional_amount(data.withdraw_amount),
    )


def pick(found: Sequence[BridgeWithdrawal], near_token: str, amount: int) -> BridgeWithdrawal | None:
    """The one withdrawal of this token that burned this amount; None when there is none.

    Raises ValueError when several differ, for then nothing tells which is meant.
    """
    fitting = [one for one in found if one.near_token_id == near_token and _burned(one) == amount]
    if any(one != fitting[0] for one in fitting[1:]):
        raise ValueError("several withdrawals of the same token and amount under one hash")
    return fitting[0] if fitting else None


def _burned(one: BridgeWithdrawal) -> int | None:
    if one.amount is not None or one.fee is None or one.withdraw_amount is None:
        return one.amount
    return one.withdraw_amount + one.fee


def fee_of(raw: RawEstimate) -> int:
    """The fee in base units; ValueError when it is no amount."""
    return amount_of(raw.withdrawalFee)
