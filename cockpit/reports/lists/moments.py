"""The board of a recorded moment as lines: what the desk knew then, as far as the history holds it."""

from collections import Counter

import msgspec

from cockpit.model.events import Check
from cockpit.model.formatting import age, exact, number
from cockpit.model.recorded.pages import RecordedList, RecordedMoment, RecordedText, Step
from cockpit.reports.lists.rows import recorded_row
from storage.reader import LATER_NS, Reader, Span
from storage.reporting.mids import mids_around
from storage.reporting.moments import balance_at, checks_at, live_at, next_event, next_fill, run_at
from storage.reporting.pages import recorded_rows
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_MS, NS_PER_S

ROWS: dict[RecordedList, int] = {"decisions": 4, "quotes": 3, "fills": 3, "funds": 2, "journal": 2}
"""How many of each list a board shows, the newest of that moment."""
ARMED = {"strategy_armed": "strategy", "executor_armed": "executor"}
WIDTH = 94
"""Letters of a row; the trace and the lists show the rest."""
NO_RUN = "no desk was running"

_checks = msgspec.json.Decoder(tuple[Check, ...]).decode


def recorded_moment(
    reader: Reader, tokens: TokenTable, at_ns: int, step: Step = "", direction: int = 0
) -> RecordedMoment:
    """Return the board of a moment, or of the one a step away from it; where there is none, its own."""
    there = _stepped(reader, at_ns, step, direction)
    at_ns, edge = (at_ns, True) if there is None else (there, False)
    parts = (RecordedText("", tuple(_state(reader, tokens, at_ns))), *_lists(reader, tokens, at_ns))
    return RecordedMoment(at_ns, parts, edge)


def _stepped(reader: Reader, at_ns: int, step: Step, direction: int) -> int | None:
    if not step or not direction:
        return at_ns
    if step == "second":
        # Whole seconds: the last moment of the one before, or of the one after.
        second = at_ns // NS_PER_S + direction
        return (second + 1) * NS_PER_S - 1 if 0 <= second < LATER_NS // NS_PER_S - 1 else None
    find = next_fill if step == "fill" else next_event
    return find(reader, at_ns, forward=direction > 0)


def _state(reader: Reader, tokens: TokenTable, at_ns: int) -> list[str]:
    run = run_at(reader, at_ns)
    lines = [NO_RUN if run is None else f"{run.mode}  account {run.account}  run {run.run_id}"]
    before, _ = mids_around(reader, at_ns)
    lines.append("mid unknown" if before is None else f"mid {number(before.mid, 2)}, {_ago(at_ns, before.at_ns)}")
    lines.append(_armed(reader, at_ns))
    for token in tokens.tokens:
        held = balance_at(reader, token.token_id, at_ns)
        if held is not None and (held[0] or tokens.traded(token)):
            balance, available, read_ns = held
            lines.append(
                f"{token.symbol} {exact(token.to_decimal(balance))}, "
                f"{exact(token.to_decimal(available))} available, {_ago(at_ns, read_ns)}"
            )
    live = live_at(reader, at_ns)
    given: Counter[str] = Counter()
    for asset, amount, _ in live:
        given[asset] += amount
    named = [(token, given[token.token_id]) for token in tokens.tokens if given[token.token_id]]
    gives = ", ".join(f"{exact(token.to_decimal(amount))} {token.symbol}" for token, amount in named)
    lines.append(f"live quotes: {number(len(live))}{f', together {gives}' if gives else ''}")
    return lines


def _armed(reader: Reader, at_ns: int) -> str:
    """As the last decision saw it: the checks that it recorded name what was armed."""
    found = checks_at(reader, at_ns)
    if found is None:
        return "armed or not: unknown, nothing was decided before"
    checks, decided_ns = found
    passed = {check.name: check.passed for check in _checks(checks)}
    states = [f"{part} {_word(passed.get(name))}" for name, part in ARMED.items()]
    return f"{', '.join(states)}, at the last decision {_ago(at_ns, decided_ns)}"


def _word(passed: bool | None) -> str:
    return "not told" if passed is None else "ARMED" if passed else "DISARMED"


def _lists(reader: Reader, tokens: TokenTable, at_ns: int) -> list[RecordedText]:
    span = Span(0, min(at_ns, LATER_NS - 1) + 1)
    parts = []
    for name, most in ROWS.items():
        found = recorded_rows(reader, name, span, None, most, known_ns=at_ns)
        rows = [recorded_row(name, row, tokens) for row in found]
        widths = [max(len(row.cells[place]) for row in rows) for place in range(len(rows[0].cells))] if rows else []
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row.cells, widths, strict=True)).rstrip() for row in rows
        ]
        if lines:
            cut = (line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in lines)
            parts.append(RecordedText(name.capitalize(), tuple(cut)))
    return parts


def _ago(now_ns: int, at_ns: int) -> str:
    return f"{age((now_ns - at_ns) // NS_PER_MS)} before"
