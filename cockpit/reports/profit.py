"""The P&L of a span: what its fills brought, what held BTC gained, and the same by average cost."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from cockpit.accounting.pnl import InventoryChange, average_cost_pnl, value_at_mid
from cockpit.reports import holdings
from cockpit.reports.figures import ProfitAndLoss, ValuedMovement
from storage.reader import Reader, Span
from storage.reporting import mids, movements, trading
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import PairAmounts, Token
from venue.protocol.tokens import TokenTable


class ValuedChanges(msgspec.Struct, frozen=True):
    """What was held at the start, base units of the underlyings, and each change of it: when (UTC ns), in order."""

    held: PairAmounts
    changes: list[tuple[int, InventoryChange]]


def profit_and_loss(
    reader: Reader,
    span: Span,
    tokens: TokenTable,
    opening: Mapping[str, movements.Balance],
    found: Sequence[trading.FillRecord],
    flows: Iterable[movements.MoneyMovement],
) -> tuple[ProfitAndLoss, ValuedChanges] | str:
    """Return the P&L and what it was made of, or why it is unknown."""
    base, quote = tokens.base, tokens.quote
    first, last = mids.nearest_mid(reader, span.from_ns), mids.nearest_mid(reader, span.to_ns)
    if first is None or last is None:
        return "no mid was recorded"
    if not any(token.token_id in opening for token in tokens.of(base)):
        return "no balance was recorded"
    held = tokens.worth(TokenAmounts({token_id: one.units for token_id, one in opening.items()}))
    changes = []
    for fill in found:
        moved = holdings.worth_moved(fill, tokens)
        changes.append((fill.at_ns, InventoryChange(moved.base, moved.quote)))
    valued = []
    for flow in flows:
        token = tokens.get(flow.asset)
        if token is None:
            continue
        if token.underlying != base:
            changes.append((flow.at_ns, InventoryChange(0, flow.amount * token.scale, first.mid)))
            continue
        near = mids.nearest_mid(reader, flow.at_ns) or first
        changes.append((flow.at_ns, InventoryChange(flow.amount * token.scale, 0, near.mid)))
        valued.append(_valued(flow, token, near))
    changes.sort(key=lambda item: item[0])
    pnl = average_cost_pnl(base, quote, held.base, first.mid, [change for _, change in changes], last.mid)
    traded = tokens.worth(TokenAmounts(_sums(found)))
    trading_units = value_at_mid(base, quote, traded.base, last.mid) + traded.quote
    figures = ProfitAndLoss(
        realised=quote.to_decimal(pnl.realised),
        unrealised=quote.to_decimal(pnl.unrealised),
        total=quote.to_decimal(pnl.total),
        trading=quote.to_decimal(trading_units),
        revaluation=quote.to_decimal(pnl.total - trading_units),
        opening_mid=first.mid,
        closing_mid=last.mid,
        opening_mid_at_ns=first.at_ns,
        closing_mid_at_ns=last.at_ns,
        movements=tuple(valued),
    )
    return figures, ValuedChanges(held, changes)


def _sums(found: Iterable[trading.FillRecord]) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for fill in found:
        sums[fill.asset_in] += fill.amount_in
        sums[fill.asset_out] -= fill.amount_out
    return sums


def _valued(flow: movements.MoneyMovement, token: Token, near: mids.RecordedMid) -> ValuedMovement:
    return ValuedMovement(
        at_ns=flow.at_ns,
        kind=flow.kind,
        asset=token.symbol,
        amount=token.to_decimal(flow.amount),
        mid=near.mid,
        mid_at_ns=near.at_ns,
    )
