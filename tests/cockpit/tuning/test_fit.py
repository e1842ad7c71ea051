"""Fits of histories whose truth is known: the sandbox's flow against the desk's own `decide`, through the real writer
into SQLite. Parts of twenty minutes stand for days."""

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.model.events import AnyEvent
from cockpit.tuning import messages
from cockpit.tuning.candidates import Candidate, parse_candidates
from cockpit.tuning.evidence import gather
from cockpit.tuning.fit import TuneFit, fit
from cockpit.tuning.fit_text import as_json, as_text
from storage.reader import Span
from storage.sqlite.reader import SqliteReader
from tests.support.history.backtest_history import START_NS, STILL, Rules, played, record, switched
from tests.support.processes.command import run
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S

pytestmark = pytest.mark.slow

PART_S = 1_200
EXPLORED = ("14", "7", "20", "10")
PROMPT: dict[str, Any] = {"rate": 2.0, "takers": "prompt=1"}


def then(first: Rules, until_s: float, later: Rules) -> Rules:
    return lambda at_s: first(at_s) if at_s < until_s else later(at_s)


def fixed(width: str) -> Rules:
    return switched([width], 60)


def fitted(path: Path, parts: int, *, others: Sequence[Candidate] = (), seed: int = 1) -> TuneFit:
    with SqliteReader(path) as reader:
        span = Span(START_NS, START_NS + parts * PART_S * NS_PER_S)
        return fit(reader, span, DEFAULT_TOKENS, others=others, fold_s=PART_S, seed=seed)


@pytest.fixture(scope="module")
def explored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prompt takers and the usual rivals: four widths in turn, and 14 bps at the end."""
    rules = then(switched(EXPLORED, 120), 3 * PART_S - 60, fixed("14"))
    return written(tmp_path_factory.mktemp("explored"), played(rules, 3 * PART_S, **PROMPT))


def written(folder: Path, events: list[AnyEvent]) -> Path:
    return asyncio.run(record(folder / "h.sqlite", [events]))


def earned(width: str, folder: Path) -> float:
    """What this width really earns by the mid of 60 s later, EURe, on the two parts that are judged."""
    path = written(folder, played(fixed(width), 3 * PART_S, **PROMPT))
    with SqliteReader(path) as reader:
        judged = Span(START_NS + PART_S * NS_PER_S, START_NS + 3 * PART_S * NS_PER_S)
        return sum(one.eur60 for one in gather(reader, judged, DEFAULT_TOKENS).outcomes)


def test_the_width_that_earns_most_is_found(explored: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    result = fitted(explored, 3, others=parse_candidates("8,11,17"))
    truth = {width: earned(width, tmp_path_factory.mktemp(width)) for width in ("8", "11", "14", "17")}
    assert result.advice.verdict == "change"
    assert result.advice.advised is not None
    advised = f"{result.advice.advised.base:f}"
    assert truth[advised] > truth["14"]
    assert truth[advised] > 0.95 * max(truth.values())
    for one in result.scores:
        assert one.eur60 == pytest.approx(truth[f"{one.candidate.base:f}"], rel=0.25)
    found = result.check.intervals[str(result.advice.advised)]
    assert 0 < found.deflated < found.low < found.gain < found.high
    assert all(one.miss < 0.25 for one in result.folds)


def test_nothing_is_said_of_a_width_that_was_not_tried(explored: Path) -> None:
    result = fitted(explored, 3, others=parse_candidates("11,40,14/1.5"))
    unknown = {str(one.candidate): bool(one.unknown) for one in result.scores}
    assert unknown == {"14 + 0 σ√T": False, "11 + 0 σ√T": False, "40 + 0 σ√T": True, "14 + 1.5 σ√T": True}
    rows = {row["settings"]["STRATEGY_HALF_SPREAD_BPS"]: row for row in json.loads(as_json(result))["candidates"]}
    assert (rows["40"]["eur60_a_day"], rows["40"]["gain_a_day"], rows["40"]["expected_fills"]) == (None, None, None)
    assert rows["40"]["unknown"]
    assert "only 0% of its quotes are as wide as what was tried" in as_text(result)


def test_the_same_seed_gives_the_same_answer_and_another_only_another_band(explored: Path) -> None:
    first, again, other = (fitted(explored, 3, others=parse_candidates("11"), seed=seed) for seed in (1, 1, 2))
    assert as_json(first) == as_json(again)
    assert first.check != other.check
    assert [one.eur60 for one in first.scores] == [one.eur60 for one in other.scores]


def test_the_command_prints_its_assumptions_first_a_curve_and_what_to_paste(explored: Path, tmp_path: Path) -> None:
    # The command's shortest part is an hour, and the history is one.
    ran = run("tune", "fit", "--history", str(explored), "--fold-hours", "1", cwd=tmp_path, timeout_s=120)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("The model takes for granted:")
    assert messages.ONE_FOLD in ran.stdout
    assert "half spread, bps; the upright line" in ran.stdout
    assert ran.stdout.rstrip().endswith(messages.CHANGES_NOTHING)
    found = json.loads(run("tune", "fit", "--history", str(explored), "--json", cwd=tmp_path, timeout_s=120).stdout)
    assert (found["verdict"], found["settings"]) == ("explore", None)
    assert found["sigma60_bps"]["p50"] > 0
    text = as_text(fitted(explored, 3, others=parse_candidates("11")))
    assert "cockpit replay --set STRATEGY_HALF_SPREAD_BPS=11 --set STRATEGY_VOL_FACTOR=0" in text
    assert "\n  STRATEGY_HALF_SPREAD_BPS=11\n  STRATEGY_VOL_FACTOR=0\n" in text


async def told(path: Path, events: list[AnyEvent], parts: int) -> TuneFit:
    return fitted(await record(path / "h.sqlite", [events]), parts)


async def test_a_history_with_one_width_says_explore(tmp_path: Path) -> None:
    result = await told(tmp_path, played(fixed("10"), 2 * PART_S, rate=1.0, takers="prompt=1"), 2)
    assert result.advice.verdict == "explore"
    assert messages.NOTHING_TRIED in result.advice.reason
    assert not result.scores[0].unknown
    assert all(one.unknown for one in result.scores[1:] if abs(one.candidate.base - 10) > 2)


async def test_a_skewed_desk_with_one_half_spread_has_tried_no_other(tmp_path: Path) -> None:
    skewed = msgspec.structs.replace(STILL, half_spread_bps=Decimal(12), max_skew_bps=Decimal(15))
    poor: dict[str, Any] = {"maker_btc": 5 * 10**6, "maker_eure": 5_000 * 10**18}
    result = await told(tmp_path, played(lambda _: skewed, 2 * PART_S, rate=1.0, takers="prompt=1", **poor), 2)
    assert result.advice.verdict == "explore"
    assert all(one.unknown for one in result.scores if abs(one.candidate.base - 12) > 2)


async def test_too_few_fills_say_explore(tmp_path: Path) -> None:
    result = await told(tmp_path, played(switched(("24", "30"), 120), 2 * PART_S, rate=0.3, takers="prompt=1"), 2)
    assert result.advice.verdict == "explore"
    assert messages.TOO_FEW in result.advice.reason
    assert 0 < result.fills < 100


async def test_takers_that_change_between_the_days_make_the_model_wrong(tmp_path: Path) -> None:
    rules = switched(EXPLORED, 120)
    calm = played(rules, 2 * PART_S, rate=1.0, takers="prompt=1", market="jumpy")
    later_ns = START_NS + 2 * PART_S * NS_PER_S
    storm = played(
        rules, PART_S, name="later", start_ns=later_ns, rate=1.0, market="jumpy", takers="informed=0.6,sweeper=0.4"
    )
    # The earlier run goes on for some minutes, to mark its fills: the later one starts after them.
    path = await record(tmp_path / "h.sqlite", [calm, [one for one in storm if one.at_ns > calm[-1].at_ns]])
    result = fitted(path, 3)
    assert result.advice.verdict == "no advice"
    assert messages.MODEL_WRONG in result.advice.reason
    assert result.advice.advised is None


async def test_mostly_unfilled_quotes_are_a_warning(tmp_path: Path) -> None:
    result = await told(tmp_path, played(fixed("80"), PART_S, rate=1.0, takers="prompt=1"), 1)
    assert any(messages.FEW_UNINFORMED in text for text in result.warnings)
