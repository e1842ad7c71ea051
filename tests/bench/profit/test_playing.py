"""A small run of the bench: it is the same each time, says what it must, and a stranger's machine can play it too."""

import msgspec
import pytest

from bench.profit.goals import BEATEN, CRASH_RIVAL, goals_of
from bench.profit.makers import DESK, static
from bench.profit.markets import MARKETS, START, hours_of, make_path
from bench.profit.picture import picture_of
from bench.profit.playing import Played, Terms, play_seed
from bench.profit.report import Result, as_text, cell_result, goal_lines
from bench.profit.totals import cells_of
from venue.protocol.units import NS_PER_S

TERMS = Terms(
    markets=("crash",),
    mixes=("mixed",),
    makers=(DESK, static(16), CRASH_RIVAL, *BEATEN),
    seeds=(101, 102),
    hours=1,
)


@pytest.fixture(scope="module")
def played() -> list[Played]:
    return [one for seed in TERMS.seeds for one in play_seed(TERMS, "crash", seed)]


def test_the_same_seed_gives_the_same_figures(played: list[Played]) -> None:
    again = play_seed(TERMS, "crash", 101)
    assert msgspec.json.encode(again) == msgspec.json.encode(played[:1])
    assert played[0].runs != played[1].runs


def test_every_maker_meets_the_same_requests_alone(played: list[Played]) -> None:
    for one in played:
        assert len({run.requests for run in one.runs.values()}) == 1
        desk = one.runs[DESK]
        assert sum(desk.reasons.values()) == desk.requests
        assert desk.answered == desk.reasons["quote"] > 100
        assert all(run.total.fills > 0 for run in one.runs.values())
        # The wider of two fixed widths sells less, and earns more on what it sells.
        wide, narrow = one.runs[static(16)].total, one.runs[static(8)].total
        assert wide.fills < narrow.fills
        assert wide.signed / wide.notional > narrow.signed / narrow.notional > 0.0006


def test_text_json_and_picture_hold_every_cell_and_maker(played: list[Played]) -> None:
    cells = cells_of(played)
    result = Result(
        seeds=TERMS.seeds,
        hours=1,
        rivals="adaptive",
        markets={"crash": "generated prices"},
        cells=[cell_result(cell, [DESK]) for cell in cells],
        goals={DESK: goals_of(cells, DESK)},
    )
    text = "\n".join([as_text(result), *goal_lines(DESK, result.goals[DESK])])
    assert "crash (generated prices), takers mixed" in text
    assert all(f"\n{name} " in text for name in TERMS.makers)
    assert "refused dry" in text
    assert msgspec.json.decode(msgspec.json.encode(result), type=Result) == result
    picture = picture_of(result)
    assert picture.startswith("<svg")
    assert "best fixed width" in picture


@pytest.mark.parametrize("market", MARKETS)
def test_every_market_has_prices_without_a_recording(market: str) -> None:
    name = next(one for one in MARKETS if one == market)
    path = make_path(name, 5, None, 1)
    assert path.mid_at(0) == START
    assert path.mid_at(600 * NS_PER_S) != path.mid_at(1_200 * NS_PER_S)
    assert hours_of(name, 24, None) == (8 if name == "crash" else 24)
