"""What the cockpit shows of a span is what the report says of it, to the last digit."""

import asyncio
from pathlib import Path

import pytest

from cockpit.accounting.earnings import FillSums
from cockpit.model.trading_figures.earnings import EarnedSpan
from cockpit.reports.past.earned import earned, recall, span_earned
from cockpit.reports.trading_report import trading_report
from storage.reader import Reader, Span, find_run
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(small.write(tmp_path_factory.mktemp("earned") / "history.sqlite"))


def reported(reader: Reader, span: Span) -> dict[str, object]:
    report = trading_report(reader, span, DEFAULT_TOKENS)
    means = {mean.seconds: (mean.known, mean.bps) for mean in report.markouts if mean.by == "all"}
    profit = report.profit
    return {
        "fills": sum(side.fills for side in report.sides),
        "volume": sum(side.eure for side in report.sides),
        "spread": sum(side.spread for side in report.sides),
        "sent": report.sent,
        "fees": (report.fees.protocol_btc, report.fees.protocol_eure),
        "markouts": {seconds: mean for seconds, mean in means.items() if mean[0]},
        "trading": profit and profit.trading,
        "revaluation": profit and profit.revaluation,
    }


def shown(span: EarnedSpan) -> dict[str, object]:
    return {
        "fills": span.fills,
        "volume": span.volume,
        "spread": span.spread,
        "sent": span.sent,
        "fees": (span.fee_btc, span.fee_eure),
        "markouts": {one.seconds: (one.known, one.bps) for one in span.markouts if one.known},
        "trading": span.trading,
        "revaluation": span.revaluation,
    }


@pytest.mark.parametrize("cut", [0, 9, 10, 11, 20, 25, 30, 31, 90, 95])
def test_a_span_earned_what_its_report_says(path: Path, cut: int) -> None:
    with SqliteReader(path) as reader:
        whole = find_run(reader, "last").span
        middle = NOW + cut * NS_PER_S
        for span in (whole, Span(middle, whole.to_ns), Span(whole.from_ns, middle + 1)):
            figures, report = shown(span_earned(reader, DEFAULT_TOKENS, span)), reported(reader, span)
            if report["trading"] is None:
                # The report names no P&L without balances; the fills' part of it needs none.
                del figures["trading"], report["trading"]
            assert figures == report


def test_the_parts_of_a_span_add_up_to_it(path: Path) -> None:
    with SqliteReader(path) as reader:
        whole = find_run(reader, "last").span
        halves = [Span(whole.from_ns, NOW + 15 * NS_PER_S), Span(NOW + 15 * NS_PER_S, whole.to_ns)]
        first, second = (earned(reader, DEFAULT_TOKENS, half) for half in halves)
        added, all_of_it = first.sums + second.sums, earned(reader, DEFAULT_TOKENS, whole).sums
        assert {name: getattr(added, name) for name in FillSums.__slots__} == {
            name: getattr(all_of_it, name) for name in FillSums.__slots__
        }


def test_what_the_day_wrote_and_gave_away_is_what_the_report_says(path: Path) -> None:
    span = Span(NOW, NOW + 121 * NS_PER_S)
    with SqliteReader(path) as reader:
        past = recall(reader, DEFAULT_TOKENS, day_ns=span.from_ns, started_ns=span.to_ns).options
        options = trading_report(reader, span, DEFAULT_TOKENS).options
    assert options is not None
    assert options.known > 0
    for found, said in zip((past.buy, past.sell), options.sides, strict=True):
        whole = DEFAULT_TOKENS.quote.to_decimal
        assert (found.quotes, whole(found.written)) == (said.quotes, said.written)
        assert (found.known, whole(found.given_away)) == (said.known, said.given_away)


def test_the_curve_of_the_past_day_follows_fills_and_deposits(path: Path) -> None:
    with SqliteReader(path) as reader:
        past = recall(reader, DEFAULT_TOKENS, day_ns=NOW, started_ns=NOW + 121 * NS_PER_S)
    base = 10**8
    bought, deposited = 100_000 - 50_000, 10**6
    cash = (251 - 499) * small.EUR // 10
    at_60, at_120 = (bought * price * 10**10 + cash for price in (50_300, 49_000))
    minutes = [point[0] // NS_PER_S - NOW // NS_PER_S for point in past.today.curve]
    assert all(second % 60 == (-(NOW // NS_PER_S)) % 60 for second in minutes)
    by_price = {point[1] for point in past.today.curve}
    assert by_price <= {0, at_60, at_120, bought * 50_200 * 10**10 + cash}
    assert past.today.curve[-1][2] == base + bought + deposited
