"""The trading report as text, JSON and CSV. Pure."""

import csv
import io
import textwrap
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.accounting.markouts import HORIZONS_S
from cockpit.model.formatting import exact, number, percent, rounded
from cockpit.model.printable import printable
from cockpit.reports.csv_cells import csv_row
from cockpit.reports.figures import ReportedFill, TradingReport
from venue.protocol.assets import EXACT
from venue.protocol.units import NS_PER_S

Cells = Sequence[str]
WIDTH = 80
FAR_NS = 60 * NS_PER_S
"""A mid is recorded whenever it moves: one further away than this means that the reference was not trusted."""
PERCENTILES = ("reaction_us", "relay_latency_ms")
KINDS = {"top_level": "top level", "router_leg": "router legs", "dry": "dry", "": "not told"}


def as_json(report: TradingReport) -> str:
    """Return one JSON object; amounts are decimal strings."""
    return msgspec.json.format(msgspec.json.encode(_plain(report)), indent=2).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, tuple) else value


def as_csv(report: TradingReport) -> str:
    """Return every figure as ``figure,value``; nested figures are named with a point."""
    figures = _plain(msgspec.structs.replace(report, fills=()))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("figure", "value"))
    writer.writerows(csv_row(pair) for pair in _flat("", figures))
    return out.getvalue()


def _flat(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        if {"by", "bucket", "seconds"} <= value.keys():
            label = f"{name}.{value['by']}.{value['bucket']}.{value['seconds']}s"
            yield from ((f"{label}.{key}", value[key]) for key in ("fills", "known", "bps"))
            return
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}" if name else key, inner)
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            if isinstance(inner, list | tuple) and len(inner) == 2 and isinstance(inner[0], str):
                yield f"{name}.{inner[0]}", inner[1]
            elif isinstance(inner, dict) and ("side" in inner or "asset" in inner):
                yield from _flat(f"{name}.{inner.get('side') or inner.get('asset')}", inner)
            elif isinstance(inner, dict) and "kind" in inner:
                yield from _flat(f"{name}.{inner['kind'] or 'not_told'}", inner)
            elif isinstance(inner, dict):
                yield from _flat(name if "by" in inner else f"{name}.{place}", inner)
            else:
                yield f"{name}.{('p50', 'p99', 'max')[place] if name in PERCENTILES else place}", inner
    else:
        yield name, "" if value is None else value


def fills_csv(fills: Iterable[ReportedFill]) -> str:
    """Return one row a fill, its markouts in bps."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    names = [name for name in ReportedFill.__struct_fields__ if name != "markouts"]
    writer.writerow((*names, *(f"markout_{seconds}s_bps" for seconds in HORIZONS_S)))
    for fill in fills:
        values = [getattr(fill, name) for name in names]
        writer.writerow(csv_row((*values, *fill.markouts)))
    return out.getvalue()


def as_text(report: TradingReport) -> str:
    """For people, 80 columns wide."""
    run = "run" if report.runs == 1 else "runs"
    parts = [
        [f"{utc(report.from_ns)}  to  {utc(report.to_ns)}  ({report.runs} {run})", *_whose(report)],
        _quotes(report),
        _section("Fills", _fills(report)),
        *_options(report),
        _section("Inventory", _inventory(report)),
        *_accepted(report),
        [*_section("P&L, EURe", _pnl(report)), *_far_mids(report)],
        _section("Fees", _fees(report)),
        _section("Markouts, bps in the desk's favour, weighted by EURe", _markouts(report)),
        _section(f"Not quoted, and every check that failed in {_of(report)}", _not_quoted(report)),
    ]
    return "\n\n".join("\n".join(part) for part in parts)


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


def _whose(report: TradingReport) -> list[str]:
    """Name account and mode, so that a rehearsal's figures are not taken for real ones."""
    names = f"{', '.join(report.modes)}  account {', '.join(report.accounts)}"
    return textwrap.wrap(printable(names), WIDTH) if report.accounts else []


def utc(ns: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(ns // 10**9)) + " UTC"


def table(rows: Sequence[Cells]) -> list[str]:
    """Align rows: the first column to the left, the others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        "  ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(row, widths, strict=True)) for row in rows)
    ]
    return [f"  {line.rstrip()}" for line in lines]


def _section(title: str, rows: Sequence[Cells]) -> list[str]:
    return [title, *(table(rows) if len(rows) > 1 else ["  none"])]


def _quotes(report: TradingReport) -> list[str]:
    outcomes = report.outcomes
    counted = ", ".join(
        f"{name} {number(outcomes.get(name, 0))}"
        for name in ("accepted", "refused", "unknown", "settled", "expired", "burned")
    )
    p50, p99, most = (rounded(us, 1) for us in report.reaction_us)
    seen = report.outcomes.get("settled", 0) + report.others_settled
    return [
        "Quotes",
        f"  requests {number(report.demands)}{_of_them(report)}, decided {number(report.decisions)}, "
        f"sent {number(report.sent)}",
        *(
            [f"  requests without a quote were deleted (HISTORY_KEEP_DAYS): {number(report.requests_deleted)} or more"]
            if report.requests_deleted
            else []
        ),
        f"  {counted}",
        f"  win rate (settled / accepted) {percent(report.win_rate)} %",
        f"  market share {percent(report.market_share)} % of {number(seen)} settlements seen on all pairs",
        f"  reaction p50 {p50}, p99 {p99}, max {most} µs",
        *_from_relay(report),
        *(
            f"  {KINDS[one.kind]}: accepted {number(one.accepted)}, settled {number(one.settled)}, "
            f"win rate {percent(one.win_rate)} %"
            for one in report.kinds
            if len(report.kinds) > 1
        ),
    ]


def _of_them(report: TradingReport) -> str:
    parts = [("router legs", report.router_legs), ("dry not counted", report.dry)]
    named = ", ".join(f"{name} {number(count)}" for name, count in parts if count)
    return f" ({named})" if named else ""


def _from_relay(report: TradingReport) -> list[str]:
    p50, p99, most = report.relay_latency_ms
    if p50 is None:
        return []
    return [
        f"  relay latency p50 {p50}, p99 {p99}, max {most} ms of {number(report.dated)} dated requests,",
        "    the offset of the two clocks included",
    ]


def _fills(report: TradingReport) -> list[Cells]:
    buys, sells = report.sides
    net = exact(EXACT.subtract(buys.btc, sells.btc), signed=True)
    rows = [(side.side, side.fills, exact(side.btc), side.eure, side.spread) for side in report.sides]
    rows.append(("both", buys.fills + sells.fills, f"{net} net", buys.eure + sells.eure, buys.spread + sells.spread))
    return [
        ("side", "fills", "BTC", "EURe", "spread earned EURe"),
        *((name, number(fills), btc, rounded(eure, 2), rounded(spread, 4)) for name, fills, btc, eure, spread in rows),
    ]


def _options(report: TradingReport) -> list[list[str]]:
    """What the options in quotes cost; no section without a fill and without a measurement."""
    options = report.options
    if options is None or not (options.known or options.minutes):
        return []
    lines = ["Options in quotes, EURe"]
    if options.known:
        lines.append(
            f"  given away {rounded(options.given_away, 4, signed=True)} while quotes were open: "
            f"edge {rounded(options.signed_edge, 4)} at signing,"
        )
        lines.append(
            f"    {rounded(options.booked_edge, 4)} at booking, of {number(options.known)} of "
            f"{number(options.fills)} fills"
        )
    if options.minutes:
        lines.append(
            f"  worth to holders, by the model: mean {rounded(options.mean_value, 4)} "
            f"(intrinsic {rounded(options.mean_intrinsic, 4)}), peak {rounded(options.peak_value, 4)}"
        )
        lines.append(f"  a 1 % jump would have cost at most {rounded(options.peak_jump, 2)}")
    return [lines]


def _inventory(report: TradingReport) -> list[Cells]:
    rows: list[Cells] = [("", *(change.asset for change in report.inventory))]
    names = ("opening", "filled", "deposited", "withdrawn", "accepted", "unexplained", "closing")
    return [*rows, *((name, *(exact(getattr(change, name)) for change in report.inventory)) for name in names)]


def _accepted(report: TradingReport) -> list[list[str]]:
    """Return accepted differences: by whom and why; no section if there are none."""
    lines = ["Accepted unexplained differences"]
    for one in report.accepted:
        amounts = (("BTC", one.btc), ("EURe", one.eure))
        differences = ", ".join(f"{exact(amount, signed=True)} {asset}" for asset, amount in amounts if amount)
        lines += textwrap.wrap(
            f"{utc(one.at_ns)}  {differences}, by {one.actor}: {one.reason}",
            WIDTH,
            initial_indent="  ",
            subsequent_indent="    ",
        )
    return [lines] if report.accepted else []


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
    far = [f"the {name} mid is of {utc(mid_ns)}" for name, at_ns, mid_ns in ends if _is_far(at_ns, mid_ns)]
    far += [
        f"{one.kind} of {exact(abs(one.amount))} {one.asset} at {utc(one.at_ns)}: valued by the mid of "
        f"{utc(one.mid_at_ns)}"
        for one in pnl.movements
        if _is_far(one.at_ns, one.mid_at_ns)
    ]
    notes = [line for text in far for line in textwrap.wrap(text, WIDTH - 4, subsequent_indent="  ")]
    return ["  no mid within a minute:", *(f"    {line}" for line in notes)] if far else []


def _is_far(at_ns: int, mid_ns: int) -> bool:
    return abs(at_ns - mid_ns) > FAR_NS


def _fees(report: TradingReport) -> list[Cells]:
    fees = report.fees
    return [
        ("", "BTC", "EURe"),
        (
            f"protocol, {fees.pips} {'pip' if fees.pips == 1 else 'pips'}, part of the amounts given",
            exact(fees.protocol_btc),
            rounded(fees.protocol_eure, 6),
        ),
        ("bridge, for completed withdrawals", exact(fees.bridge_btc), exact(fees.bridge_eure)),
    ]


def _markouts(report: TradingReport) -> list[Cells]:
    rows: list[Cells] = [("", "fills", *(f"{seconds} s" for seconds in HORIZONS_S))]
    groups: dict[tuple[str, str], list[tuple[int, Decimal | None]]] = {}
    for markout in report.markouts:
        groups.setdefault((markout.by, markout.bucket), []).append((markout.fills, markout.bps))
    for (by, bucket), found in groups.items():
        name = "all" if by == "all" else bucket if by == "side" else f"{by} {bucket}{' EURe' if by == 'size' else ''}"
        rows.append((name, number(found[0][0]), *(rounded(bps, 2, signed=True) for _, bps in found)))
    return rows
