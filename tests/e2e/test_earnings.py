"""What the screen says was earned is what `cockpit report` says of the same time, to the last digit."""

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, cast

import pytest

from cockpit.app.past.figures import HistoryFigures
from cockpit.client.desk_client import ConnectionLost
from cockpit.model.snapshot import Snapshot
from cockpit.model.trading_figures.earnings import EarnedSpan, EarningsState
from tests.e2e.conftest import Launch
from tests.support.processes.command import run
from tests.support.processes.desk_process import DeskProcess, accepted
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE


def report(desk: DeskProcess, *span: str) -> dict[str, Any]:
    done = run("report", "--history", str(desk.state_dir / "history.sqlite"), "--json", *span, cwd=desk.state_dir)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def figures_of(found: dict[str, Any]) -> dict[str, object]:
    profit, sides, fees = found["profit"], found["sides"], found["fees"]
    return {
        "fills": sum(side["fills"] for side in sides),
        "sent": found["sent"],
        "volume": sum(Decimal(side["eure"]) for side in sides),
        "spread": sum(Decimal(side["spread"]) for side in sides),
        "trading": Decimal(profit["trading"]),
        "revaluation": Decimal(profit["revaluation"]),
        "fees": (Decimal(fees["protocol_btc"]), Decimal(fees["protocol_eure"])),
        "markouts": {
            mean["seconds"]: (mean["known"], None if mean["bps"] is None else Decimal(mean["bps"]))
            for mean in found["markouts"]
            if mean["by"] == "all"
        },
    }


def shown(span: EarnedSpan | None) -> dict[str, object]:
    assert span is not None
    return {
        "fills": span.fills,
        "sent": span.sent,
        "volume": span.volume,
        "spread": span.spread,
        "trading": span.trading,
        "revaluation": span.revaluation,
        "fees": (span.fee_btc, span.fee_eure),
        "markouts": {one.seconds: (one.known, one.bps) for one in span.markouts},
    }


def of(shot: Snapshot) -> EarningsState:
    assert shot.earnings is not None
    return shot.earnings


async def last_earnings(desk: DeskProcess) -> EarningsState:
    """Stop the desk and return what it showed last."""
    newest: EarningsState | None = None
    stopped = False
    async with aclosing(cast(AsyncGenerator[Snapshot | ConnectionLost], desk.link.snapshots())) as stream:
        async for item in stream:
            if isinstance(item, ConnectionLost):
                break
            newest = of(item)
            if not stopped:
                stopped = True
                accepted(await desk.link.shutdown())
    assert desk.process.wait() == 0
    assert newest is not None
    return newest


async def past_agrees(desk: DeskProcess, first: EarningsState) -> None:
    """What the cockpit reads of the past is what the screen showed, and the chart has both fills."""
    figures = HistoryFigures(lambda: (desk.state_dir / "history.sqlite", DEFAULT_TOKENS))
    since = await figures.earned(first.run.from_ns, first.mid_at_ns + 1)
    assert shown(since) == shown(first.run)
    course = await figures.course(first.run.from_ns, first.mid_at_ns)
    assert [fill.side for fill in course.fills] == ["buy", "sell"]
    assert course.points
    assert any(one.bid is not None for one in course.prices)


def options_are_taken_over(shot: Snapshot, before: dict[str, Any]) -> None:
    """What the run before wrote and gave away counts for the day, and its requests for the committed limit."""
    [flow] = [row.measured for row in shot.interlocks if row.ident == "committed_limit"]
    assert "; 2 requests in the last hour, too few to judge" in flow
    day, options = shot.option_day, before["options"]
    if day.from_ns // 10**9 % 86_400 == 0 and before["from_ns"] >= day.from_ns:
        assert (day.buy.quotes, day.sell.quotes) == (1, 1)
        assert day.written == Decimal(options["written"]) > 0
        assert day.given_away == Decimal(options["given_away"])


@pytest.mark.slow
async def test_the_screen_agrees_with_the_report_over_a_restart(launch: Launch, control: Control, taker: Taker) -> None:
    desk = await launch(HISTORY_PRICE_EVERY_MS="30000")
    await desk.arm()
    await taker.deal(BTC.token_id, amount_in=100_000)
    await taker.deal(EURE.token_id, amount_in=EURE.to_units(Decimal(20)))
    await desk.until(lambda shot: of(shot).run.fills == 2 and of(shot).run.markouts[0].known == 2, what="marked")
    first = await last_earnings(desk)
    assert shown(first.run) == figures_of(report(desk, "--run", "last"))
    first_run = str(desk.rows("SELECT run_id FROM runs ORDER BY seq DESC LIMIT 1")[0][0])

    await past_agrees(desk, first)
    await desk.start()
    again = await desk.until(lambda shot: of(shot).today is not None, what="the day is read")
    options_are_taken_over(again, report(desk, "--run", first_run))
    await desk.arm()
    await taker.deal(BTC.token_id, amount_in=50_000)
    await desk.until(lambda shot: of(shot).run.fills == 1 and of(shot).run.markouts[0].known == 1, what="marked")
    last = await last_earnings(desk)
    assert last.note == ""
    assert shown(last.run) == figures_of(report(desk, "--run", "last"))
    assert last.today is not None
    day = datetime.fromtimestamp(last.today.from_ns // 10**9, UTC)
    assert shown(last.today) == figures_of(report(desk, "--day", f"{day:%Y-%m-%d}"))
    if first.today is not None and first.today.from_ns == last.today.from_ns:
        assert last.today.fills == 3
