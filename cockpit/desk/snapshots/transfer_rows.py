"""Withdrawals as the rows that a cockpit shows. Pure: state and a time in, frozen rows out."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import islice

from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.desk.snapshots.deposit_rows import printable
from cockpit.model.ages import age_ms
from cockpit.model.snapshot import WithdrawalRow
from venue.bridges.poa.withdrawals import BridgeWithdrawal
from venue.protocol.units import NS_PER_MS


def foreign_withdrawals(
    own: Sequence[Withdrawal], listed: Sequence[BridgeWithdrawal], most: int
) -> list[BridgeWithdrawal]:
    """Return the newest that the bridge lists and the desk did not make."""
    known = {withdrawal.near_hash for withdrawal in own}
    return list(islice((one for one in listed if (one.tx_hash or "") not in known), most))


def withdrawal_row(withdrawal: Withdrawal, now_ns: int) -> WithdrawalRow:
    order = withdrawal.order
    prepared = withdrawal.prepared
    return WithdrawalRow(
        withdrawal_id=order.withdrawal_id,
        symbol=order.asset.symbol,
        places=order.asset.places,
        chain=order.asset.chain,
        amount=order.asset.to_decimal(order.amount),
        fee=None if order.fee is None else order.asset.to_decimal(order.fee),
        destination=order.destination,
        route=order.route,
        state=withdrawal.state,
        detail=withdrawal.detail,
        age_ms=max(0, (now_ns - order.requested_ns) // NS_PER_MS),
        near_hash=withdrawal.near_hash or (prepared.hash if prepared is not None else ""),
        destination_hash=withdrawal.destination_hash,
        ours=order.ours,
        steps=tuple((state, max(0, (now_ns - at_ns) // NS_PER_MS)) for state, at_ns in withdrawal.steps),
    )


def foreign_row(tracker: DepositTracker, found: BridgeWithdrawal, now_ns: int) -> WithdrawalRow:
    asset = tracker.asset_of(found.near_token_id)
    places = asset.decimals if asset is not None else found.decimals
    age = age_ms(now_ns, found.created_ns) or 0
    return WithdrawalRow(
        withdrawal_id=f"bridge-{found.tx_hash or found.transfer_tx_hash or found.address}",
        symbol=asset.symbol if asset is not None else printable(found.near_token_id),
        places=asset.places if asset is not None else 8,
        chain=found.chain,
        amount=Decimal(found.amount or 0).scaleb(-places),
        fee=None if found.fee is None else Decimal(found.fee).scaleb(-places),
        destination=found.address,
        route="",
        state=found.status.lower(),
        detail="made elsewhere; status by the bridge",
        age_ms=age,
        near_hash=found.tx_hash or "",
        destination_hash=found.transfer_tx_hash or "",
        ours=False,
        steps=((found.status.lower(), age),),
    )
