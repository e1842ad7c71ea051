"""What a report says of dry requests, of legs of a router, and of the way from the relay."""

from itertools import chain
from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cockpit.accounting.percentiles import counted_percentile, percentile
from cockpit.model.events import AnyEvent, ExecuteTrade, Outcome, RequestKind, SwapDemand, TradeResult
from cockpit.reports.report_text import as_csv, as_text
from cockpit.reports.trading_report import trading_report
from storage.history import Run
from storage.reader import LATER_NS, Span
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_MS


def of_kind(events: list[AnyEvent], kind: RequestKind, latency_ms: int | None = None) -> list[AnyEvent]:
    found: list[AnyEvent] = []
    for one in events:
        if isinstance(one, SwapDemand):
            asked_ns = None if latency_ms is None else one.at_ns - latency_ms * NS_PER_MS
            changes = {"dry": kind == "dry", "router_leg": kind == "router_leg", "asked_ns": asked_ns}
            one = msgspec.structs.replace(one, **changes)
        elif isinstance(one, ExecuteTrade | TradeResult):
            one = msgspec.structs.replace(one, request_kind=kind)
        found.append(one)
    return found


def quote(name: str, *outcomes: Outcome) -> list[AnyEvent]:
    sent = small.sent(name, 8, (BTC.token_id, 100_000), (EURE.token_id, 499 * small.EUR // 10))
    return [*sent, *(small.result(name, 9, outcome) for outcome in outcomes)]


async def test_dry_requests_are_no_demand_and_kinds_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    history = SqliteHistory(path)
    await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
    every = [
        of_kind(quote("top-1", "accepted", "settled"), "top_level", 20),
        of_kind(quote("top-2", "accepted"), "top_level", 30),
        of_kind(quote("leg-1", "accepted"), "router_leg", 40),
        of_kind(quote("leg-2", "refused", "settled"), "router_leg", 50),
        of_kind(quote("leg-3", "refused"), "router_leg"),
        of_kind(quote("dry-1", "accepted"), "dry", 60),
        of_kind(small.refused("dry-2", 8, 10**8), "dry"),
        quote("old", "accepted"),
    ]
    await history.write(list(chain.from_iterable(every)))
    await history.close(NOW)
    with SqliteReader(path) as reader:
        report = trading_report(reader, Span(0, LATER_NS), DEFAULT_TOKENS)
    assert (report.demands, report.dry, report.router_legs, report.decisions) == (6, 2, 3, 8)
    assert {one.kind: (one.accepted, one.settled) for one in report.kinds} == {
        "top_level": (2, 1),
        "router_leg": (2, 1),
        "dry": (1, 0),
        "": (1, 0),
    }
    assert report.win_rate is not None
    assert str(report.win_rate) == "0.4000", "2 of 5: the dry quote is no lost auction"
    assert (report.dated, report.relay_latency_ms) == (5, (40, 60, 60))
    text = as_text(report)
    assert "requests 6 (router legs 3, dry not counted 2), decided 8, sent 7" in text
    assert "relay latency p50 40, p99 60, max 60 ms of 5 dated requests" in text
    assert "router legs: accepted 2, settled 1, win rate 50.0 %" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    figures = dict(line.split(",", 1) for line in as_csv(report).splitlines())
    assert (figures["kinds.router_leg.accepted"], figures["relay_latency_ms.p99"], figures["dry"]) == ("2", "60", "2")


@given(st.lists(st.integers(0, 60_000), max_size=200), st.sampled_from([0, 0.5, 0.99, 1]))
def test_a_percentile_of_counts_is_that_of_the_values(values: list[int], part: float) -> None:
    ordered = sorted(values)
    counts = [(value, ordered.count(value)) for value in sorted(set(values))]
    assert counted_percentile(counts, part) == percentile(ordered, part)
