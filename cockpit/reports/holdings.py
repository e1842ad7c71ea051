"""What was held at the begin and the end of a span, and what lies between, to the base unit."""

from collections.abc import Iterable, Mapping

import msgspec

from cockpit.reports.figures import AcceptedRow, AssetChange
from storage.reader import Reader, Span
from storage.reporting import differences, trading
from venue.protocol.assets import BTC_EURE, Asset

ASSETS = BTC_EURE.base, BTC_EURE.quote


def opening(reader: Reader, span: Span) -> dict[str, trading.Balance]:
    """What was held at the begin by token id, without what nothing explained yet: so that stays in sight."""
    found = {}
    for place, asset in enumerate(ASSETS):
        held = trading.opening_balance(reader, asset.token_id, span)
        if held is not None:
            aside = differences.difference_before(reader, span.from_ns, held.at_ns)[place]
            found[asset.token_id] = msgspec.structs.replace(held, units=held.units - aside)
    return found


def closing(reader: Reader, span: Span) -> dict[str, trading.Balance]:
    """What was held at the end by token id."""
    read = ((asset.token_id, trading.closing_balance(reader, asset.token_id, span)) for asset in ASSETS)
    return {token: held for token, held in read if held is not None}


def taken_as_given(accepted: Iterable[differences.AcceptedDifference]) -> list[trading.MoneyMovement]:
    """Accepted differences as movements of money: what came of itself is no profit, and what went no loss."""
    return [
        trading.MoneyMovement(one.at_ns, "accepted", asset.token_id, one.amounts[asset.symbol])
        for one in accepted
        for asset in ASSETS
        if one.amounts.get(asset.symbol)
    ]


def accepted_row(one: differences.AcceptedDifference) -> AcceptedRow:
    """As it is shown."""
    base, quote = ASSETS
    return AcceptedRow(
        at_ns=one.at_ns,
        actor=one.actor,
        btc=base.to_decimal(one.amounts.get(base.symbol, 0)),
        eure=quote.to_decimal(one.amounts.get(quote.symbol, 0)),
        reason=one.reason,
    )


def change(
    asset: Asset,
    opening: Mapping[str, trading.Balance],
    found: Iterable[trading.FillRecord],
    flows: Iterable[trading.MoneyMovement],
    closing: Mapping[str, trading.Balance],
) -> AssetChange:
    """How one asset came from its opening to its closing."""
    token = asset.token_id
    filled = sum(moved(fill, token) for fill in found)
    ours = [flow for flow in flows if flow.asset == token]
    deposited = sum(flow.amount for flow in ours if flow.kind == "deposit")
    withdrawn = -sum(flow.amount for flow in ours if flow.kind in ("withdrawal", "returned"))
    accepted = sum(flow.amount for flow in ours if flow.kind == "accepted")
    begin, end = opening.get(token), closing.get(token)
    unexplained = None
    if begin is not None and end is not None:
        unexplained = end.units - begin.units - filled - deposited + withdrawn - accepted
    return AssetChange(
        asset=asset.symbol,
        opening=None if begin is None else asset.to_decimal(begin.units),
        filled=asset.to_decimal(filled),
        deposited=asset.to_decimal(deposited),
        withdrawn=asset.to_decimal(withdrawn),
        accepted=asset.to_decimal(accepted),
        unexplained=None if unexplained is None else asset.to_decimal(unexplained),
        closing=None if end is None else asset.to_decimal(end.units),
    )


def moved(fill: trading.FillRecord, token: str) -> int:
    """What a fill did to the balance of a token."""
    return fill.amount_in * (fill.asset_in == token) - fill.amount_out * (fill.asset_out == token)
