"""The report of a small history is what its figures come to by hand."""

import asyncio
import csv
import io
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.report import report as report_command
from cockpit.model.events import Outcome
from cockpit.reports import marked_fills
from cockpit.reports.figures import TradingReport
from cockpit.reports.report_text import as_csv, as_text
from cockpit.reports.trading_report import trading_report
from storage.errors import HistoryError
from storage.history import Run
from storage.reader import LATER_NS, Span, find_run
from storage.reporting.trading import count_events, live_quotes
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from tests.support.processes.command import run
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_S


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return asyncio.run(small.write(tmp_path / "history.sqlite"))


def of_the_run(path: Path) -> TradingReport:
    with SqliteReader(path) as reader:
        return trading_report(reader, find_run(reader, "last").span, DEFAULT_TOKENS, with_fills=True)


def test_counts(path: Path) -> None:
    report = of_the_run(path)
    assert (report.runs, report.demands, report.decisions, report.sent) == (1, 5, 5, 3)
    assert report.outcomes == {"accepted": 3, "settled": 2, "expired": 1, "unknown": 0}
    assert report.win_rate == Decimal("0.6667")
    assert report.market_share == Decimal("0.25")
    assert report.not_quoted == (("notional", 2),)
    # Requests too large fail what they would commit, too: it would fail first, were the notional raised.
    assert dict(report.failing)["notional"] == report.failing_of == 2
    assert len(report.failing) > 1
    assert re.search(r"^  notional +2 +2$", as_text(report), re.MULTILINE)
    assert report.reaction_us == (Decimal(318), Decimal(325), Decimal(325))


async def test_a_quote_is_counted_once_by_its_answer_and_once_by_its_end(tmp_path: Path) -> None:
    """A refused quote counts by its refusal, unless it was taken after it; an expired one that settled, as settled."""
    history = SqliteHistory(tmp_path / "history.sqlite")
    await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
    eure, btc = EURE.token_id, BTC.token_id
    outcomes: dict[str, tuple[Outcome, ...]] = {
        "refused-settled": ("unknown", "refused", "settled"),
        "expired-settled": ("accepted", "expired", "settled"),
        "refused": ("unknown", "refused"),
        "refused-taken-settled": ("refused", "accepted", "settled"),
        "refused-expired": ("refused", "expired"),
        "refused-burned": ("refused", "burning", "burned"),
        "refused-taken-expired": ("refused", "accepted", "expired"),
        "refused-taken": ("refused", "accepted"),
        "accepted": ("accepted",),
    }
    for name in (*outcomes, "unanswered"):
        await history.write(small.sent(name, 8, (btc, 100_000), (eure, 499 * small.EUR // 10)))
    await history.write([small.result(name, 9, each) for name, steps in outcomes.items() for each in steps])
    await history.close(NOW + 100 * NS_PER_S)
    with SqliteReader(tmp_path / "history.sqlite") as reader:
        span = Span(0, LATER_NS)
        counts = {name: count for name, count in count_events(reader, span).outcomes.items() if count}
        assert counts == {"accepted": 6, "refused": 3, "settled": 3, "expired": 1, "burning": 1}
        assert live_quotes(reader, span) == 3


def test_sides_inventory_and_fees(path: Path) -> None:
    report = of_the_run(path)
    buy, sell = report.sides
    assert (buy.fills, buy.btc, buy.eure) == (1, Decimal("0.001"), Decimal("49.9"))
    assert (sell.fills, sell.btc, sell.eure) == (1, Decimal("0.0005"), Decimal("25.1"))
    btc, eure = report.inventory
    changes = (btc.opening, btc.filled, btc.deposited, btc.unexplained)
    assert changes == (Decimal(1), Decimal("0.0005"), Decimal("0.01"), Decimal(0))
    assert btc.closing == Decimal("1.0105")
    assert (eure.filled, eure.unexplained, eure.closing) == (Decimal("-24.8"), Decimal(0), Decimal("975.2"))
    assert (report.fees.protocol_btc, report.fees.protocol_eure) == (Decimal("1e-8"), Decimal("0.0000499"))


def test_pnl(path: Path) -> None:
    """Held 1 at 50000; bought 0.001 for 49.9: 1.001 cost 50049.9. Sold 0.0005 of it for 25.1. Marked to 49000."""
    report = of_the_run(path).profit
    assert report is not None
    average = Decimal("50049.9") / Decimal("1.001")
    assert abs(report.realised - (Decimal("25.1") - Decimal("0.0005") * average)) < Decimal("1e-15")
    value = Decimal("1.0105") * 49_000 + Decimal("975.2") - 50_000 - 1_000 - Decimal("0.01") * 50_300
    assert report.total == report.realised + report.unrealised == value
    # The fills alone: 0.0005 BTC more at 49,000, and 24.8 EURe less.
    assert report.trading == Decimal("0.0005") * 49_000 - Decimal("24.8")
    assert report.revaluation == value - report.trading


def test_markouts(path: Path) -> None:
    """a bought at 49900 at 10 s: 50100 at 11 s; b sold at 50200 at 20 s: 50200 at 21 s; the run ends at 100 s."""
    report = of_the_run(path)
    a, b = report.fills
    assert [a.price, b.price] == [Decimal(49_900), Decimal(50_200)]
    assert a.markouts == (Decimal("40.08"), Decimal("40.08"), Decimal("20.04"), None)
    assert b.markouts == (Decimal("0.00"), Decimal("-19.92"), Decimal("39.84"), None)
    found = {(m.by, m.bucket, m.seconds): m for m in report.markouts}
    assert found["side", "buy", 1].bps == Decimal("40.08")
    # By what was asked: a quote for 60 s lives a second longer, and is still one "to 60 s".
    assert found["life", "to 60 s", 1].fills == 1
    assert "lifetime to 60 s" in as_text(report)
    assert found["life", "to 120 s", 60].bps == Decimal("39.84")
    weighted = (Decimal("49.9") * Decimal("20.04") + Decimal("25.1") * Decimal("39.84")) / 75
    assert found["all", "all", 60].bps == weighted.quantize(Decimal("0.01"))
    assert (found["all", "all", 300].fills, found["all", "all", 300].known, found["all", "all", 300].bps) == (
        2,
        0,
        None,
    )


def test_fills_are_marked_in_parts_as_they_are_all_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = of_the_run(path)
    monkeypatch.setattr(marked_fills, "AT_ONCE", 1)
    assert of_the_run(path) == whole


def test_what_was_given_away_is_the_edge_at_signing_less_that_at_booking(path: Path) -> None:
    """a bought 0.001 BTC for 49.9 and was booked at a mid of 50000, b sold 0.0005 for 25.1 at 50100."""
    report = of_the_run(path)
    options = report.options
    assert options is not None
    assert (options.fills, options.known) == (2, 2)
    assert options.signed_edge == sum((side.spread for side in report.sides), Decimal(0)) > 0
    assert options.booked_edge == Decimal("0.1") + Decimal("0.05")
    assert options.given_away == options.signed_edge - options.booked_edge
    assert "given away -0.1340 while quotes were open" in as_text(report)


def test_groups_hits_latency_and_capital(path: Path) -> None:
    """a and b were filled 2 s after they were sent, c expired; 60 s later both mids were in the desk's favour."""
    report = of_the_run(path)
    assert report.hits is not None
    assert (report.hits.sent, report.hits.filled, report.hits.open) == (3, 2, 0)
    assert report.latency is not None
    assert (report.latency.known, report.latency.p50_ms, report.latency.max_ms) == (2, 2_000, 2_000)
    assert [(one.known, one.adverse) for one in report.adverse] == [(2, 0), (2, 1), (2, 0), (0, 0)]
    found = {(group.by, group.bucket): group for group in report.groups}
    assert found["size", "2 to 5"].hit_ratio == 0
    market = found["market", "BTC/EURe"]
    assert (market.sent, market.filled, market.fills, market.eure) == (3, 2, 2, Decimal(75))
    assert report.profit is not None
    assert market.trading == report.profit.trading
    assert (market.markout_bps, market.adverse) == (Decimal("26.67"), Decimal(0))
    # 0.001 BTC opened at 10 s, half of it offset at 20 s.
    assert report.half_life is not None
    assert (report.half_life.opened, report.half_life.half_life_ms) == (Decimal("0.001"), 10_000)
    assert report.capital is not None
    assert report.capital.holding == report.profit.revaluation
    assert report.capital.a_year is None


def test_the_curve_ends_with_the_report_s_profit(path: Path) -> None:
    with SqliteReader(path) as reader:
        for to_ns in (NOW + 25 * NS_PER_S, NOW + 95 * NS_PER_S, LATER_NS):
            report = trading_report(reader, Span(NOW, to_ns), DEFAULT_TOKENS)
            assert report.profit is not None
            last = report.curve[-1]
            assert (last.trading, last.total) == (report.profit.trading, report.profit.total)
    btc, eure = (change.closing for change in report.inventory)
    assert (last.base, last.quote) == (btc, eure)


def test_groups_as_text_and_csv(path: Path) -> None:
    report = of_the_run(path)
    text = as_text(report)
    assert re.search(r"^  BTC/EURe +2 +66\.7 +75 +2\.13 +-0\.30 +\+26\.67 +0\.0$", text, re.MULTILINE)
    assert "hit ratio 66.7 %: 2 filled of 3 sent" in text
    assert "quote to fill p50 2,000, p90 2,000, p99 2,000, max 2,000 ms of 2 fills" in text
    assert "half was offset after 10s" in text
    figures = dict(csv.reader(io.StringIO(as_csv(report))))
    assert figures["groups.partner.(not told).hit_ratio"] == "0.6667"
    assert figures["groups.market.BTC/EURe.markout_bps"] == "26.67"
    assert figures["adverse.10s.share"] == "0.5000"
    assert figures["hits.sent"] == "3"
    assert not [name for name in figures if name.startswith("curve")]


def test_a_span_includes_its_start_and_excludes_its_end(path: Path) -> None:
    with SqliteReader(path) as reader:
        at = [NOW + second * NS_PER_S for second in (10, 20)]
        assert sum(side.fills for side in trading_report(reader, Span(at[0], at[1]), DEFAULT_TOKENS).sides) == 1
        assert sum(side.fills for side in trading_report(reader, Span(at[0], at[1] + 1), DEFAULT_TOKENS).sides) == 2
        assert trading_report(reader, Span(0, NOW), DEFAULT_TOKENS).profit is None


def test_the_same_profit_once_old_requests_and_prices_were_deleted(path: Path, tmp_path: Path) -> None:
    async def pruned() -> Path:
        history = SqliteHistory(await small.write(tmp_path / "pruned.sqlite"))
        await history.open(Run(run_id="run-2", mode="SANDBOX", account="maker.near", started_ns=NOW + 10**15))
        while await history.prune(NOW + 10**15):
            pass
        await history.close(None)
        return tmp_path / "pruned.sqlite"

    with SqliteReader(path) as reader, SqliteReader(asyncio.run(pruned())) as after:
        span = find_run(reader, "last").span
        whole, left = (trading_report(each, span, DEFAULT_TOKENS) for each in (reader, after))
    assert (left.profit, left.markouts, left.inventory) == (whole.profit, whole.markouts, whole.inventory)
    assert (left.capital, left.hits, left.groups) == (whole.capital, whole.hits, whole.groups)
    assert (whole.requests_deleted, left.requests_deleted) == (0, 2)
    assert left.demands == whole.demands - 2
    assert "requests without a quote were deleted (HISTORY_KEEP_DAYS): 2 or more" in as_text(left)
    assert "deleted" not in as_text(whole)


def test_the_command(path: Path, tmp_path: Path) -> None:
    ran = run("report", "--history", str(path), "--run", "last", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    for words in (
        "SANDBOX  account maker.near",
        "trading, fills marked to 49,000.00",
        "win rate (settled / accepted) 66.7 %",
        "market share 25.0 %",
        "notional",
        "Markouts",
    ):
        assert words in ran.stdout
    assert max(len(line) for line in ran.stdout.splitlines()) <= 80
    whole = json.loads(run("report", "--history", str(path), "--json", "--fills", cwd=tmp_path).stdout)
    assert whole["inventory"][0]["closing"] == "1.01050000"
    assert [fill["quote_hash"] for fill in whole["fills"]] == ["hash-a", "hash-b"]
    figures = dict(csv.reader(io.StringIO(run("report", "--history", str(path), "--csv", cwd=tmp_path).stdout)))
    assert (figures["win_rate"], figures["not_quoted.notional"], figures["sides.buy.fills"]) == ("0.6667", "2", "1")
    assert figures["markouts.side.buy.1s.bps"] == "40.08"
    rows = list(
        csv.DictReader(io.StringIO(run("report", "--history", str(path), "--csv", "--fills", cwd=tmp_path).stdout))
    )
    assert [row["markout_1s_bps"] for row in rows] == ["40.08", "0.00"]


def in_process(*options: str) -> Result:
    return CliRunner().invoke(report_command, options)


def test_the_command_writes_a_page_or_draws_charts(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = in_process("--history", str(path), "--run", "last", "--html", "report.html")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert re.fullmatch(r"wrote report\.html, \d+ kB; only you can read it\n", ran.stdout)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert "maker.near" in page
    ran = in_process("--history", str(path), "--run", "last", "--charts")
    assert (ran.exit_code, ran.stderr) == (0, "")
    assert "Trading P&L, EURe" in ran.stdout
    assert max(len(line) for line in ran.stdout.splitlines()) <= 80
    assert "\x1b" not in ran.stdout


def test_a_page_that_cannot_be_written_is_one_sentence(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = in_process("--history", str(path), "--html", "missing/report.html")
    assert ran.exit_code == 1
    assert ran.stderr == "Error: the report cannot be written to missing/report.html: No such file or directory\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--html", "a.html", "--json"), "--html FILE cannot be combined"),
        (("--html", "a.html", "--charts"), "--html FILE cannot be combined"),
        (("--charts", "--csv"), "--charts is for the text only"),
    ],
)
def test_one_form_at_a_time(options: tuple[str, ...], message: str) -> None:
    ran = in_process(*options)
    assert ran.exit_code == 2
    assert message in ran.stderr


def test_without_the_extra_the_command_names_it_before_it_reads(tmp_path: Path) -> None:
    code = "import sys; sys.modules['matplotlib'] = None; from cockpit.cli.main import main; main()"
    command = [sys.executable, "-c", code, "report", "--history", str(tmp_path / "none"), "--html", "report.html"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "pip install 'near-intents-cockpit[charts]'" in ran.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--run", "nobody"), "no run starts"),
        (("--day", "yesterday"), "2026-11-25"),
        (("--from", "2026-01-02", "--to", "2026-01-01"), "the range is empty"),
        (("--day", "2026-01-02", "--run", "last"), "give only one of"),
        (("--json", "--csv"), "give only one of"),
        (("--fills",), "--json or --csv"),
    ],
)
def test_an_invalid_call_gets_one_sentence(path: Path, tmp_path: Path, options: tuple[str, ...], message: str) -> None:
    ran = run("report", "--history", str(path), *options, cwd=tmp_path)
    assert ran.returncode != 0
    assert message in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_file_that_is_not_a_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="there is no history"):
        SqliteReader(tmp_path / "missing")
    (tmp_path / "text").write_text("no database at all, but a text that is long enough to look like one" * 20)
    with pytest.raises(HistoryError, match="not a SQLite database"):
        SqliteReader(tmp_path / "text")
