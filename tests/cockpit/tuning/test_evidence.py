"""What counts as a quote that nobody took, as a fill, and as neither."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from cockpit.model.events import AnyEvent, Outcome, TradeResult
from cockpit.tuning.evidence import Evidence, gather
from storage.history import Run
from storage.reader import Span
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_S


def gathered(folder: Path, events: Sequence[AnyEvent], lasted_s: int = 100) -> Evidence:
    async def write() -> None:
        history = SqliteHistory(folder / "h.sqlite")
        await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
        await history.write(list(events))
        await history.close(NOW + lasted_s * NS_PER_S)

    asyncio.run(write())
    with SqliteReader(folder / "h.sqlite") as reader:
        return gather(reader, Span(0, 2**62), DEFAULT_TOKENS)


def without_end_of_c() -> list[AnyEvent]:
    ends = ("expired", "accepted")
    return [
        one
        for one in small.events()
        if not (isinstance(one, TradeResult) and one.quote_id == "quote-c" and one.outcome in ends)
    ]


def counts(found: Evidence) -> tuple[int, int, int, int]:
    fills = sum(one.kept is not None for one in found.outcomes)
    return len(found.outcomes), fills, found.unmarked, found.unended


def test_fills_keep_their_markout_of_a_minute_and_expired_quotes_nothing(tmp_path: Path) -> None:
    found = gathered(tmp_path, small.events())
    assert counts(found) == (3, 2, 0, 0)
    kept = [one.kept for one in found.outcomes]
    # 0.001 BTC for 49.9 EURe and 0.0005 for 25.1, worth 50 and 25 a minute later.
    assert kept == [pytest.approx(20.04, abs=0.01), pytest.approx(39.84, abs=0.01), None]
    assert [one.trial.half for one in found.outcomes] == [20.0, 20.0, 20.0]
    assert [round(one.trial.width) for one in found.outcomes] == [20, 20, 20]


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ([("refused", 26)], (3, 2, 0, 0)),
        ([("refused", 26), ("expired", 87)], (3, 2, 0, 0)),
        ([], (3, 2, 0, 0)),
        ([("accepted", 26), ("burning", 40), ("burned", 41)], (2, 2, 0, 1)),
    ],
)
def test_a_refused_quote_was_not_taken_and_a_burned_one_could_not_be(
    tmp_path: Path, ends: list[tuple[Outcome, int]], expected: tuple[int, int, int, int]
) -> None:
    results = [small.result("c", second, outcome) for outcome, second in ends]
    assert counts(gathered(tmp_path, [*without_end_of_c(), *results])) == expected


def test_a_quote_that_is_still_live_at_the_end_is_left_out(tmp_path: Path) -> None:
    live = small.sent("z", 80, (BTC.token_id, 8_000), (EURE.token_id, 4 * small.EUR))
    assert counts(gathered(tmp_path, [*small.events(), *live])) == (3, 2, 0, 1)


def test_a_fill_whose_minute_nobody_saw_is_counted_and_left_out(tmp_path: Path) -> None:
    late = small.sent("z", 70, (BTC.token_id, 8_000), (EURE.token_id, 4 * small.EUR))
    found = gathered(tmp_path, [*small.events(), *late, small.result("z", 75, "settled")])
    assert counts(found) == (3, 2, 1, 0)
