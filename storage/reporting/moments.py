"""What was known at a moment, and the recorded moments before and after it; each question is answered by an index."""

from collections.abc import Iterator, Sequence
from typing import Any

from storage.history import FINAL_OUTCOMES
from storage.reader import Reader, Span

LONGEST_LIFE_NS = 3_700 * 10**9
"""Older quotes are not looked at: QUOTE_MAX_DEADLINE_MS is an hour at most."""
MOST_SENT = 20_000
"""Quotes looked at, the newest: a busy desk sends as many within minutes."""

_FINAL = ", ".join(f"'{outcome}'" for outcome in FINAL_OUTCOMES)
_LIVE = f"""
FROM (SELECT * FROM execute_trade_commands WHERE at_ns > ? AND at_ns <= ? ORDER BY at_ns DESC LIMIT ?) newest
WHERE newest.deadline_ns > ?
AND NOT EXISTS (SELECT 1 FROM trade_execution_results r WHERE r.quote_hash = newest.quote_hash AND r.at_ns <= ?
                AND (r.outcome IN ({_FINAL}) OR r.outcome = 'refused' AND NOT EXISTS (
                     SELECT 1 FROM trade_execution_results a
                     WHERE a.quote_hash = newest.quote_hash AND a.outcome = 'accepted' AND a.at_ns <= ?)))
"""
_FIRST_LEFT_OUT = """
SELECT at_ns FROM execute_trade_commands WHERE at_ns > ? AND at_ns <= ? ORDER BY at_ns DESC LIMIT 1 OFFSET ?
"""
_OUTCOMES = ("accepted", "refused", "unknown", "settled", "expired", "burned")
_TIMES = {
    name: (
        f"SELECT at_ns FROM {name} WHERE at_ns > ? ORDER BY at_ns LIMIT 1",
        f"SELECT at_ns FROM {name} WHERE at_ns < ? ORDER BY at_ns DESC LIMIT 1",
    )
    for name in ("swap_demand_events", "execute_trade_commands", "liquidity_actions", "operator_actions")
}
_RESULTS = (
    "SELECT at_ns FROM trade_execution_results WHERE outcome = ? AND at_ns > ? ORDER BY at_ns LIMIT 1",
    "SELECT at_ns FROM trade_execution_results WHERE outcome = ? AND at_ns < ? ORDER BY at_ns DESC LIMIT 1",
)


def live_at(reader: Reader, at_ns: int, longest_life_ns: int) -> list[tuple[str, int, int]] | None:
    """Return what each quote that was live then gives, base units of a token, and its deadline.

    None when there may be more than were looked at; ``longest_life_ns`` is what the limits of then allowed a quote.
    """
    from_ns = at_ns - LONGEST_LIFE_NS
    for (left_out_ns,) in reader.rows(_FIRST_LEFT_OUT, from_ns, at_ns, MOST_SENT):
        if left_out_ns + longest_life_ns > at_ns:
            return None
    found = _live(reader, Span(from_ns, at_ns), at_ns, ("asset_out", "amount_out", "deadline_ns"))
    return [(asset, int(amount), deadline_ns) for asset, amount, deadline_ns in found]


def live_quotes(reader: Reader, sent: Span, at_ns: int, columns: Sequence[str], most: int) -> list[tuple[Any, ...]]:
    """Return columns of the newest quotes sent in a span that were live then, the newest first."""
    return list(_live(reader, sent, at_ns, columns, f"ORDER BY newest.at_ns DESC, newest.id DESC LIMIT {most:d}"))


def _live(reader: Reader, sent: Span, at_ns: int, columns: Sequence[str], more: str = "") -> Iterator[tuple[Any, ...]]:
    sql = f"SELECT {', '.join(f'newest.{name}' for name in columns)} {_LIVE} {more}"
    return reader.rows(sql, sent.from_ns, sent.to_ns, MOST_SENT, at_ns, at_ns, at_ns)


def next_event(reader: Reader, at_ns: int, *, forward: bool) -> int | None:
    """Return the time of the next request, quote, result, movement or command."""
    place = 0 if forward else 1
    found: list[int] = [row[0] for queries in _TIMES.values() for row in reader.rows(queries[place], at_ns)]
    found += [result_ns for outcome in _OUTCOMES for result_ns in _result(reader, outcome, at_ns, place)]
    if not found:
        return None
    return min(found) if forward else max(found)


def next_fill(reader: Reader, at_ns: int, *, forward: bool) -> int | None:
    """Return the time of the next booking of a fill."""
    found = _result(reader, "settled", at_ns, 0 if forward else 1)
    return found[0] if found else None


def _result(reader: Reader, outcome: str, at_ns: int, place: int) -> list[int]:
    return [int(row[0]) for row in reader.rows(_RESULTS[place], outcome, at_ns)]
