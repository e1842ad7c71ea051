"""Balances at the start and the end of a span and what changed them, to the base unit."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from cockpit.reports.figures import AcceptedDifferenceRow, AssetChange
from storage.reader import Reader, Span
from storage.reporting import differences, movements, trading
from venue.protocol.assets import PairAmounts, Token, Underlying
from venue.protocol.tokens import TokenTable


def opening(reader: Reader, span: Span, tokens: TokenTable) -> dict[str, movements.Balance]:
    """Return opening balances by token id, without unexplained parts, so that these stay visible as unexplained."""
    found = {}
    for asset in tokens.tokens:
        held = movements.opening_balance(reader, asset.token_id, span)
        if held is not None:
            unexplained = differences.difference_before(reader, span.from_ns, held.at_ns)[asset.token_id]
            found[asset.token_id] = msgspec.structs.replace(held, units=held.units - unexplained)
    return found


def closing(reader: Reader, span: Span, tokens: TokenTable) -> dict[str, movements.Balance]:
    """Return closing balances by token id."""
    read = ((asset.token_id, movements.closing_balance(reader, asset.token_id, span)) for asset in tokens.tokens)
    return {token: held for token, held in read if held is not None}


def accepted_movements(
    accepted: Iterable[differences.AcceptedDifference], tokens: TokenTable
) -> list[movements.MoneyMovement]:
    """Return accepted differences as movements of money, so that they are neither profit nor loss."""
    return [
        movements.MoneyMovement(one.at_ns, "accepted", asset.token_id, one.amounts[asset.symbol])
        for one in accepted
        for asset in tokens.tokens
        if one.amounts.get(asset.symbol)
    ]


def accepted_row(one: differences.AcceptedDifference, tokens: TokenTable) -> AcceptedDifferenceRow:
    def total(underlying: Underlying) -> Decimal:
        of = tokens.of(underlying)
        return sum((token.to_decimal(one.amounts.get(token.symbol, 0)) for token in of), Decimal(0))

    return AcceptedDifferenceRow(
        at_ns=one.at_ns,
        actor=one.actor,
        btc=total(tokens.base),
        eure=total(tokens.quote),
        reason=one.reason,
    )


def change(
    asset: Token,
    opening: Mapping[str, movements.Balance],
    found: Iterable[trading.FillRecord],
    flows: Iterable[movements.MoneyMovement],
    closing: Mapping[str, movements.Balance],
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


def shown(tokens: TokenTable, changes: Iterable[AssetChange]) -> tuple[AssetChange, ...]:
    """Pick the tokens that were held or moved, and one of each underlying in any case."""
    every = {change.asset: change for change in changes}

    def matters(change: AssetChange) -> bool:
        figures = [getattr(change, name) for name in change.__struct_fields__ if name != "asset"]
        return any(figures)

    kept = {symbol for symbol, change in every.items() if matters(change)}
    for underlying in (tokens.base, tokens.quote):
        of = [token.symbol for token in tokens.of(underlying)]
        if kept.isdisjoint(of):
            kept.add(of[0])
    return tuple(change for symbol, change in every.items() if symbol in kept)


def worth_moved(fill: trading.FillRecord, tokens: TokenTable) -> PairAmounts:
    """Return the signed changes of both underlyings by a fill, in their base units."""
    return tokens.exchanged((fill.asset_in, fill.amount_in), (fill.asset_out, fill.amount_out))


def moved(fill: trading.FillRecord, token: str) -> int:
    """Return the signed change of a token's balance by a fill."""
    return fill.amount_in * (fill.asset_in == token) - fill.amount_out * (fill.asset_out == token)
