"""Accepted unexplained differences: a report shows amount, operator and reason, and counts them once."""

import asyncio
import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from cockpit.cli.common import reader_of
from cockpit.model.events import AnyEvent, OperatorAction
from cockpit.reports.figures import AssetChange, TradingReport
from cockpit.reports.report_text import as_csv, as_json, as_text
from cockpit.reports.trading_report import trading_report
from storage.history import Run
from storage.reader import Span, find_run
from storage.reporting.differences import ACCEPT_COMMAND, DIFFERENCE_COMMAND, UnexplainedDifference, write_difference
from tests.support.amounts import btc_eure
from tests.support.desk.builders import NOW
from tests.support.history.engines import Engine, PostgresEngine, SqliteEngine
from tests.support.history.small_history import EUR, balances, mid
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S

BTC_UNITS, EURE_UNITS = 7, -2 * EUR
WHY = "a stranger sent it, and the bridge kept two EURe of a withdrawal that was never listed"


def at(second: int) -> int:
    return NOW + second * NS_PER_S


def aside(second: int, amounts: TokenAmounts, before: TokenAmounts, shown: int) -> OperatorAction:
    arguments = write_difference(UnexplainedDifference(amounts, before, at(shown)))
    return OperatorAction(
        at_ns=at(second),
        command_id=f"aside-{second}",
        actor="desk",
        command=DIFFERENCE_COMMAND,
        arguments=arguments,
        accepted=True,
        reason="",
    )


def accept(second: int, accepted: bool, reason: str) -> OperatorAction:
    arguments = {"amounts": {"BTC": str(BTC_UNITS), "EURe": str(EURE_UNITS)}, "reason": reason}
    encoded = msgspec.json.encode(arguments).decode()
    return OperatorAction(
        at_ns=at(second),
        command_id=f"accept-{second}",
        actor="alice",
        command=ACCEPT_COMMAND,
        arguments=encoded,
        accepted=accepted,
        reason="",
    )


def events() -> list[AnyEvent]:
    """A difference is seen at 10 s, set aside at 12 s, accepted in vain at 18 s and for good at 20 s."""
    held, later = (10**8, 1_000 * EUR), (10**8 + BTC_UNITS, 1_000 * EUR + EURE_UNITS)
    return [
        mid(0, "50000"),
        *balances(0, *held),
        *balances(10, *later),
        aside(12, btc_eure(BTC_UNITS, EURE_UNITS), NOTHING, shown=12),
        *balances(12, *later),
        *balances(16, *later),
        accept(18, False, "too early"),
        aside(20, NOTHING, btc_eure(BTC_UNITS, EURE_UNITS), shown=16),
        accept(20, True, WHY),
        mid(25, "60000"),
        *balances(30, *later),
    ]


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "sqlite":
        return SqliteEngine(tmp_path)
    return PostgresEngine(tmp_path, request.getfixturevalue("postgres_url"))


@pytest.fixture
def where(engine: Engine, tmp_path: Path) -> Path | str:

    async def fill() -> None:
        history = engine.make()
        await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
        await history.write(events())
        await history.close(at(40))

    asyncio.run(fill())
    return engine.url if isinstance(engine, PostgresEngine) else tmp_path / "history.sqlite"


def report_of(where: Path | str, span: Span | None = None) -> TradingReport:
    with reader_of(where) as reader:
        return trading_report(reader, span or find_run(reader, "last").span, DEFAULT_TOKENS)


def units(change: AssetChange) -> tuple[Decimal | None, ...]:
    return change.opening, change.accepted, change.unexplained, change.closing


def test_it_is_accepted_and_not_unexplained(where: Path | str) -> None:
    report = report_of(where)
    btc, eure = report.inventory
    assert units(btc) == (Decimal(1), Decimal("7e-8"), Decimal(0), Decimal("1.00000007"))
    assert units(eure) == (Decimal(1_000), Decimal(-2), Decimal(0), Decimal(998))
    [one] = report.accepted
    assert (one.at_ns, one.actor, one.reason) == (at(20), "alice", WHY)
    assert (one.btc, one.eure) == (Decimal("7e-8"), Decimal(-2))
    # What a stranger gave is no profit: the seven units cost the mid nearest to when they were accepted.
    assert report.profit is not None
    assert [one.mid for one in report.profit.movements] == [Decimal(60_000)]
    assert report.profit.total == 10_000


@pytest.mark.parametrize(
    ("start", "end", "opening", "accepted", "unexplained"),
    [
        (0, 15, 0, 0, BTC_UNITS),
        (14, 19, 0, 0, BTC_UNITS),
        (14, 40, 0, BTC_UNITS, 0),
        (19, 40, 0, BTC_UNITS, 0),
        (21, 40, BTC_UNITS, 0, 0),
    ],
)
def test_it_stays_unexplained_in_every_range_until_it_is_accepted(
    where: Path | str, start: int, end: int, opening: int, accepted: int, unexplained: int
) -> None:
    report = report_of(where, Span(at(start), at(end)))
    btc = report.inventory[0]
    found = [int(amount.scaleb(8)) for amount in (btc.opening, btc.accepted, btc.unexplained) if amount is not None]
    assert found == [10**8 + opening, accepted, unexplained]
    assert len(report.accepted) == bool(accepted)


def test_the_text(where: Path | str) -> None:
    report = report_of(where)
    text = as_text(report)
    assert "+0.00000007 BTC, -2 EURe, by alice: a stranger sent it" in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 80
    assert "Accepted" not in as_text(report_of(where, Span(at(0), at(15))))
    [one] = json.loads(as_json(report))["accepted"]
    assert (one["btc"], one["reason"]) == ("0.00000007", WHY)
    figures = dict(csv.reader(io.StringIO(as_csv(report))))
    assert (figures["accepted.0.actor"], figures["inventory.BTC.accepted"]) == ("alice", "0.00000007")
    assert figures["inventory.BTC.unexplained"] == "0"


def test_the_text_rounds_amounts_for_reading_and_json_has_every_digit(where: Path | str) -> None:
    report, long = report_of(where), Decimal("1234.123456789012345678")
    amounts = dict.fromkeys(("opening", "filled", "deposited", "withdrawn", "accepted", "unexplained", "closing"), long)
    report = replace(
        report,
        inventory=tuple(replace(one, **amounts) for one in report.inventory),
        accepted=tuple(replace(one, eure=-long) for one in report.accepted),
        fees=replace(report.fees, protocol_btc=long, protocol_eure=long, bridge_btc=long, bridge_eure=long),
    )
    text = as_text(report)
    assert "-1,234.1234 EURe, by alice" in " ".join(text.split())
    assert re.findall(r"[\d,]+\.\d{9,}", text) == []
    assert json.loads(as_json(report))["inventory"][0]["closing"] == str(long)
