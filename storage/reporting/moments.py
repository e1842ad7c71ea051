"""What was known at a moment, and the recorded moments before and after it; each question is answered by an index."""

from storage.history import FINAL_OUTCOMES
from storage.reader import Reader, RunRow, runs

LONGEST_LIFE_NS = 3_700 * 10**9
"""Older quotes are not looked at: QUOTE_MAX_DEADLINE_MS is an hour at most."""
MOST_LIVE = 10_000

_FINAL = ", ".join(f"'{outcome}'" for outcome in FINAL_OUTCOMES)
_LIVE = f"""
SELECT c.asset_out, c.amount_out, c.deadline_ns FROM execute_trade_commands c
WHERE c.at_ns > ? AND c.at_ns <= ? AND c.deadline_ns > ?
AND NOT EXISTS (SELECT 1 FROM trade_execution_results r WHERE r.quote_hash = c.quote_hash AND r.at_ns <= ?
                AND (r.outcome IN ({_FINAL}) OR r.outcome = 'refused' AND NOT EXISTS (
                     SELECT 1 FROM trade_execution_results a
                     WHERE a.quote_hash = c.quote_hash AND a.outcome = 'accepted' AND a.at_ns <= ?)))
ORDER BY c.at_ns DESC LIMIT {MOST_LIVE}
"""
_CHECKS = """
SELECT d.checks, s.at_ns FROM swap_demand_events s
JOIN trade_decisions d ON d.run_id = s.run_id AND d.quote_id = s.quote_id
WHERE s.at_ns <= ? ORDER BY s.at_ns DESC LIMIT 1
"""
_BALANCE = """
SELECT balance, spendable, at_ns FROM intent_inventory_snapshots WHERE asset = ? AND at_ns <= ?
ORDER BY at_ns DESC LIMIT 1
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


def run_at(reader: Reader, at_ns: int) -> RunRow | None:
    """Return the run that was writing then."""
    return next((run for run in reversed(runs(reader)) if run.started_ns <= at_ns <= run.last_write_ns), None)


def live_at(reader: Reader, at_ns: int) -> list[tuple[str, int, int]]:
    """Return what each quote that was live then gives, base units of a token, and its deadline, the newest first."""
    found = reader.rows(_LIVE, at_ns - LONGEST_LIFE_NS, at_ns, at_ns, at_ns, at_ns)
    return [(asset, int(amount), deadline_ns) for asset, amount, deadline_ns in found]


def balance_at(reader: Reader, asset: str, at_ns: int) -> tuple[int, int, int] | None:
    """Return balance and available balance as last read, base units, and when (UTC ns)."""
    for balance, available, read_ns in reader.rows(_BALANCE, asset, at_ns):
        return int(balance), int(available), read_ns
    return None


def checks_at(reader: Reader, at_ns: int) -> tuple[str, int] | None:
    """Return the checks of the last decision, as they were recorded, and when it was made."""
    for checks, decided_ns in reader.rows(_CHECKS, at_ns):
        return checks, decided_ns
    return None


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
