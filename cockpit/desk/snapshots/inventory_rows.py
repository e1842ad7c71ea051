"""The balances as the rows that a cockpit shows. Pure: state and a time in, frozen rows out."""

from decimal import Decimal

from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.inventory.sync import Inventory
from cockpit.desk.market.pricing import PriceParams
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.model.ages import age_ms
from cockpit.model.snapshot import (
    InventoryRow,
    InventoryState,
)
from venue.protocol.assets import Market

_CENT = Decimal("0.01")


def inventory_state(
    pair: Market,
    inventory: Inventory,
    deposits: DepositTracker,
    reservations: Reservations,
    params: PriceParams,
    mid: Decimal | None,
    now_ns: int,
) -> InventoryState:
    """Return both assets with the terms of their reconciliation, and the share of BTC in the whole value."""
    ledger = inventory.ledger
    balance, opening = ledger.balance, ledger.opening
    share = pair.base_share(balance, mid) if balance is not None and mid is not None else None
    rows = []
    for asset in (pair.base, pair.quote):
        held = None if balance is None else pair.amount(asset, balance)
        reserved = reservations.reserved(asset.token_id)
        value = None
        if held is not None:
            amount = asset.to_decimal(held)
            value = amount if asset is pair.quote else None if mid is None else (amount * mid)
        rows.append(
            InventoryRow(
                symbol=asset.symbol,
                decimals=asset.decimals,
                balance=None if held is None else asset.to_decimal(held),
                reserved=asset.to_decimal(reservations.committed(asset.token_id)),
                spendable=None if held is None else asset.to_decimal(max(0, held - reserved)),
                leaving=asset.to_decimal(reservations.leaving(asset.token_id)),
                withdrawn=asset.to_decimal(pair.amount(asset, ledger.withdrawn)),
                accepted=asset.to_decimal(pair.amount(asset, ledger.accepted)),
                pending_in=asset.to_decimal(deposits.pending_amount(asset)),
                opening=None if opening is None else asset.to_decimal(pair.amount(asset, opening)),
                filled=asset.to_decimal(pair.amount(asset, ledger.filled)),
                deposited=asset.to_decimal(pair.amount(asset, ledger.deposited)),
                unexplained=None if balance is None else asset.to_decimal(pair.amount(asset, ledger.unexplained)),
                value_eur=None if value is None else value.quantize(_CENT),
            )
        )
    return InventoryState(
        rows=tuple(rows),
        age_ms=age_ms(now_ns, ledger.at_ns),
        block_height=ledger.height or None,
        btc_share=None if share is None else share.quantize(Decimal("0.0001")),
        target_btc_share=params.target_btc_share,
    )
