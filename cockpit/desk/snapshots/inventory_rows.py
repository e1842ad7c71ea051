"""The balances as the rows that a cockpit shows. Pure: state and a time in, frozen rows out."""

from decimal import Decimal

from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.inventory.reconciliation import BalanceLedger
from cockpit.desk.inventory.sync import Inventory
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.model.ages import age_ms
from cockpit.model.commands import PriceParams
from cockpit.model.snapshot import (
    InventoryRow,
    InventoryState,
)
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable

_CENT = Decimal("0.01")


def shown_tokens(
    tokens: TokenTable, ledger: BalanceLedger, deposits: DepositTracker, reservations: Reservations
) -> list[Token]:
    """Return the tokens that matter to the account, and one of each underlying in any case.

    A token matters that it has, had, or is about to have.
    """
    known = (ledger.balance, ledger.opening, ledger.filled, ledger.deposited, ledger.withdrawn, ledger.unexplained)

    def matters(token: Token) -> bool:
        held = any(amounts is not None and amounts[token.token_id] for amounts in known)
        return held or reservations.reserved(token.token_id) != 0 or bool(deposits.pending_amount(token))

    shown = [token for token in tokens.tokens if matters(token)]
    for underlying in (tokens.base, tokens.quote):
        if not any(token.underlying == underlying for token in shown):
            shown.append(tokens.of(underlying)[0])
    return sorted(shown, key=tokens.tokens.index)


def inventory_state(
    tokens: TokenTable,
    inventory: Inventory,
    deposits: DepositTracker,
    reservations: Reservations,
    params: PriceParams,
    mid: Decimal | None,
    now_ns: int,
) -> InventoryState:
    """Return the tokens with the terms of their reconciliation, and the share of BTC in the whole value."""
    ledger = inventory.ledger
    balance, opening = ledger.balance, ledger.opening
    share = tokens.share(balance, mid) if balance is not None and mid is not None else None
    rows = []
    for asset in shown_tokens(tokens, inventory.ledger, deposits, reservations):
        token_id = asset.token_id
        held = None if balance is None else balance[token_id]
        usable = None if ledger.usable is None else ledger.usable[token_id]
        reserved = reservations.reserved(asset.token_id)
        value = None
        if held is not None:
            amount = asset.to_decimal(held)
            value = amount if asset.underlying == tokens.quote else None if mid is None else (amount * mid)
        rows.append(
            InventoryRow(
                symbol=asset.symbol,
                quoted=tokens.traded(asset),
                decimals=asset.decimals,
                balance=None if held is None else asset.to_decimal(held),
                reserved=asset.to_decimal(reservations.committed(asset.token_id)),
                spendable=None if usable is None else asset.to_decimal(max(0, usable - reserved)),
                leaving=asset.to_decimal(reservations.leaving(asset.token_id)),
                withdrawn=asset.to_decimal(ledger.withdrawn[token_id]),
                accepted=asset.to_decimal(ledger.accepted[token_id]),
                pending_in=asset.to_decimal(deposits.pending_amount(asset)),
                opening=None if opening is None else asset.to_decimal(opening[token_id]),
                filled=asset.to_decimal(ledger.filled[token_id]),
                deposited=asset.to_decimal(ledger.deposited[token_id]),
                unexplained=None if balance is None else asset.to_decimal(ledger.unexplained[token_id]),
                value_eur=None if value is None else value.quantize(_CENT),
                places=asset.places,
                underlying=asset.underlying.symbol,
            )
        )
    return InventoryState(
        rows=tuple(rows),
        age_ms=age_ms(now_ns, ledger.at_ns),
        block_height=ledger.height or None,
        btc_share=None if share is None else share.quantize(Decimal("0.0001")),
        target_btc_share=params.target_btc_share,
    )
