"""The board of a recorded moment, in the very rows that a live board has.

What is not recorded is unknown then: the panels that would show it say so, and nothing is put in its place.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from cockpit.desk.snapshots.market_rows import journal_row
from cockpit.model.commands import Limits, PriceParams
from cockpit.model.events import TradeDecision
from cockpit.model.formatting import age, counted, number, utc_moment
from cockpit.model.recorded.board import UNKNOWN_THEN, RecordedBoard
from cockpit.model.recorded.pages import Step
from cockpit.model.snapshot import (
    Counts,
    InventoryState,
    LiveQuotes,
    MarketState,
    Mode,
    Reaction,
    Snapshot,
)
from cockpit.reports.past.price_course import price_course
from cockpit.reports.rewind.money import RulesThen, demand_then, inventory_then, market_then, mid_then
from cockpit.reports.rewind.rows import decision_rows, fill_rows, quote_rows
from cockpit.reports.rewind.steps import stepped
from storage.reader import Reader, Span, runs
from storage.reporting.rewound import (
    RunThen,
    decided,
    fills_then,
    journal_then,
    rules_then,
    run_then,
    sent_quotes_then,
)
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_MS, NS_PER_S

MOST_ROWS = 60
"""Of each list, as in a live board."""
POINTS = 120
"""Of the chart: as many as its columns on most terminals."""
ARMED = {"strategy_armed": "strategy", "executor_armed": "executor"}
NO_RUN = "nothing had been recorded yet"
NOTHING_DECIDED = "armed or not: unknown, nothing had been decided"


def recorded_board(
    reader: Reader, tokens: TokenTable, at_ns: int, *, step: Step = "", direction: int = 0, course_s: int = 300
) -> RecordedBoard:
    """Return the board of a moment, or of the one a step away from it; where there is none, its own.

    ``course_s``: the seconds that the chart shows.
    """
    there = stepped(reader, at_ns, step, direction)
    at_ns, edge = (at_ns, True) if there is None else (there, False)
    course = price_course(reader, tokens, Span(max(0, at_ns - course_s * NS_PER_S), at_ns), POINTS)
    then = run_then(reader, at_ns)
    if then is None:
        return RecordedBoard(at_ns=at_ns, snapshot=_empty(None, at_ns), course=course, run=NO_RUN, notes={}, edge=edge)
    from_ns = then.run.started_ns
    newest = decided(reader, then, at_ns, MOST_ROWS)
    rules = _rules(reader, newest[0].event if newest else None)
    mid = mid_then(reader, at_ns)
    inventory, live = inventory_then(reader, tokens, mid, rules, from_ns, at_ns)
    requests, covered_ms = demand_then(reader, tokens, from_ns, at_ns)
    fills = fills_then(reader, then, at_ns, MOST_ROWS)
    market, quoted_ms = market_then(reader, then, mid, at_ns)
    sent = sent_quotes_then(reader, then, at_ns, MOST_ROWS)
    earlier = sum(one.sent_ns < from_ns for one in sent)
    snapshot = msgspec.structs.replace(
        _empty(then, at_ns),
        market=market,
        inventory=inventory,
        decisions=tuple(decision_rows(newest, tokens, at_ns)),
        quotes=tuple(quote_rows(sent, tokens, at_ns)),
        executions=tuple(fill_rows(reader, runs(reader), fills, tokens, at_ns)),
        journal=tuple(journal_row(action, at_ns) for action in journal_then(reader, then, at_ns, MOST_ROWS)),
        demand_by_market=requests,
        demand_ms=covered_ms,
        limits=Limits() if rules is None else rules.limits,
    )
    return RecordedBoard(
        at_ns=at_ns,
        snapshot=snapshot,
        course=course,
        run=_whose(then, newest[0].event if newest else None, at_ns),
        notes=_notes(snapshot, live, earlier, quoted_ms),
        edge=edge,
    )


def _rules(reader: Reader, newest: TradeDecision | None) -> RulesThen | None:
    """As the newest decision names them."""
    found = None if newest is None or not newest.rules_id else rules_then(reader, newest.rules_id)
    if found is None:
        return None
    limits, params = found
    return RulesThen(msgspec.json.decode(limits, type=Limits), msgspec.json.decode(params, type=PriceParams))


def _whose(then: RunThen, newest: TradeDecision | None, at_ns: int) -> str:
    run = then.run
    named = f"run {run.run_id} {run.mode} {run.account}"
    if not then.running:
        return f"no desk was running; {named} last wrote {utc_moment(run.last_write_ns)}"
    return f"{_armed(newest, at_ns)} · {named}"


def _armed(newest: TradeDecision | None, at_ns: int) -> str:
    """As the last decision saw it: the checks that it recorded name what was armed."""
    if newest is None:
        return NOTHING_DECIDED
    passed = {check.name: check.passed for check in newest.checks}
    states = [f"{part} {_word(passed.get(name))}" for name, part in ARMED.items()]
    return f"{', '.join(states)} at the last decision, {age((at_ns - newest.at_ns) // NS_PER_MS)} before"


def _word(passed: bool | None) -> str:
    return "unknown" if passed is None else "ARMED" if passed else "DISARMED"


def _notes(snapshot: Snapshot, live: int | None, earlier: int, quoted_ms: int | None) -> dict[str, str]:
    """``earlier``: live quotes of runs before, listed behind those of the run."""

    def newest(rows: Sequence[object], noun: str) -> str:
        return f"newest {counted(len(rows), noun)} of the run" if rows else f"no {noun}s in the run until then"

    market, held = snapshot.market, snapshot.inventory
    quotes = "live quotes unknown, too many" if live is None else f"{number(live)} live then"
    own = snapshot.quotes[: len(snapshot.quotes) - earlier]
    others = f", {number(earlier)} of earlier runs" if earlier else ""
    quoted = "" if quoted_ms is None else f" · quoted {age(quoted_ms)} before"
    return {
        "market": (f"mid {age(market.age_ms)} before" if market.mid is not None else market.detail) + quoted,
        "inventory": f"read {age(held.age_ms)} before" if held.rows else "no balances had been read in the run",
        "decisions": newest(snapshot.decisions, "decision"),
        "quotes": f"{quotes}{others} · {newest(own, 'quote')}",
        "executions": newest(snapshot.executions, "fill"),
        "log": newest(snapshot.journal, "command"),
    }


def _empty(then: RunThen | None, at_ns: int) -> Snapshot:
    """Return a snapshot of placeholders: what is not replaced in it is not recorded, and no panel draws it."""
    mode: Mode = "LIVE" if then is None or then.run.mode == "LIVE" else "SANDBOX"
    return Snapshot(
        seq=0,
        at_ns=at_ns,
        run_id="" if then is None else then.run.run_id,
        started_ns=at_ns if then is None else then.run.started_ns,
        tick_ms=0,
        mode=mode,
        account="" if then is None else then.run.account,
        strategy_armed=False,
        executor_armed=False,
        strategy_why="",
        executor_why="",
        executor_blocked="",
        relay="unknown",
        history="unknown",
        history_queue=0,
        withdrawals_frozen=True,
        attached=0,
        inventory=InventoryState(rows=(), age_ms=None, block_height=None, btc_share=None, target_btc_share=Decimal(0)),
        deposits=(),
        deposits_age_ms=None,
        decisions=(),
        quotes=(),
        executions=(),
        market=MarketState(
            mid=None,
            age_ms=None,
            usable=False,
            detail=UNKNOWN_THEN,
            bid=None,
            ask=None,
            skew_bps=None,
            sources=(),
            chart=(),
        ),
        health=(),
        limits=Limits(),
        counts=Counts(),
        alive=LiveQuotes(quotes=0, btc=Decimal(0), eure=Decimal(0), last_death_ms=0),
        reaction=Reaction(p50_us=None, p99_us=None, max_us=None),
    )
