"""What a report says, section by section: the same in the terminal and on a page. Pure."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from cockpit.accounting.markouts import HORIZONS_S
from cockpit.model.formatting import UNKNOWN, age, counted, exact, number, percent, readable, rounded, utc_moment
from cockpit.reports.breakdowns.group_tables import group_tables
from cockpit.reports.figures import SideFigures, TradingReport
from storage.reporting.notes import RecordedNote
from venue.protocol.assets import EXACT
from venue.protocol.units import NS_PER_S

Cells = Sequence[str]
FAR_NS = 60 * NS_PER_S
"""A mid is recorded whenever it moves: one further away than this means that the reference was not trusted."""
FAR_MIDS = "no mid within a minute:"
MOST_MARKS = 60
_KINDS = {"top_level": "top level", "router_leg": "router legs", "dry": "dry", "": "not told"}


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A title, sentences, a table whose first row names its columns, and what to note about it; any may be missing."""

    title: str
    lines: Sequence[str] = ()
    rows: Sequence[Cells] | None = None
    notes: Sequence[str] = ()


def title(report: TradingReport) -> str:
    return f"{utc_moment(report.from_ns)}  to  {utc_moment(report.to_ns)}  ({counted(report.runs, 'run')})"


def whose(report: TradingReport) -> str:
    """Name account and mode, so that a rehearsal's figures are not taken for real ones; empty without a run."""
    return f"{', '.join(report.modes)}  account {', '.join(report.accounts)}" if report.accounts else ""


def sections(report: TradingReport, *, wide: bool = False, full_names: bool = False) -> list[Section]:
    """Return every section; ``wide``: tables may be wider than a terminal of 80 columns; ``full_names``: their labels.

    Whatever is asked, the sections are the same ones in the same order.
    """
    groups = group_tables(report.groups, wide=wide, full_names=full_names)
    return [
        Section(title="Quotes", lines=_quotes(report)),
        Section(title="Fills", rows=_fills(report)),
        *_options(report),
        Section(title="Inventory", rows=_inventory(report)),
        *_accepted(report),
        Section(title="P&L, EURe", rows=_pnl(report), notes=_far_mids(report)),
        *_capital(report),
        Section(title="Fees", rows=_fees(report)),
        Section(title="Markouts, bps in the desk's favour, weighted by EURe", rows=_markouts(report)),
        *(Section(title=name, rows=rows) for name, rows in groups),
        *_notes(report),
        Section(title=f"Not quoted, and every check that failed in {_of(report)}", rows=_not_quoted(report)),
    ]


def _notes(report: TradingReport) -> list[Section]:
    """Number the notes as the charts do."""
    lines = [f"{place}  {utc_moment(note.at_ns)}  {note.actor}: {note.text}" for place, note in numbered(report.notes)]
    return [Section(title="Notes of operators", lines=lines)] if lines else []


def numbered(notes: Sequence[RecordedNote]) -> list[tuple[str, RecordedNote]]:
    """Return each note with its number."""
    return [(f"{place}", note) for place, note in enumerate(notes, 1)]


def marks(report: TradingReport) -> list[tuple[int, str]]:
    """Return where the charts over time have a note, UTC ns, and its number; the newest, where there are many."""
    if not report.curve:
        return []
    first, last = report.curve[0].at_ns, report.curve[-1].at_ns
    return [(note.at_ns, name) for name, note in numbered(report.notes) if first <= note.at_ns <= last][-MOST_MARKS:]


def _quotes(report: TradingReport) -> list[str]:
    outcomes = report.outcomes
    counted = ", ".join(
        f"{name} {number(outcomes.get(name, 0))}"
        for name in ("accepted", "refused", "unknown", "settled", "expired", "burned")
    )
    p50, p99, most = (rounded(us, 1) for us in report.reaction_us)
    seen = report.outcomes.get("settled", 0) + report.others_settled
    deleted = f"requests without a quote were deleted (HISTORY_KEEP_DAYS): {number(report.requests_deleted)} or more"
    return [
        f"requests {number(report.demands)}{_of_them(report)}, decided {number(report.decisions)}, "
        f"sent {number(report.sent)}",
        *([deleted] if report.requests_deleted else []),
        counted,
        f"win rate (settled / accepted) {percent(report.win_rate)} %",
        *_hits(report),
        f"market share {percent(report.market_share)} % of {number(seen)} settlements seen on all pairs",
        f"reaction p50 {p50}, p99 {p99}, max {most} µs",
        *_from_relay(report),
        *_to_fills(report),
        *(
            f"{_KINDS[one.kind]}: accepted {number(one.accepted)}, settled {number(one.settled)}, "
            f"win rate {percent(one.win_rate)} %"
            for one in report.kinds
            if len(report.kinds) > 1
        ),
    ]


def _hits(report: TradingReport) -> list[str]:
    hits = report.hits
    if hits is None or not hits.sent:
        return []
    still = f", {number(hits.open)} open" if hits.open else ""
    return [f"hit ratio {percent(hits.ratio)} %: {number(hits.filled)} filled of {number(hits.sent)} sent{still}"]


def _to_fills(report: TradingReport) -> list[str]:
    found = report.latency
    if found is None or not found.known:
        return []
    p50, p90, p99, most = (number(ms) for ms in (found.p50_ms, found.p90_ms, found.p99_ms, found.max_ms))
    return [f"quote to fill p50 {p50}, p90 {p90}, p99 {p99}, max {most} ms of {counted(found.known, 'fill')}"]


def _of_them(report: TradingReport) -> str:
    parts = [("router legs", report.router_legs), ("dry not counted", report.dry)]
    named = ", ".join(f"{name} {number(count)}" for name, count in parts if count)
    return f" ({named})" if named else ""


def _from_relay(report: TradingReport) -> list[str]:
    p50, p99, most = report.relay_latency_ms
    if p50 is None:
        return []
    return [
        f"relay latency p50 {p50}, p99 {p99}, max {most} ms of {counted(report.dated, 'dated request')}, "
        "the offset of the two clocks included"
    ]


def _fills(report: TradingReport) -> list[Cells]:
    buys, sells = report.sides
    net = exact(EXACT.subtract(buys.btc, sells.btc), signed=True)
    both = SideFigures(
        side="both",
        fills=buys.fills + sells.fills,
        btc=Decimal(0),
        eure=buys.eure + sells.eure,
        spread=buys.spread + sells.spread,
        spread_unknown=buys.spread_unknown + sells.spread_unknown,
    )
    amounts = [*(exact(side.btc) for side in report.sides), f"{net} net"]
    return [
        ("side", "fills", "BTC", "EURe", "spread earned EURe"),
        *(
            (one.side, number(one.fills), btc, rounded(one.eure, 2), _spread(one))
            for one, btc in zip((*report.sides, both), amounts, strict=True)
        ),
    ]


def _spread(one: SideFigures) -> str:
    if not one.spread_unknown:
        return rounded(one.spread, 4)
    return UNKNOWN if one.spread_unknown == one.fills else f"{rounded(one.spread, 4)} + {one.spread_unknown:,} unknown"


def _options(report: TradingReport) -> list[Section]:
    """What the options in quotes cost; no section without a fill and without a measurement."""
    options = report.options
    if options is None or not (options.known or options.minutes or options.written is not None):
        return []
    lines = []
    if options.written is not None:
        lines.append(
            f"written: {rounded(options.written, 4)}, what the options were worth at signing by the model; "
            + "; ".join(
                f"{one.side}s {rounded(one.written, 4)}, given away {rounded(one.given_away, 4, signed=True)}"
                for one in options.sides
            )
        )
    if options.known:
        lines.append(
            f"given away {rounded(options.given_away, 4, signed=True)} while quotes were open: "
            f"edge {rounded(options.signed_edge, 4)} at signing, {rounded(options.booked_edge, 4)} at booking, "
            f"of {number(options.known)} of {counted(options.fills, 'fill')}"
        )
    if options.minutes:
        lines += [
            f"worth to holders, by the model: mean {rounded(options.mean_value, 4)} "
            f"(intrinsic {rounded(options.mean_intrinsic, 4)}), peak {rounded(options.peak_value, 4)}",
            f"a 1 % jump would have cost at most {rounded(options.peak_jump, 2)}",
        ]
    return [Section(title="Options in quotes, EURe", lines=lines)]


def _inventory(report: TradingReport) -> list[Cells]:
    rows: list[Cells] = [("", *(change.asset for change in report.inventory))]
    names = ("opening", "filled", "deposited", "withdrawn", "accepted", "unexplained", "closing")
    return [
        *rows,
        *((name, *(readable(getattr(change, name), change.asset) for change in report.inventory)) for name in names),
    ]


def _accepted(report: TradingReport) -> list[Section]:
    """Return accepted differences: by whom and why; no section if there are none."""
    lines = []
    for one in report.accepted:
        amounts = (("BTC", one.btc), ("EURe", one.eure))
        differences = ", ".join(
            f"{readable(amount, asset, signed=True)} {asset}" for asset, amount in amounts if amount
        )
        lines.append(f"{utc_moment(one.at_ns)}  {differences}, by {one.actor}: {one.reason}")
    return [Section(title="Accepted unexplained differences", lines=lines)] if report.accepted else []


def _pnl(report: TradingReport) -> list[Cells]:
    pnl = report.profit
    if pnl is None:
        return [("", ""), ("unknown", report.profit_unknown)]
    closing = number(pnl.closing_mid, 2)
    return [
        (f"trading, fills marked to {closing}", rounded(pnl.trading, 4, signed=True)),
        (f"held BTC, {number(pnl.opening_mid, 2)} to {closing}", rounded(pnl.revaluation, 4, signed=True)),
        ("total", rounded(pnl.total, 4, signed=True)),
        ("by average cost: realised", rounded(pnl.realised, 4, signed=True)),
        ("by average cost: unrealised", rounded(pnl.unrealised, 4, signed=True)),
    ]


def _far_mids(report: TradingReport) -> list[str]:
    """Say what was valued by a mid of more than a minute before or after it."""
    pnl = report.profit
    if pnl is None:
        return []
    ends = (("opening", report.from_ns, pnl.opening_mid_at_ns), ("closing", report.to_ns, pnl.closing_mid_at_ns))
    # A range may be open at both ends: it begins before the first mid and ends after the last.
    far = [f"the {name} mid is of {utc_moment(mid_ns)}" for name, at_ns, mid_ns in ends if _is_far(at_ns, mid_ns)]
    far += [
        f"{one.kind} of {readable(abs(one.amount), one.asset)} {one.asset} at {utc_moment(one.at_ns)}: "
        f"valued by the mid of {utc_moment(one.mid_at_ns)}"
        for one in pnl.movements
        if _is_far(one.at_ns, one.mid_at_ns)
    ]
    return far


def _is_far(at_ns: int, mid_ns: int) -> bool:
    return abs(at_ns - mid_ns) > FAR_NS


def _capital(report: TradingReport) -> list[Section]:
    found, half_life, pnl = report.capital, report.half_life, report.profit
    if found is None:
        return []
    rows: list[Cells] = [
        ("", "EURe", "of the mean, %"),
        ("held, mean", rounded(found.mean, 2), ""),
        _return("trading, against holding", None if pnl is None else pnl.trading, found.trading_return),
        _return("holding alone", found.holding, found.holding_return),
        _return("both, the total", None if pnl is None else pnl.total, found.total_return),
    ]
    if found.a_year is not None:
        rows.append(("trading, at this rate for 365 days", "", percent(found.a_year, 2)))
    rows.append(("deepest fall of trading P&L", rounded(found.drawdown, 4), ""))
    lines = []
    if half_life is not None and half_life.opened:
        half_ms = half_life.half_life_ms
        offset = "half is not offset yet" if half_ms is None else f"half was offset after {age(half_ms)}"
        lines.append(
            f"inventory half-life: of {readable(half_life.opened, 'BTC')} BTC that fills opened, {offset} "
            f"({readable(half_life.offset, 'BTC')} at the end)"
        )
    return [Section(title="Capital", lines=lines, rows=rows)]


def _return(name: str, made: Decimal | None, share: Decimal | None) -> Cells:
    return name, rounded(made, 4, signed=True), percent(share, 4)


def _fees(report: TradingReport) -> list[Cells]:
    fees = report.fees
    return [
        ("", "BTC", "EURe"),
        (
            f"protocol, {counted(fees.pips, 'pip')}, part of the amounts given",
            readable(fees.protocol_btc, "BTC"),
            rounded(fees.protocol_eure, 6),
        ),
        ("bridge, for completed withdrawals", readable(fees.bridge_btc, "BTC"), readable(fees.bridge_eure, "EURe")),
    ]


def _markouts(report: TradingReport) -> list[Cells]:
    rows: list[Cells] = [("", "fills", *(f"{seconds} s" for seconds in HORIZONS_S))]
    groups: dict[tuple[str, str], list[tuple[int, Decimal | None]]] = {}
    for markout in report.markouts:
        groups.setdefault((markout.by, markout.bucket), []).append((markout.fills, markout.bps))
    for (by, bucket), found in groups.items():
        label, unit = "lifetime" if by == "life" else by, " EURe" if by == "size" else ""
        name = bucket if by in ("all", "side") else f"{label} {bucket}{unit}"
        rows.append((name, number(found[0][0]), *(rounded(bps, 2, signed=True) for _, bps in found)))
    if any(one.known for one in report.adverse):
        shares = (percent(one.share) for one in report.adverse)
        rows.append(("adverse, % of the fills", number(max(one.known for one in report.adverse)), *shares))
    return rows


def _of(report: TradingReport) -> str:
    every = sum(count for _, count in report.not_quoted)
    return "them" if report.failing_of == every else f"the newest {number(report.failing_of)}"


def _not_quoted(report: TradingReport) -> list[Cells]:
    first, failing = dict(report.not_quoted), dict(report.failing)
    names = [*failing, *(reason for reason in first if reason not in failing)]
    return [
        ("check", "failed first", "failed"),
        *((name, number(first.get(name, 0)), number(failing.get(name, 0))) for name in names),
    ]
