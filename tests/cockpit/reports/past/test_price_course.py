"""The course of prices from history: thinned, with gaps where nothing was recorded, and bounded."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from cockpit.reports.past.price_course import price_course
from storage.history import Run
from storage.reader import Span
from storage.reporting.price_course import MOST_FILLS
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history.recorded_day import RecordedDay
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S

HOUR_S = 3_600


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour with a price every ten seconds but for ten minutes, a quote a minute, and a fill each."""
    day = RecordedDay(NOW)
    for second in range(0, HOUR_S, 10):
        day.now_ns = NOW + second * NS_PER_S
        if not 1_200 <= second < 1_800:
            day.price(Decimal(50_000 + second))
        if second % 60 == 0:
            quote = day.quote(f"{second}", buys=second % 120 == 0, btc=100_000, eure=50 * 10**18, edge=1)
            day.settle(quote)
    where = tmp_path_factory.mktemp("course") / "history.sqlite"

    async def write() -> None:
        history = SqliteHistory(where)
        await history.open(Run(run_id="one", mode="SANDBOX", account="maker.near", started_ns=NOW))
        await history.write(day.events)
        await history.close(day.now_ns)

    asyncio.run(write())
    return where


def test_the_course_of_an_hour(path: Path) -> None:
    span = Span(NOW, NOW + HOUR_S * NS_PER_S)
    with SqliteReader(path) as reader:
        course = price_course(reader, DEFAULT_TOKENS, span)
    seconds = [(point.at_ns - NOW) // NS_PER_S for point in course.points]
    assert len(course.points) <= 301
    assert all(
        point.mid == 50_000 + second // 10 * 10
        for point, second in zip(course.points, seconds, strict=True)
        if not 1_200 <= second < 1_800
    )
    assert not [second for second in seconds if 1_260 < second < 1_800]
    assert len(course.fills) == 60
    assert {fill.side for fill in course.fills} == {"buy", "sell"}
    assert [fill.at_ns for fill in course.fills] == sorted(fill.at_ns for fill in course.fills)
    assert course.fills[0].price == 50_000.0
    both = [one for one in course.prices if one.bid is not None and one.ask is None]
    assert both
    assert all(one.bid is None or 50_000 <= one.bid < 54_000 for one in course.prices)


def test_a_week_takes_no_more_points_than_an_hour(path: Path) -> None:
    with SqliteReader(path) as reader:
        course = price_course(reader, DEFAULT_TOKENS, Span(NOW - 6 * 86_400 * NS_PER_S, NOW + HOUR_S * NS_PER_S))
    assert len(course.prices) <= 301
    assert len(course.fills) <= MOST_FILLS
    assert course.points
