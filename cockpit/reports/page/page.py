"""The report as one page of HTML. Pure: the same report gives the same page."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from html import escape

from cockpit.model.formatting import NOTHING, number, percent, rounded
from cockpit.model.printable import printable
from cockpit.reports import sections
from cockpit.reports.figures import SideFigures, TradingReport
from cockpit.reports.page.pictures import pictures
from cockpit.reports.page.style import CSS

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""Should anything of a name from outside ever be taken for markup, the browser still loads and runs nothing."""
REHEARSAL = "SANDBOX: a rehearsal. No real money was moved."
SANDBOX = "SANDBOX"
_ADVERSE_AT_S = 60


def page(report: TradingReport) -> str:
    """Return the page. Raises ChartsMissingError without the extra `charts`."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: TradingReport) -> Iterator[str]:
    whose, title = _text(sections.whose(report)), _text(sections.title(report))
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Trading report {title} {whose}</title>\n<style>\n{CSS}</style>\n</head>\n<body>\n<header>"
    yield f'<h1>Trading report</h1>\n<p>{title}</p>\n<p class="whose">{whose}</p>'
    if SANDBOX in report.modes:
        yield f'<p class="rehearsal">{REHEARSAL}</p>'
    yield "</header>\n<main>"
    yield "<dl>"
    for name, value in _key_figures(report):
        yield f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>"
    yield "</dl>"
    for picture in pictures(report):
        yield f"<figure>\n<figcaption>{_text(picture.caption)}</figcaption>\n{picture.svg}</figure>"
    for section in sections.sections(report, wide=True):
        yield from _section(section)
    yield "</main>\n<footer><p>All times are UTC. Definitions: docs/reports.md.</p></footer>\n</body>\n</html>"


def _key_figures(report: TradingReport) -> Iterator[tuple[str, str]]:
    pnl, hits, latency = report.profit, report.hits, report.latency
    yield "Trading P&L, EURe", rounded(pnl.trading, 2, signed=True) if pnl else NOTHING
    yield "Total P&L, EURe", rounded(pnl.total, 2, signed=True) if pnl else NOTHING
    yield "Spread earned, EURe", _spread(report.sides)
    yield "Filled, EURe", rounded(sum((side.eure for side in report.sides), Decimal(0)), 2)
    yield "Fills", number(sum(side.fills for side in report.sides))
    yield "Hit ratio, %", percent(hits.ratio) if hits and hits.sent else NOTHING
    adverse = {one.seconds: one.share for one in report.adverse}.get(_ADVERSE_AT_S)
    yield f"Adverse after {_ADVERSE_AT_S} s, %", percent(adverse) if adverse is not None else NOTHING
    yield "Quote to fill p50, ms", number(latency.p50_ms) if latency and latency.known else NOTHING


def _spread(sides: Sequence[SideFigures]) -> str:
    fills, unknown = (sum(getattr(side, name) for side in sides) for name in ("fills", "spread_unknown"))
    if unknown and unknown == fills:
        return NOTHING
    return rounded(sum((side.spread for side in sides), Decimal(0)), 2) + (f" + {unknown:,} unknown" if unknown else "")


def _section(section: sections.Section) -> Iterator[str]:
    yield f"<section>\n<h2>{_text(section.title)}</h2>"
    for line in section.lines:
        yield f"<p>{_text(line)}</p>"
    if section.rows is not None and len(section.rows) > 1:
        names, *rows = section.rows
        yield (
            "<table>\n<thead><tr>" + "".join(f'<th scope="col">{_text(name)}</th>' for name in names) + "</tr></thead>"
        )
        yield "<tbody>"
        for first, *rest in rows:
            cells = "".join(f"<td>{_text(cell)}</td>" for cell in rest)
            yield f'<tr><th scope="row">{_text(first)}</th>{cells}</tr>'
        yield "</tbody>\n</table>"
    elif section.rows is not None:
        yield "<p>none</p>"
    if section.notes:
        yield f"<p>{_text(sections.FAR_MIDS)}</p>\n<ul>"
        for note in section.notes:
            yield f"<li>{_text(note)}</li>"
        yield "</ul>"
    yield "</section>"


def _text(text: str) -> str:
    """Names come from outside: what a browser would act on is escaped, what would hide or turn text is marked."""
    return escape(printable(text))
