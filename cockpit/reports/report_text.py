"""The trading report as text, JSON and CSV. Pure."""

import csv
import io
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.accounting.markouts import HORIZONS_S
from cockpit.reports import sections
from cockpit.reports.csv_cells import csv_row
from cockpit.reports.figures import ReportedFill, TradingReport

WIDTH = 80
PERCENTILES = ("reaction_us", "relay_latency_ms")


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
    figures = _plain(msgspec.structs.replace(report, fills=(), curve=()))
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
            elif isinstance(inner, dict) and {"by", "sent"} <= inner.keys():
                values = {key: figure for key, figure in inner.items() if key not in ("by", "bucket")}
                yield from _flat(f"{name}.{inner['by']}.{inner['bucket']}", values)
            elif isinstance(inner, dict) and "share" in inner:
                yield from _flat(f"{name}.{inner.pop('seconds')}s", inner)
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
    parts = [[sections.title(report), *textwrap.wrap(sections.whose(report), WIDTH)]]
    parts += [_section(one) for one in sections.sections(report)]
    return "\n\n".join("\n".join(part) for part in parts)


def table(rows: Sequence[sections.Cells]) -> list[str]:
    """Align rows: the first column to the left, the others to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [
        "  ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(row, widths, strict=True)) for row in rows)
    ]
    return [f"  {line.rstrip()}" for line in lines]


def _section(one: sections.Section) -> list[str]:
    lines = [
        line
        for text in one.lines
        for line in textwrap.wrap(text, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)
    ]
    rows = [] if one.rows is None else table(one.rows) if len(one.rows) > 1 else ["  none"]
    notes = [
        line
        for text in one.notes
        for line in textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="      ")
    ]
    return [one.title, *lines, *rows, *([f"  {sections.FAR_MIDS}", *notes] if notes else [])]
