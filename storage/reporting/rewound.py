"""The rows of a board as they were known at a moment, the newest first; each is found by an index, and bounded."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec

from cockpit.model.events import Check, OperatorAction, Side, TradeDecision
from storage.reader import LATER_NS, Reader, RunRow, Span, runs
from storage.reporting.moments import LONGEST_LIFE_NS, live_quotes
from storage.reporting.trading import FillRecord, newest_fill_records
from venue.protocol.units import NS_PER_S

SEEN_WITHIN_NS = 60 * NS_PER_S
"""A source is shown with its last tick of so long before."""
MOST_TICKS = 400
"""Ticks looked at for it."""
MOST_REQUESTS = 5_000
"""Requests that are counted by market; the time that they cover is shown with them."""
MOST_READINGS = 500
"""Readings of balances looked at for the last one of each token."""

_FIELDS = (
    "at_ns",
    "decision_id",
    "quote_id",
    "actionable",
    "reason",
    "side",
    "mid",
    "price",
    "skew_bps",
    "amount_in",
    "amount_out",
    "notional",
    "edge",
    "deadline_ns",
    "checks",
    "rules_id",
)
# By its request: decisions have no index of time alone. The requests first, so that no planner starts with all
# decisions of the run; some have none, so that more are looked at.
DECISION_COLUMNS = f"s.asset_in, s.asset_out, {', '.join(f'd.{name}' for name in _FIELDS)}"
_QUOTE_FIELDS = (
    "quote_hash",
    "quote_id",
    "at_ns",
    "deadline_ns",
    "asset_in",
    "amount_in",
    "asset_out",
    "amount_out",
    "request_kind",
)
QUOTE_COLUMNS = ", ".join(f"c.{name}" for name in _QUOTE_FIELDS)
ACTION_COLUMNS = "o.at_ns, o.command_id, o.actor, o.command, o.arguments, o.accepted, o.reason"
_DECISIONS = f"""
SELECT {DECISION_COLUMNS}
FROM (SELECT id, at_ns, run_id, quote_id, asset_in, asset_out FROM swap_demand_events
      WHERE at_ns >= ? AND at_ns <= ? ORDER BY at_ns DESC, id DESC LIMIT ?) s
JOIN trade_decisions d ON d.run_id = s.run_id AND d.quote_id = s.quote_id
WHERE d.at_ns <= ? AND s.run_id = ? ORDER BY s.at_ns DESC, s.id DESC LIMIT ?
"""
_QUOTES = f"""
SELECT {QUOTE_COLUMNS} FROM execute_trade_commands c
WHERE c.at_ns >= ? AND c.at_ns <= ? AND c.run_id = ? ORDER BY c.at_ns DESC, c.id DESC LIMIT ?
"""
_RESULTS = """
SELECT r.quote_hash, r.outcome, r.detail FROM trade_execution_results r
WHERE r.quote_hash = ? AND r.at_ns <= ? ORDER BY r.at_ns, r.id
"""
_JOURNAL = f"""
SELECT {ACTION_COLUMNS} FROM operator_actions o
WHERE o.at_ns >= ? AND o.at_ns <= ? AND o.run_id = ? ORDER BY o.at_ns DESC, o.id DESC LIMIT ?
"""
_TICKS = """
SELECT source, bid, ask, mid, at_ns FROM market_price_events WHERE at_ns > ? AND at_ns <= ? ORDER BY at_ns DESC LIMIT ?
"""
_RULES = """
SELECT limits, params FROM decision_rules WHERE rules_id = ?
"""
_REQUESTS = """
SELECT asset_in, asset_out, at_ns FROM swap_demand_events
WHERE at_ns > ? AND at_ns <= ? AND dry = 0 ORDER BY at_ns DESC LIMIT ?
"""
_LEFT = """
SELECT amount FROM liquidity_actions
WHERE at_ns > ? AND at_ns <= ? AND kind = 'withdrawal' AND status = 'prepared' AND asset = ? LIMIT 100
"""
_READINGS = """
SELECT asset, balance, reserved, spendable, block_height, at_ns FROM intent_inventory_snapshots
WHERE at_ns >= ? AND at_ns <= ? ORDER BY at_ns DESC, id DESC LIMIT ?
"""

_checks = msgspec.json.Decoder(tuple[Check, ...]).decode


class DecidedRequest(msgspec.Struct, frozen=True):
    """A decision and the tokens of its request."""

    event: TradeDecision
    asset_in: str
    asset_out: str


class QuoteThen(msgspec.Struct, frozen=True, kw_only=True):
    """A quote as it was sent, base units; ``results``: its outcomes until then with their details, oldest first."""

    quote_hash: str
    quote_id: str
    sent_ns: int
    deadline_ns: int
    asset_in: str
    amount_in: int
    asset_out: str
    amount_out: int
    request_kind: str
    results: tuple[tuple[str, str], ...] = ()


class RecordedTick(msgspec.Struct, frozen=True, kw_only=True):
    """The last prices of a source, and when they were recorded, UTC ns."""

    source: str
    bid: Decimal
    ask: Decimal
    mid: Decimal
    at_ns: int


class BalanceReading(msgspec.Struct, frozen=True, kw_only=True):
    """A balance as it was read, base units."""

    balance: int
    reserved: int
    available: int
    block_height: int
    at_ns: int


class RunThen(msgspec.Struct, frozen=True):
    """The run of a moment, or the last one before it; ``running``: its desk was there then."""

    run: RunRow
    running: bool

    def until(self, at_ns: int) -> Span:
        """From its start to this moment, that included."""
        return Span(self.run.started_ns, min(at_ns, LATER_NS - 1) + 1)


def run_then(reader: Reader, at_ns: int) -> RunThen | None:
    """Return the run that was writing then, else the last one that had started; None before the first."""
    every = runs(reader)
    run = next((run for run in reversed(every) if run.started_ns <= at_ns), None)
    return None if run is None else RunThen(run, at_ns <= run.runs_until(every))


def decided(reader: Reader, then: RunThen, at_ns: int, most: int) -> list[DecidedRequest]:
    """Return the run's newest decisions."""
    started_ns, run_id = then.run.started_ns, then.run.run_id
    return [decided_request(row) for row in reader.rows(_DECISIONS, started_ns, at_ns, 2 * most, at_ns, run_id, most)]


def decided_request(row: Sequence[Any]) -> DecidedRequest:
    """Read a row of DECISION_COLUMNS."""
    asset_in, asset_out, *values = row
    fields = dict(zip(_FIELDS, values, strict=True))
    for name in ("mid", "price", "skew_bps"):
        fields[name] = None if fields[name] is None else Decimal(fields[name])
    for name in ("amount_in", "amount_out", "notional", "edge"):
        fields[name] = None if fields[name] is None else int(fields[name])
    side: Side = "buy" if fields["side"] == "buy" else "sell"
    fields |= {"checks": _checks(fields["checks"]), "actionable": bool(fields["actionable"]), "side": side}
    return DecidedRequest(TradeDecision(**fields), asset_in, asset_out)


def sent_quotes_then(reader: Reader, then: RunThen, at_ns: int, most: int) -> list[QuoteThen]:
    """Return the run's newest quotes, then those of earlier runs that were live, each as it was known then."""
    started_ns = then.run.started_ns
    rows = list(reader.rows(_QUOTES, started_ns, at_ns, then.run.run_id, most))
    if len(rows) < most:
        before = Span(started_ns - LONGEST_LIFE_NS, started_ns - 1)
        rows += live_quotes(reader, before, at_ns, _QUOTE_FIELDS, most - len(rows))
    return [quote_then(reader, row, at_ns) for row in rows]


def quote_then(reader: Reader, row: Sequence[Any], at_ns: int) -> QuoteThen:
    """Read a row of QUOTE_COLUMNS, and what was known of the quote at a moment."""
    quote_hash, quote_id, sent_ns, deadline_ns, asset_in, amount_in, asset_out, amount_out, kind = row
    return QuoteThen(
        quote_hash=quote_hash,
        quote_id=quote_id,
        sent_ns=sent_ns,
        deadline_ns=deadline_ns,
        asset_in=asset_in,
        amount_in=int(amount_in),
        asset_out=asset_out,
        amount_out=int(amount_out),
        request_kind=kind,
        results=tuple((outcome, detail) for _, outcome, detail in reader.rows(_RESULTS, quote_hash, at_ns)),
    )


def fills_then(reader: Reader, then: RunThen, at_ns: int, most: int) -> Sequence[FillRecord]:
    """Return the run's newest fills, as they were booked."""
    return newest_fill_records(reader, then.run.run_id, then.until(at_ns), most)


def journal_then(reader: Reader, then: RunThen, at_ns: int, most: int) -> list[OperatorAction]:
    """Return the run's newest commands."""
    rows = reader.rows(_JOURNAL, then.run.started_ns, at_ns, then.run.run_id, most)
    return [operator_action(row) for row in rows]


def operator_action(row: Sequence[Any]) -> OperatorAction:
    """Read a row of ACTION_COLUMNS."""
    at_ns, command_id, actor, command, arguments, accepted, reason = row
    return OperatorAction(
        at_ns=at_ns,
        command_id=command_id,
        actor=actor,
        command=command,
        arguments=arguments,
        accepted=bool(accepted),
        reason=reason,
    )


def ticks_then(reader: Reader, at_ns: int) -> list[RecordedTick]:
    """Return the last recorded tick of each source but the composite, by name."""
    last: dict[str, RecordedTick] = {}
    for source, bid, ask, mid, ticked_ns in reader.rows(_TICKS, at_ns - SEEN_WITHIN_NS, at_ns, MOST_TICKS):
        if source != "composite" and source not in last:
            last[source] = RecordedTick(
                source=source, bid=Decimal(bid), ask=Decimal(ask), mid=Decimal(mid), at_ns=ticked_ns
            )
    return [last[source] for source in sorted(last)]


def rules_then(reader: Reader, rules_id: str) -> tuple[str, str] | None:
    """Return limits and pricing parameters, each as the JSON that was recorded; None where none was."""
    for limits, params in reader.rows(_RULES, rules_id):
        return limits, params
    return None


def requests_then(reader: Reader, from_ns: int, at_ns: int) -> list[tuple[str, str, int]]:
    """Return the tokens in and out and the time of the newest requests, price checks left out."""
    return [
        (taken, given, asked_ns) for taken, given, asked_ns in reader.rows(_REQUESTS, from_ns, at_ns, MOST_REQUESTS)
    ]


def readings_then(reader: Reader, from_ns: int, at_ns: int) -> dict[str, BalanceReading]:
    """Return the last reading of each token since ``from_ns``, among the newest readings."""
    last: dict[str, BalanceReading] = {}
    for asset, balance, reserved, available, height, read_ns in reader.rows(_READINGS, from_ns, at_ns, MOST_READINGS):
        if asset not in last:
            last[asset] = BalanceReading(
                balance=int(balance),
                reserved=int(reserved),
                available=int(available),
                block_height=height,
                at_ns=read_ns,
            )
    return last


def withdrawn_since(reader: Reader, asset: str, read_ns: int, at_ns: int) -> int:
    """Return what was signed for withdrawals between a reading and the moment, base units."""
    return sum(int(amount or 0) for (amount,) in reader.rows(_LEFT, read_ns, at_ns, asset))
