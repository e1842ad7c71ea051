"""Computes the figures of `cockpit report` from history alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import msgspec

from cockpit.accounting.markouts import HORIZONS_S, in_bps, markout
from cockpit.accounting.percentiles import counted_percentile, percentile
from cockpit.accounting.pnl import InventoryChange, average_cost_pnl, value_at_mid
from cockpit.reports import holdings
from cockpit.reports.figures import (
    Fees,
    KindFigures,
    MeanMarkout,
    ProfitAndLoss,
    ReportedFill,
    SideFigures,
    TradingReport,
    ValuedMovement,
)
from cockpit.reports.given_away import booked_edge, option_figures
from storage.reader import Reader, RunRow, Span, runs
from storage.reporting import differences, mids, movements, trading
from storage.reporting.failing_checks import failing_checks
from storage.reporting.options import option_minutes
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import EXACT, Token
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S, PIPS

SIZES = ((5, "to 5"), (50, "to 50"), (500, "to 500"))
"""EURe."""
LIVES = ((30_000, "to 30 s"), (60_000, "to 60 s"), (120_000, "to 120 s"))
_HUNDREDTH = Decimal("0.01")


class _Marked(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A fill from the desk's side, base units of the underlyings, and its markouts in hundredths of a bps.

    ``booked_edge``: its gain against the mid when it was booked, base units of EURe; None where none was known.
    """

    fill: trading.FillRecord
    side: str
    base: int
    quote: int
    markouts: tuple[int | None, ...]
    booked_edge: int | None

    @property
    def life_ms(self) -> int:
        """How long the quote could be taken."""
        return (self.fill.deadline_ns - self.fill.sent_ns) // 1_000_000

    @property
    def asked_ms(self) -> int:
        """How long the request wanted that; a quote lives as long, and a little longer."""
        return self.life_ms if self.fill.asked_ms is None else self.fill.asked_ms


def trading_report(
    reader: Reader, span: Span, tokens: TokenTable, *, pips: int = 1, with_fills: bool = False
) -> TradingReport:
    """Compute the report of a span; ``pips``: the protocol's fee in millionths, which history does not hold."""
    every = [run for run in runs(reader) if run.started_ns < span.to_ns and run.last_write_ns >= span.from_ns]
    found = trading.fills(reader, span)
    counted = trading.count_events(reader, span)
    marks = _marks(reader, every, found)
    marked = [_mark(fill, marks, tokens) for fill in found]
    opening = holdings.opening(reader, span, tokens)
    accepted_differences = differences.accepted_differences(reader, span)
    closing = holdings.closing(reader, span, tokens)
    flows = [
        *movements.movements_between(reader, span, opening, closing),
        *holdings.accepted_movements(accepted_differences, tokens),
    ]
    pnl, unknown = _pnl(reader, span, tokens, opening, found, flows)
    failing = failing_checks(reader, span, (reason for reason in counted.reasons if reason != "quote"))
    settled = counted.outcomes.get("settled", 0)
    reactions = counted.reactions_ns
    return TradingReport(
        from_ns=span.from_ns,
        to_ns=span.to_ns,
        runs=len(every),
        accounts=tuple(dict.fromkeys(run.account for run in every)),
        modes=tuple(dict.fromkeys(run.mode for run in every)),
        demands=counted.requests,
        decisions=sum(counted.reasons.values()),
        sent=len(reactions),
        outcomes=counted.outcomes,
        win_rate=_ratio(settled - counted.settled.get("dry", 0), _accepted(counted) - counted.accepted.get("dry", 0)),
        market_share=_ratio(settled, settled + counted.others_settled),
        others_settled=counted.others_settled,
        not_quoted=tuple(
            sorted(
                ((reason, count) for reason, count in counted.reasons.items() if reason != "quote"),
                key=lambda item: (-item[1], item[0]),
            )
        ),
        failing=tuple(sorted(failing.counts.items(), key=lambda item: (-item[1], item[0]))),
        failing_of=failing.decisions,
        sides=tuple(_side(side, marked, tokens) for side in ("buy", "sell")),
        fees=_fees(found, trading.bridge_fees(reader, span), pips, tokens),
        inventory=holdings.shown(
            tokens, (holdings.change(token, opening, found, flows, closing) for token in tokens.tokens)
        ),
        accepted=tuple(holdings.accepted_row(one, tokens) for one in accepted_differences),
        profit=pnl,
        profit_unknown=unknown,
        reaction_us=(_us(percentile(reactions, 0.5)), _us(percentile(reactions, 0.99)), _us(percentile(reactions, 1))),
        markouts=_markouts(marked, tokens),
        fills=tuple(_fill_row(one, tokens) for one in marked) if with_fills else (),
        dry=counted.dry,
        requests_deleted=max(0, sum(counted.reasons.values()) - counted.requests - counted.dry),
        router_legs=counted.router_legs,
        kinds=_by_kind(counted),
        dated=sum(count for _, count in counted.latencies_ms),
        relay_latency_ms=(
            counted_percentile(counted.latencies_ms, 0.5),
            counted_percentile(counted.latencies_ms, 0.99),
            counted_percentile(counted.latencies_ms, 1),
        ),
        options=option_figures(
            ((one.fill.edge, one.booked_edge) for one in marked), option_minutes(reader, span), tokens.quote
        ),
    )


def _accepted(counted: trading.EventCounts) -> int:
    return counted.outcomes.get("accepted", 0)


def _by_kind(counted: trading.EventCounts) -> tuple[KindFigures, ...]:
    kinds = [kind for kind in ("top_level", "router_leg", "dry", "") if counted.accepted[kind] or counted.settled[kind]]
    return tuple(
        KindFigures(
            kind=kind,
            accepted=counted.accepted[kind],
            settled=counted.settled[kind],
            win_rate=_ratio(counted.settled[kind], counted.accepted[kind]),
        )
        for kind in kinds
    )


def _ratio(part: int, whole: int) -> Decimal | None:
    return (Decimal(part) / Decimal(whole)).quantize(Decimal("0.0001")) if whole else None


def _us(ns: int | None) -> Decimal | None:
    return None if ns is None else Decimal(ns).scaleb(-3)


def _marks(reader: Reader, every: Sequence[RunRow], found: Iterable[trading.FillRecord]) -> dict[int, mids.RecordedMid]:
    # The mids at every settlement and at each of its horizons; moments at which no desk ran are left out.
    horizons = (0, *HORIZONS_S)
    times = {fill.settled_ns + seconds * NS_PER_S for fill in found if fill.settled_ns for seconds in horizons}
    return mids.mids_at(reader, _while_a_desk_ran(sorted(times), every))


def _while_a_desk_ran(times: Iterable[int], every: Sequence[RunRow]) -> list[int]:
    """Pick the times, in order, that lie in a run; one pass over both."""
    ends = iter(sorted((run.started_ns, run.last_write_ns) for run in every))
    seen, started, ended = [], 0, -1
    for at_ns in times:
        while ended < at_ns and (run := next(ends, None)) is not None:
            started, ended = run[0], max(ended, run[1])
        if started <= at_ns <= ended:
            seen.append(at_ns)
    return seen


def _mark(fill: trading.FillRecord, marks: Mapping[int, mids.RecordedMid], tokens: TokenTable) -> _Marked:
    moved = holdings.worth_moved(fill, tokens)
    side = "buy" if moved.base > 0 else "sell"
    base, quote = abs(moved.base), abs(moved.quote)
    later = [_mid_after(fill, seconds, marks) for seconds in HORIZONS_S]
    booked = None if fill.settled_ns is None else marks.get(fill.settled_ns)
    return _Marked(
        fill=fill,
        side=side,
        base=base,
        quote=quote,
        markouts=tuple(
            None if mid is None else markout(tokens.base, tokens.quote, side, base, quote, mid) for mid in later
        ),
        booked_edge=booked_edge(tokens, side, base, quote, None if booked is None else booked.mid),
    )


def _mid_after(fill: trading.FillRecord, seconds: int, marks: Mapping[int, mids.RecordedMid]) -> Decimal | None:
    """Return the mid so many seconds after a settlement, the very one by which the desk marked it if it did."""
    if fill.settled_ns is None:
        return None
    due_ns = fill.settled_ns + seconds * NS_PER_S
    found = marks.get(due_ns)
    return None if found is None or (fill.marked and found.at_ns != due_ns) else found.mid


def _fill_row(one: _Marked, tokens: TokenTable) -> ReportedFill:
    fill = one.fill
    btc, eure = tokens.base.to_decimal(one.base), tokens.quote.to_decimal(one.quote)
    return ReportedFill(
        at_ns=fill.at_ns,
        quote_hash=fill.quote_hash,
        quote_id=fill.quote_id,
        tx_hash=fill.tx_hash,
        side=one.side,
        btc=btc,
        eure=eure,
        price=EXACT.divide(eure, btc).quantize(Decimal("1e-8")),
        spread=None if fill.edge is None else tokens.quote.to_decimal(fill.edge),
        life_ms=one.life_ms,
        markouts=tuple(None if hundredths is None else in_bps(hundredths) for hundredths in one.markouts),
    )


def _side(side: str, marked: Iterable[_Marked], tokens: TokenTable) -> SideFigures:
    ours = [one for one in marked if one.side == side]
    return SideFigures(
        side=side,
        fills=len(ours),
        btc=tokens.base.to_decimal(sum(one.base for one in ours)),
        eure=tokens.quote.to_decimal(sum(one.quote for one in ours)),
        spread=tokens.quote.to_decimal(sum(one.fill.edge or 0 for one in ours)),
    )


def _fees(found: Sequence[trading.FillRecord], bridge: Mapping[str, int], pips: int, tokens: TokenTable) -> Fees:
    protocol: Counter[str] = Counter()
    for fill in found:
        protocol[fill.asset_out] += -(-fill.amount_out * pips // PIPS)
    paid, bridged = tokens.worth(TokenAmounts(protocol)), tokens.worth(TokenAmounts(bridge))
    return Fees(
        pips=pips,
        protocol_btc=tokens.base.to_decimal(paid.base),
        protocol_eure=tokens.quote.to_decimal(paid.quote),
        bridge_btc=tokens.base.to_decimal(bridged.base),
        bridge_eure=tokens.quote.to_decimal(bridged.quote),
    )


def _pnl(
    reader: Reader,
    span: Span,
    tokens: TokenTable,
    opening: Mapping[str, movements.Balance],
    found: Sequence[trading.FillRecord],
    flows: Iterable[movements.MoneyMovement],
) -> tuple[ProfitAndLoss | None, str]:
    """Return the P&L, or why it is unknown."""
    base, quote = tokens.base, tokens.quote
    first, last = mids.nearest_mid(reader, span.from_ns), mids.nearest_mid(reader, span.to_ns)
    if first is None or last is None:
        return None, "no mid was recorded"
    if not any(token.token_id in opening for token in tokens.of(base)):
        return None, "no balance was recorded"
    held = tokens.worth(TokenAmounts({token_id: one.units for token_id, one in opening.items()})).base
    changes = []
    for fill in found:
        moved = holdings.worth_moved(fill, tokens)
        changes.append((fill.at_ns, InventoryChange(moved.base, moved.quote)))
    valued = []
    for flow in flows:
        token = tokens.get(flow.asset)
        if token is None or token.underlying != base:
            continue
        near = mids.nearest_mid(reader, flow.at_ns) or first
        changes.append((flow.at_ns, InventoryChange(flow.amount * token.scale, 0, near.mid)))
        valued.append(_valued(flow, token, near))
    changes.sort(key=lambda item: item[0])
    pnl = average_cost_pnl(base, quote, held, first.mid, [change for _, change in changes], last.mid)
    traded = tokens.worth(TokenAmounts(_sums(found)))
    trading_units = value_at_mid(base, quote, traded.base, last.mid) + traded.quote
    return ProfitAndLoss(
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
    ), ""


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


class _Mean:
    """Fills and, by horizon: how many are known, their EURe, and the sum of EURe times markout; base units."""

    __slots__ = ("fills", "known", "products", "weights")

    def __init__(self) -> None:
        self.fills = 0
        self.known = [0] * len(HORIZONS_S)
        self.weights = [0] * len(HORIZONS_S)
        self.products = [0] * len(HORIZONS_S)

    def add(self, other: "_Mean") -> None:
        self.fills += other.fills
        for place in range(len(HORIZONS_S)):
            self.known[place] += other.known[place]
            self.weights[place] += other.weights[place]
            self.products[place] += other.products[place]


def _summed(ours: Sequence[_Marked]) -> _Mean:
    mean = _Mean()
    mean.fills = len(ours)
    for place in range(len(HORIZONS_S)):
        known = [(one.quote, hundredths) for one in ours if (hundredths := one.markouts[place]) is not None]
        mean.known[place] = len(known)
        mean.weights[place] = sum(quote for quote, _ in known)
        mean.products[place] = sum(quote * hundredths for quote, hundredths in known)
    return mean


def _markouts(marked: Sequence[_Marked], tokens: TokenTable) -> tuple[MeanMarkout, ...]:
    """Return the means of all groups; sums are integers, exact and fast over many fills."""
    sizes = tuple((eure * 10**tokens.quote.decimals, label) for eure, label in SIZES)
    means: dict[tuple[str, str], _Mean] = {}
    sorted_out: dict[tuple[str, str, str], list[_Marked]] = {}
    for one in marked:
        key = one.side, _bucket(one.quote, sizes, "above 500"), _bucket(one.asked_ms, LIVES, "above 120 s")
        sorted_out.setdefault(key, []).append(one)
    for (side, size, life), ours in sorted_out.items():
        summed = _summed(ours)
        for by in (("all", "all"), ("side", side), ("size", size), ("life", life)):
            means.setdefault(by, _Mean()).add(summed)
    names = ("all", "side", "size", "life")
    order = [label for _, label in (*SIZES, *LIVES)]
    ranked = sorted(
        means, key=lambda key: (names.index(key[0]), order.index(key[1]) if key[1] in order else 99, key[1])
    )
    return tuple(
        MeanMarkout(
            by=by,
            bucket=bucket,
            seconds=seconds,
            fills=mean.fills,
            known=mean.known[place],
            bps=_weighted(mean.products[place], mean.weights[place]),
        )
        for by, bucket in ranked
        for mean in (means[by, bucket],)
        for place, seconds in enumerate(HORIZONS_S)
    )


def _weighted(product: int, weight: int) -> Decimal | None:
    return EXACT.divide(Decimal(product), Decimal(weight * 100)).quantize(_HUNDREDTH) if weight else None


def _bucket(value: int, bounds: Sequence[tuple[int, str]], beyond: str) -> str:
    return next((label for bound, label in bounds if value <= bound), beyond)
