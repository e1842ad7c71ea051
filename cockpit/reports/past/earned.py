"""What a span of the past earned, by the report's own rules: for the desk's figures of today, and the cockpit's."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from cockpit.accounting.earnings import (
    DatedMid,
    Earned,
    FillSums,
    OpenPosition,
    Recalled,
    earned_span,
    nearest,
    protocol_fee,
)
from cockpit.accounting.option_sums import OptionSides
from cockpit.accounting.pnl import value_at_mid
from cockpit.model.trading_figures.earnings import EarnedSpan
from cockpit.reports import holdings
from cockpit.reports.marked_fills import horizon_mids, mark_fill
from storage.reader import Reader, RunRow, Span, runs
from storage.reporting import differences, mids, movements, trading
from storage.reporting.options import written_by_token
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import PairAmounts
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

_MINUTE_NS = 60 * NS_PER_S
_SENT = "SELECT COUNT(*) FROM execute_trade_commands WHERE at_ns >= ? AND at_ns < ?"
_WITHDRAWALS = "SELECT action_id, status FROM liquidity_actions WHERE kind = 'withdrawal' AND at_ns < ?"

Curve = Sequence[tuple[int, int | None, int | None]]


def recall(reader: Reader, tokens: TokenTable, *, day_ns: int, started_ns: int) -> Recalled:
    """Return what a desk that started then takes over of the UTC day that began at ``day_ns``. Raises HistoryError."""
    statuses: dict[str, set[str]] = {}
    for action_id, status in reader.rows(_WITHDRAWALS, started_ns):
        statuses.setdefault(action_id, set()).add(status)
    before, _ = mids.mids_around(reader, started_ns)
    return Recalled(
        today=earned(reader, tokens, Span(day_ns, started_ns), with_curve=True),
        held=_held(_before(holdings.opening(reader, Span(started_ns, started_ns), tokens)), tokens),
        before=_dated(before),
        withdrawals={action_id: frozenset(found) for action_id, found in statuses.items()},
        options=_options(reader, tokens, Span(day_ns, started_ns)),
    )


def _options(reader: Reader, tokens: TokenTable, span: Span) -> OptionSides:
    found, sides = trading.fills(reader, span), OptionSides()
    marks = horizon_mids(reader, _runs_of(reader, span), found)
    for fill in found:
        one = mark_fill(fill, marks, tokens)
        known = fill.edge is not None and one.booked_edge is not None
        of_side = sides.buy if one.side == "buy" else sides.sell
        of_side.add_fill((fill.edge or 0) - (one.booked_edge or 0) if known else None)
    base = {token.token_id for token in tokens.of(tokens.base)}
    for token_id, written in written_by_token(reader, span).items():
        of_side = sides.buy if token_id in base else sides.sell
        of_side.quotes += written.quotes
        of_side.written += written.worth
    return sides


def _runs_of(reader: Reader, span: Span) -> list[RunRow]:
    return [run for run in runs(reader) if run.started_ns < span.to_ns and run.last_write_ns >= span.from_ns]


def earned(reader: Reader, tokens: TokenTable, span: Span, *, with_curve: bool = False) -> Earned:
    """Sum up the span."""
    found = trading.fills(reader, span)
    opening, closing = holdings.opening(reader, span, tokens), holdings.closing(reader, span, tokens)
    flows = [
        *movements.movements_between(reader, span, opening, closing),
        *holdings.accepted_movements(differences.accepted_differences(reader, span), tokens),
    ]
    moves = sorted(_moves(flows, tokens))
    before, after = (_dated(one) for one in mids.mids_around(reader, span.from_ns))
    first = nearest(before, after, span.from_ns)
    [(sent,)] = reader.rows(_SENT, span.from_ns, span.to_ns)
    held = _held(opening, tokens)
    return Earned(
        from_ns=span.from_ns,
        sums=_sums(reader, found, tokens, span),
        sent=int(sent),
        held=held,
        before=before,
        after=after,
        moved=sum(base for _, base in moves),
        moved_value=sum(_value(reader, tokens, at_ns, base, first) for at_ns, base in moves),
        curve=_curve(reader, tokens, span, found, held, moves) if with_curve else (),
    )


def span_earned(reader: Reader, tokens: TokenTable, span: Span) -> EarnedSpan:
    """Return the figures of a span, marked to the mid nearest to its end. Raises HistoryError."""
    one, last = earned(reader, tokens, span), mids.nearest_mid(reader, span.to_ns)
    first = nearest(one.before, one.after, span.from_ns)
    return earned_span(
        tokens.base,
        tokens.quote,
        one.sums,
        OpenPosition(one.held, None if first is None else first.mid, one.moved, one.moved_value),
        from_ns=span.from_ns,
        sent=one.sent,
        mid=None if last is None else last.mid,
    )


def _before(opening: Mapping[str, movements.Balance]) -> Mapping[str, movements.Balance]:
    return {token: held for token, held in opening.items() if not held.first}


def _held(opening: Mapping[str, movements.Balance], tokens: TokenTable) -> int | None:
    if not any(token.token_id in opening for token in tokens.of(tokens.base)):
        return None
    return tokens.worth(TokenAmounts({token_id: one.units for token_id, one in opening.items()})).base


def _moves(flows: Iterable[movements.MoneyMovement], tokens: TokenTable) -> Iterable[tuple[int, int]]:
    for flow in flows:
        token = tokens.get(flow.asset)
        if token is not None and token.underlying == tokens.base:
            yield flow.at_ns, flow.amount * token.scale


def _value(reader: Reader, tokens: TokenTable, at_ns: int, base: int, first: DatedMid | None) -> int:
    near = _dated(mids.nearest_mid(reader, at_ns)) or first
    return 0 if near is None else value_at_mid(tokens.base, tokens.quote, base, near.mid)


def _sums(reader: Reader, found: Sequence[trading.FillRecord], tokens: TokenTable, span: Span) -> FillSums:
    marks, sums = horizon_mids(reader, _runs_of(reader, span), found), FillSums()
    for fill in found:
        fee = tokens.worth(TokenAmounts({fill.asset_out: protocol_fee(fill.amount_out)}))
        sums.add(holdings.worth_moved(fill, tokens), edge=fill.edge or 0, fee=fee)
        one = mark_fill(fill, marks, tokens)
        for place, hundredths in enumerate(one.markouts):
            if hundredths is not None:
                sums.mark(place, one.quote, hundredths)
    return sums


def _curve(
    reader: Reader,
    tokens: TokenTable,
    span: Span,
    found: Sequence[trading.FillRecord],
    held: int | None,
    moves: Sequence[tuple[int, int]],
) -> Curve:
    """Trading P&L and BTC held at each full minute; the P&L only where a mid was recorded in the minute before."""
    minutes = range(-(-span.from_ns // _MINUTE_NS) * _MINUTE_NS, span.to_ns, _MINUTE_NS)
    known = mids.mids_at(reader, minutes)
    flowed = _running((at_ns, PairAmounts(base, 0)) for at_ns, base in moves)
    filled = _running((fill.at_ns, holdings.worth_moved(fill, tokens)) for fill in found)
    points: list[tuple[int, int | None, int | None]] = []
    for at_ns in minutes:
        near, moved = known.get(at_ns), _until(filled, at_ns)
        if near is not None:
            trading_pnl = value_at_mid(tokens.base, tokens.quote, moved.base, Decimal(near.mid)) + moved.quote
            points.append(
                (at_ns, trading_pnl, None if held is None else held + moved.base + _until(flowed, at_ns).base)
            )
    return points


def _running(changes: Iterable[tuple[int, PairAmounts]]) -> tuple[list[int], list[PairAmounts]]:
    times, sums, total = [], [], PairAmounts(0, 0)
    for at_ns, change in changes:
        total += change
        times.append(at_ns)
        sums.append(total)
    return times, sums


def _until(running: tuple[list[int], list[PairAmounts]], at_ns: int) -> PairAmounts:
    times, sums = running
    place = bisect_right(times, at_ns)
    return sums[place - 1] if place else PairAmounts(0, 0)


def _dated(one: mids.RecordedMid | None) -> DatedMid | None:
    return None if one is None else DatedMid(one.at_ns, one.mid)
