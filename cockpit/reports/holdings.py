"""Balances at the start and the end of a span and what changed them, to the base unit."""

from collections.abc import Iterable, Mapping

import msgspec

from cockpit.reports.figures import AcceptedDifferenceRow, AssetChange
from storage.reader import Reader, Span
from storage.reporting import differences, trading
from venue.protocol.assets import Token
from venue.protocol.tokens import BTC_EURE

ASSETS = BTC_EURE.base, BTC_EURE.quote


def opening(reader: Reader, span: Span) -> dict[str, trading.Balance]:
    """Return opening balances by token id, without unexplained parts, so that these stay visible as unexplained."""
    found = {}
    for asset in ASSETS:
        held = trading.opening_balance(reader, asset.token_id, span)
        if held is not None:
            unexplained = BTC_EURE.amount(asset, differences.difference_before(reader, span.from_ns, held.at_ns))
            found[asset.token_id] = msgspec.structs.replace(held, units=held.units - unexplained)
    return found


def closing(reader: Reader, span: Span) -> dict[str, trading.Balance]:
    """Return closing balances by token id."""
    read = ((asset.token_id, trading.closing_balance(reader, asset.token_id, span)) for asset in ASSETS)
    return {token: held for token, held in read if held is not None}


def accepted_movements(accepted: Iterable[differences.AcceptedDifference]) -> list[trading.MoneyMovement]:
    """Return accepted differences as movements of money, so that they are neither profit nor loss."""
    return [
        trading.MoneyMovement(one.at_ns, "accepted", asset.token_id, one.amounts[asset.symbol])
        for one in accepted
        for asset in ASSETS
        if one.amounts.get(asset.symbol)
    ]


def accepted_row(one: differences.AcceptedDifference) -> AcceptedDifferenceRow:
    base, quote = ASSETS
    return AcceptedDifferenceRow(
        at_ns=one.at_ns,
        actor=one.actor,
        btc=base.to_decimal(one.amounts.get(base.symbol, 0)),
        eure=quote.to_decimal(one.amounts.get(quote.symbol, 0)),
        reason=one.reason,
    )


def change(
    asset: Token,
    opening: Mapping[str, trading.Balance],
    found: Iterable[trading.FillRecord],
    flows: Iterable[trading.MoneyMovement],
    closing: Mapping[str, trading.Balance],
) -> AssetChange:
    """Explain one asset's closing balance from its opening balance."""
    token = asset.token_id
    filled = sum(moved(fill, token) for fill in found)
    ours = [flow for flow in flows if flow.asset == token]
    deposited = sum(flow.amount for flow in ours if flow.kind == "deposit")
    withdrawn = -sum(flow.amount for flow in ours if flow.kind in ("withdrawal", "returned"))
    accepted = sum(flow.amount for flow in ours if flow.kind == "accepted")
    start, end = opening.get(token), closing.get(token)
    unexplained = None
    if start is not None and end is not None:
        unexplained = end.units - start.units - filled - deposited + withdrawn - accepted
    return AssetChange(
        asset=asset.symbol,
        opening=None if start is None else asset.to_decimal(start.units),
        filled=asset.to_decimal(filled),
        deposited=asset.to_decimal(deposited),
        withdrawn=asset.to_decimal(withdrawn),
        accepted=asset.to_decimal(accepted),
        unexplained=None if unexplained is None else asset.to_decimal(unexplained),
        closing=None if end is None else asset.to_decimal(end.units),
    )


def moved(fill: trading.FillRecord, token: str) -> int:
    """Return the signed change of a token's balance by a fill."""
    return fill.amount_in * (fill.asset_in == token) - fill.amount_out * (fill.asset_out == token)
