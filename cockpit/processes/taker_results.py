"""What a rehearsal earned by each kind of taker: the desk's fills, joined with what the venue knows of who took them.

The desk is never told a taker's kind: the join comes after the run.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.accounting.markouts import HORIZONS_S, markout
from cockpit.accounting.pnl import value_at_mid
from cockpit.model.formatting import counted, rounded
from cockpit.reports import holdings
from storage.reader import LATER_NS, Reader, Span
from storage.reporting.mids import RecordedMid, mids_at, nearest_mid
from storage.reporting.options import written_by_token
from storage.reporting.trading import FillRecord
from venue.protocol.assets import EXACT, PairAmounts
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

OTHERS = "other"
"""Takers that are not the venue's own: whoever asked over the relay's RPC."""
WAITING = ("holder", "sweeper")
"""Kinds that keep a quote and take it only when that pays."""
_HUNDREDTH = Decimal("0.01")


class TakerResult(msgspec.Struct, frozen=True, kw_only=True):
    """The desk's fills with one kind of taker, whole EURe; None where a mid was not recorded.

    ``asked``: the kind's requests for our markets. ``spread``: the edge at signing; ``at_booking``: at the mid when the
    quote settled; ``given_away``: what was lost between. ``pnl``: at the last mid. ``markouts``: mean bps after 1,
    10, 60 and 300 s, weighted by EURe.
    """

    kind: str
    asked: int
    fills: int
    eure: Decimal
    spread: Decimal | None
    at_booking: Decimal | None
    given_away: Decimal | None
    pnl: Decimal | None
    markouts: tuple[Decimal | None, ...]


def taker_results(
    reader: Reader, tokens: TokenTable, fills: Sequence[FillRecord], takers: Mapping[str, Any]
) -> tuple[TakerResult, ...]:
    """Return the results by kind, in the venue's order; kinds that neither asked nor traded are left out.

    ``takers``: what the venue's ``GET /takers`` said.
    """
    kinds = {one["quote_hash"]: str(one["kind"]) for one in takers["taken"]}
    last = nearest_mid(reader, LATER_NS)
    # After the last recorded mid the market stood still, or the desk had ended: no markout is known there.
    horizons = {_settled_ns(fill) + seconds * NS_PER_S for fill in fills for seconds in HORIZONS_S}
    known = {at_ns for at_ns in horizons if last is not None and at_ns <= last.at_ns}
    mids = mids_at(reader, sorted(known | {_settled_ns(fill) for fill in fills}))
    asked = {name: int(counts["asked"]) for name, counts in takers["kinds"].items()}
    by_kind: dict[str, list[FillRecord]] = {name: [] for name in asked}
    for fill in fills:
        by_kind.setdefault(kinds.get(fill.quote_hash, OTHERS), []).append(fill)
    closing = None if last is None else last.mid
    return tuple(
        _result(name, asked.get(name, 0), found, mids, closing, tokens)
        for name, found in by_kind.items()
        if found or asked.get(name)
    )


class OptionResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the options in the run's quotes were worth and cost, whole EURe; None where it was not recorded.

    ``written``: at signing, by the model. ``given_away``: by all fills, from signing to booking. ``taken``: what those
    who wait for their moment, holders and sweepers, gained against the mid at which their quotes settled.
    """

    written: Decimal | None
    given_away: Decimal | None
    taken: Decimal | None


def option_result(reader: Reader, tokens: TokenTable, results: Sequence[TakerResult]) -> OptionResult:
    written = written_by_token(reader, Span(0, LATER_NS))
    waited = [one.at_booking for one in results if one.kind in WAITING and one.fills]
    at_booking = _sum_whole(waited)
    return OptionResult(
        written=tokens.quote.to_decimal(sum(one.worth for one in written.values())) if written else None,
        given_away=_sum_whole([one.given_away for one in results if one.fills]),
        taken=None if at_booking is None else -at_booking,
    )


def option_line(one: OptionResult) -> str:
    """Say it in one line, each amount as a part of what was written too."""
    parts = (f"given away {_part(one.given_away, one.written)}", f"taken by holders {_part(one.taken, one.written)}")
    return f"options in quotes: written {_plain(one.written)} EURe by the model, {', '.join(parts)}"


def _part(amount: Decimal | None, written: Decimal | None) -> str:
    share = f" ({rounded(amount / written * 100, 1)} %)" if amount is not None and written else ""
    return f"{_plain(amount)}{share}"


def _plain(amount: Decimal | None) -> str:
    return rounded(amount, 2, missing="unknown")


def _sum_whole(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def lines(results: Iterable[TakerResult]) -> list[str]:
    """Return a line for each kind."""
    return [_line(one) for one in results]


def _line(one: TakerResult) -> str:
    if not one.fills:
        return f"  {one.kind}: {one.asked} asked, no fill"
    marks = "/".join("–" if bps is None else f"{bps:+.1f}" for bps in one.markouts)
    return (
        f"  {one.kind}: {one.asked} asked, {counted(one.fills, 'fill')} of {one.eure:,.2f} EURe, "
        f"P&L {_signed(one.pnl)}, spread {_signed(one.spread)}, given away {_signed(one.given_away)}, "
        f"markouts {'/'.join(map(str, HORIZONS_S))} s {marks} bps"
    )


def _signed(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"{amount:+,.2f}"


def _result(
    kind: str,
    asked: int,
    fills: Sequence[FillRecord],
    mids: Mapping[int, RecordedMid],
    closing: Decimal | None,
    tokens: TokenTable,
) -> TakerResult:
    moved = [holdings.worth_moved(fill, tokens) for fill in fills]
    spread = _sum([fill.edge for fill in fills])
    at_booking = _sum([_gain(one, _booking_mid(fill, mids), tokens) for one, fill in zip(moved, fills, strict=True)])
    return TakerResult(
        kind=kind,
        asked=asked,
        fills=len(fills),
        eure=tokens.quote.to_decimal(sum(abs(one.quote) for one in moved)),
        spread=_whole(spread, tokens),
        at_booking=_whole(at_booking, tokens),
        given_away=_whole(None if spread is None or at_booking is None else spread - at_booking, tokens),
        pnl=_whole(_sum([_gain(one, closing, tokens) for one in moved]), tokens),
        markouts=tuple(_mean(fills, moved, seconds, mids, tokens) for seconds in HORIZONS_S),
    )


def _settled_ns(fill: FillRecord) -> int:
    return fill.settled_ns or fill.at_ns


def _booking_mid(fill: FillRecord, mids: Mapping[int, RecordedMid]) -> Decimal | None:
    """Return the mid recorded nearest to the settlement, before it or a second after: prices are thinned out."""
    at_ns = _settled_ns(fill)
    found = [mids[moment] for moment in (at_ns, at_ns + NS_PER_S) if moment in mids]
    return min(found, key=lambda one: abs(one.at_ns - at_ns)).mid if found else None


def _gain(moved: PairAmounts, mid: Decimal | None, tokens: TokenTable) -> int | None:
    return None if mid is None else value_at_mid(tokens.base, tokens.quote, moved.base, mid) + moved.quote


def _sum(amounts: Sequence[int | None]) -> int | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if len(known) == len(amounts) else None


def _whole(units: int | None, tokens: TokenTable) -> Decimal | None:
    return None if units is None else tokens.quote.to_decimal(units)


def _mean(
    fills: Sequence[FillRecord],
    moved: Sequence[PairAmounts],
    seconds: int,
    mids: Mapping[int, RecordedMid],
    tokens: TokenTable,
) -> Decimal | None:
    product = weight = 0
    for fill, one in zip(fills, moved, strict=True):
        mark = mids.get(_settled_ns(fill) + seconds * NS_PER_S)
        if mark is None or not one.quote:
            continue
        side, paid = "buy" if one.base > 0 else "sell", abs(one.quote)
        product += paid * markout(tokens.base, tokens.quote, side, abs(one.base), paid, mark.mid)
        weight += paid
    return EXACT.divide(Decimal(product), Decimal(weight * 100)).quantize(_HUNDREDTH) if weight else None
