"""Recorded decisions, quotes, fills and commands as the rows that a live board had. Pure, but for the mids of fills."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from cockpit.accounting.markouts import HORIZONS_S, in_bps
from cockpit.desk.quote_book.commitment import commit
from cockpit.desk.quote_book.quote import Quote, State
from cockpit.desk.snapshots.quote_rows import decision_row, fill_row, quote_row
from cockpit.model.events import RequestKind
from cockpit.model.snapshot import DecisionRow, FillRow, QuoteRow
from cockpit.reports.marked_fills import horizon_mids, mark_fill
from storage.reader import Reader, RunRow
from storage.reporting.rewound import DecidedRequest, QuoteThen
from storage.reporting.trading import FillRecord
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

_FINAL: dict[str, State] = {"settled": "settled", "expired": "expired", "burned": "burned"}
_KINDS: dict[str, RequestKind] = {"top_level": "top_level", "router_leg": "router_leg", "dry": "dry"}


def decision_rows(found: Iterable[DecidedRequest], tokens: TokenTable, at_ns: int) -> Iterator[DecisionRow]:
    """Yield the decisions of markets that the table knows."""
    for one in found:
        market = tokens.market(one.asset_in, one.asset_out)
        if market is not None:
            yield decision_row(one.event, market, at_ns)


def state_of(results: Sequence[tuple[str, str]]) -> tuple[State, str]:
    """Return the state of a quote with these outcomes, and the detail of the one that made it so."""
    state: State = "sent"
    detail = ""
    for outcome, said in results:
        if outcome in _FINAL:
            state, detail = _FINAL[outcome], said
        elif state in _FINAL.values():
            continue
        elif outcome == "burning":
            state, detail = "burning", said
        elif outcome == "accepted" and state != "burning":
            state, detail = "accepted", said
        elif outcome == "refused" and state in ("sent", "unknown"):
            state, detail = "refused", said
        elif outcome == "unknown" and state == "sent":
            state, detail = "unknown", said
    return state, detail


def quote_rows(found: Iterable[QuoteThen], tokens: TokenTable, at_ns: int) -> Iterator[QuoteRow]:
    """Yield the quotes in tokens that the table knows."""
    for one in found:
        market = tokens.market(one.asset_in, one.asset_out)
        if market is None:
            continue
        state, detail = state_of(one.results)
        commitment = commit(
            quote_hash=one.quote_hash,
            quote_id=one.quote_id,
            command_id="",
            decision_id="",
            nonce="",
            side="buy" if one.asset_in == market.base.token_id else "sell",
            asset_in=one.asset_in,
            asset_out=one.asset_out,
            amount_in=one.amount_in,
            amount_out=one.amount_out,
            edge=0,
            sent_ns=one.sent_ns,
            deadline_ns=one.deadline_ns,
            released_after_ns=one.deadline_ns,
            request_kind=_KINDS.get(one.request_kind, ""),
        )
        quote = Quote(commitment, 0, state)
        quote.detail = detail
        yield quote_row(tokens, quote, at_ns)


def fill_rows(
    reader: Reader, every: Sequence[RunRow], found: Sequence[FillRecord], tokens: TokenTable, at_ns: int
) -> Iterator[FillRow]:
    """Yield the fills with the markouts whose time had come."""
    known = sorted(
        (one for one in found if tokens.market(one.asset_in, one.asset_out) is not None),
        key=lambda one: (-(one.settled_ns or one.at_ns), one.quote_hash),
    )
    marks = {due_ns: mid for due_ns, mid in horizon_mids(reader, every, known).items() if due_ns <= at_ns}
    for one in known:
        marked = mark_fill(one, marks, tokens)
        settled_ns = one.settled_ns
        passed = () if settled_ns is None else tuple(s for s in HORIZONS_S if settled_ns + s * NS_PER_S <= at_ns)
        commitment = commit(
            quote_hash=one.quote_hash,
            quote_id=one.quote_id,
            command_id="",
            decision_id="",
            nonce="",
            side="buy" if marked.side == "buy" else "sell",
            asset_in=one.asset_in,
            asset_out=one.asset_out,
            amount_in=one.amount_in,
            amount_out=one.amount_out,
            edge=one.edge or 0,
            sent_ns=one.sent_ns,
            deadline_ns=one.deadline_ns,
            released_after_ns=one.deadline_ns,
        )
        quote = Quote(commitment, 0, "settled")
        quote.reported_ns, quote.settled_ns = settled_ns, one.at_ns
        quote.tx_hash = one.tx_hash
        markouts = tuple(
            (seconds, None if hundredths is None else in_bps(hundredths))
            for seconds, hundredths in zip(passed, marked.markouts, strict=False)
        )
        row = fill_row(tokens, quote, markouts, at_ns)
        yield row if one.edge is not None else msgspec.structs.replace(row, edge_bps=None)
