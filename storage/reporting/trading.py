"""What trading left in the history over a span of time: fills and counts, for reports."""

from collections import Counter
from collections.abc import Mapping, Sequence
from sys import intern
from typing import Any

import msgspec

from storage.history import SETTLED_WHILE_AWAY
from storage.reader import Reader, Span

FILL_COLUMNS = (
    "r.at_ns, c.quote_hash, c.quote_id, r.tx_hash, c.asset_in, c.amount_in, c.asset_out, c.amount_out, c.at_ns, "
    "c.deadline_ns, d.edge, s.min_deadline_ms, s.partner_id, r.settled_ns, r.detail"
)
_FILL = f"""
SELECT {FILL_COLUMNS}
FROM trade_execution_results r
JOIN execute_trade_commands c ON c.quote_hash = r.quote_hash
LEFT JOIN trade_decisions d ON d.decision_id = c.decision_id
LEFT JOIN swap_demand_events s ON s.run_id = c.run_id AND s.quote_id = c.quote_id
WHERE r.outcome = 'settled' AND r.at_ns >= ? AND r.at_ns < ?
"""
_FILLS = f"{_FILL} ORDER BY r.at_ns, r.id"
_NEWEST_FILLS = f"{_FILL} AND r.run_id = ? ORDER BY r.at_ns DESC, r.id DESC LIMIT ?"
_KINDS = """
WITH RECURSIVE kinds(kind) AS (
    SELECT MIN({column}) FROM {table}
    UNION ALL SELECT (SELECT MIN({column}) FROM {table} WHERE {column} > kind) FROM kinds WHERE kind IS NOT NULL)
SELECT kind, (SELECT COUNT(*) FROM {table} WHERE {column} = kind AND at_ns >= ? AND at_ns < ?) FROM kinds
WHERE kind IS NOT NULL
"""
"""How many rows of each kind: the index starts with the kind, so each is counted as one range of it."""
_OUTCOMES = _KINDS.format(table="trade_execution_results", column="outcome")
_REASONS = _KINDS.format(table="trade_decisions", column="reason")
_CORRECTED = """
SELECT COUNT(*) FROM trade_execution_results r WHERE r.at_ns >= ? AND r.at_ns < ? AND r.outcome = 'unknown'
AND EXISTS (SELECT 1 FROM trade_execution_results a
            WHERE a.quote_hash = r.quote_hash AND a.outcome IN ('accepted', 'refused'))
"""
_CONTRADICTED = """
SELECT r.request_kind, COUNT(*) FROM trade_execution_results r
WHERE r.at_ns >= ? AND r.at_ns < ? AND r.outcome = '{outcome}'
AND EXISTS (SELECT 1 FROM trade_execution_results a WHERE a.quote_hash = r.quote_hash AND a.outcome IN ({others}))
AND NOT EXISTS (SELECT 1 FROM trade_execution_results b WHERE b.quote_hash = r.quote_hash AND b.outcome IN ({but}))
GROUP BY r.request_kind
"""
_REFUSED_YET_TAKEN = _CONTRADICTED.format(outcome="refused", others="'accepted', 'settled'", but="''")
_REFUSED_YET_SETTLED = _CONTRADICTED.format(outcome="refused", others="'settled'", but="'accepted'")
_EXPIRED_YET_SETTLED = _CONTRADICTED.format(outcome="expired", others="'settled'", but="''")
_REFUSED_AND_OVER = {
    outcome: _CONTRADICTED.format(outcome=outcome, others="'refused'", but="'accepted', 'settled'")
    for outcome in ("expired", "burned")
}
_LIVE = """
SELECT COUNT(*) FROM execute_trade_commands c WHERE c.at_ns >= ? AND c.at_ns < ?
AND NOT EXISTS (SELECT 1 FROM trade_execution_results r WHERE r.quote_hash = c.quote_hash
                AND (r.outcome IN ('settled', 'expired', 'burned')
                     OR r.outcome = 'refused' AND NOT EXISTS (SELECT 1 FROM trade_execution_results a
                        WHERE a.quote_hash = r.quote_hash AND a.outcome = 'accepted')))
"""
_BY_KIND = """
SELECT request_kind, COUNT(*) FROM trade_execution_results WHERE outcome = ? AND at_ns >= ? AND at_ns < ?
GROUP BY request_kind
"""
_REQUESTS = """
SELECT COUNT(*), COALESCE(SUM(dry), 0), COALESCE(SUM(CASE WHEN dry = 0 THEN router_leg ELSE 0 END), 0)
FROM swap_demand_events WHERE at_ns >= ? AND at_ns < ?
"""
_LATENCIES = """
SELECT (at_ns - asked_ns) / 1000000 AS ms, COUNT(*) FROM swap_demand_events
WHERE at_ns >= ? AND at_ns < ? AND asked_ns IS NOT NULL GROUP BY 1 ORDER BY 1
"""
_REACTIONS = "SELECT json_group_array(reaction_ns) FROM execute_trade_commands WHERE at_ns >= ? AND at_ns < ?"
_OTHERS = "SELECT COALESCE(SUM(others), 0) FROM market_settlement_events WHERE at_ns >= ? AND at_ns < ?"
_BRIDGE_FEES = """
SELECT p.asset, p.fee FROM prepared_withdrawals p
WHERE p.withdrawal_id IN (SELECT action_id FROM liquidity_actions WHERE kind = 'withdrawal' AND status = 'completed'
                          AND at_ns >= ? AND at_ns < ?)
"""

_numbers = msgspec.json.Decoder(list[int]).decode


class FillRecord(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A settled quote. Amounts are base units, ``edge`` (None: its decision is missing) EURe; times UTC ns.

    ``at_ns``: when it was booked; ``settled_ns``: when it settled as far as history tells, None when it does not.
    ``asked_ms``: how long the request wanted the quote to live, None when the request is missing. ``partner``: whom the
    request named, None for nobody.
    ``marked``: the desk recorded the mid at each horizon that it saw pass; rows of older versions lack those.
    """

    at_ns: int
    quote_hash: str
    quote_id: str
    tx_hash: str | None
    asset_in: str
    amount_in: int
    asset_out: str
    amount_out: int
    sent_ns: int
    deadline_ns: int
    edge: int | None
    asked_ms: int | None
    partner: str | None
    settled_ns: int | None
    marked: bool


class EventCounts(msgspec.Struct, frozen=True, kw_only=True):
    """How many of each there were; ``reactions_ns`` is sorted.

    ``requests`` counts no ``dry`` ones; ``router_legs`` is a part of it. ``accepted`` and ``settled`` are by the
    kind of request. ``latencies_ms``: how many milliseconds requests took from the relay, and how many took so long,
    in order.
    """

    requests: int
    dry: int
    router_legs: int
    accepted: Mapping[str, int]
    settled: Mapping[str, int]
    latencies_ms: Sequence[tuple[int, int]]
    reasons: Mapping[str, int]
    outcomes: Mapping[str, int]
    reactions_ns: list[int]
    others_settled: int


def fills(reader: Reader, span: Span) -> list[FillRecord]:
    """Return every fill recorded in the span, in order."""
    return [fill_record(row) for row in reader.rows(_FILLS, span.from_ns, span.to_ns)]


def newest_fill_records(reader: Reader, run_id: str, span: Span, most: int) -> list[FillRecord]:
    """Return the newest fills that a run booked in the span, the newest first."""
    return [fill_record(row) for row in reader.rows(_NEWEST_FILLS, span.from_ns, span.to_ns, run_id, most)]


def fill_record(row: Sequence[Any]) -> FillRecord:
    """Read a row of FILL_COLUMNS."""
    at_ns, quote_hash, quote_id, tx_hash, asset_in, amount_in, asset_out, amount_out, sent_ns, *rest = row
    deadline_ns, edge, asked_ms, partner, settled_ns, detail = rest
    marked = settled_ns is not None
    if settled_ns is None:
        # Rows of older versions: a fill was booked as it settled, but for those that a start found.
        settled_ns = 0 if detail == SETTLED_WHILE_AWAY else at_ns
    return FillRecord(
        at_ns=at_ns,
        quote_hash=quote_hash,
        quote_id=quote_id,
        tx_hash=tx_hash,
        # One text for all fills of a token: a report holds each fill.
        asset_in=intern(asset_in),
        amount_in=int(amount_in),
        asset_out=intern(asset_out),
        amount_out=int(amount_out),
        sent_ns=sent_ns,
        deadline_ns=deadline_ns,
        edge=None if edge is None else int(edge),
        asked_ms=asked_ms,
        partner=partner or None,
        settled_ns=settled_ns or None,
        marked=marked,
    )


def count_events(reader: Reader, span: Span) -> EventCounts:
    """Counts over the span, each quote once by its answer and once by its end.

    A quote that was unknown until a late answer came counts by that answer alone. One that was refused counts by that
    alone, unless it was taken all the same: then as accepted, and by its end. One that expired and yet settled counts
    as settled.
    """
    between = span.from_ns, span.to_ns
    outcomes = _kinds(reader, _OUTCOMES, span)
    accepted, settled = (Counter(dict(reader.rows(_BY_KIND, name, *between))) for name in ("accepted", "settled"))
    if outcomes.get("unknown"):
        outcomes["unknown"] -= _one(reader, _CORRECTED, *between)
    if outcomes.get("refused"):
        settled_yet = Counter(dict(reader.rows(_REFUSED_YET_SETTLED, *between)))
        accepted += settled_yet
        outcomes["refused"] -= _total(reader, _REFUSED_YET_TAKEN, span)
        outcomes["accepted"] = outcomes.get("accepted", 0) + settled_yet.total()
    if outcomes.get("expired"):
        outcomes["expired"] -= _total(reader, _EXPIRED_YET_SETTLED, span)
    for outcome, of_refused in _REFUSED_AND_OVER.items():
        if outcomes.get(outcome):
            outcomes[outcome] -= _total(reader, of_refused, span)
    [(every, dry, router_legs)] = reader.rows(_REQUESTS, *between)
    return EventCounts(
        requests=int(every) - int(dry),
        dry=int(dry),
        router_legs=int(router_legs),
        accepted=accepted,
        settled=settled,
        latencies_ms=[(ms, count) for ms, count in reader.rows(_LATENCIES, *between)],
        reasons=_kinds(reader, _REASONS, span),
        outcomes=outcomes,
        reactions_ns=sorted(_numbers(next(iter(reader.rows(_REACTIONS, *between)))[0])),
        others_settled=_one(reader, _OTHERS, *between),
    )


def live_quotes(reader: Reader, span: Span) -> int:
    """Count quotes sent in the span without a recorded end: not settled, expired or burned, nor refused for good."""
    return _one(reader, _LIVE, span.from_ns, span.to_ns)


def bridge_fees(reader: Reader, span: Span) -> dict[str, int]:
    """Sum the bridge's fees of withdrawals completed in the span, base units by token id."""
    fees: dict[str, int] = {}
    for asset, fee in reader.rows(_BRIDGE_FEES, span.from_ns, span.to_ns):
        fees[asset] = fees.get(asset, 0) + int(fee)
    return fees


def _kinds(reader: Reader, sql: str, span: Span) -> dict[str, int]:
    return {kind: count for kind, count in reader.rows(sql, span.from_ns, span.to_ns) if count}


def _total(reader: Reader, sql: str, span: Span) -> int:
    return sum(count for _, count in reader.rows(sql, span.from_ns, span.to_ns))


def _one(reader: Reader, sql: str, *values: object) -> int:
    [(number,)] = reader.rows(sql, *values)
    return int(number)
