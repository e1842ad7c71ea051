"""`cockpit tune fit` on small histories."""

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cockpit.cli.main import main
from cockpit.tuning import messages
from cockpit.tuning.fit import NOTHING_QUOTED
from cockpit.tuning.fit import fit as fit_history
from storage.history import Run
from storage.reader import Span
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history import small_history
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return asyncio.run(small_history.write(tmp_path / "h.sqlite"))


def fit(path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["tune", "fit", "--history", str(path), *arguments])


def test_a_handful_of_fills_says_explore(small: Path) -> None:
    ran = fit(small)
    assert ran.exit_code == 0, ran.output
    assert f"explore: {messages.TOO_FEW}: 2 of at least 100" in ran.stdout
    assert ran.stdout.rstrip().endswith(messages.CHANGES_NOTHING)


def test_as_json_it_holds_what_was_seen_and_no_candidate(small: Path) -> None:
    found = json.loads(fit(small, "--json").stdout)
    assert (found["verdict"], found["settings"], found["candidates"]) == ("explore", None, [])
    assert (found["decisions"], found["quotes"], found["fills"]) == (5, 3, 2)
    assert found["current"] == {"STRATEGY_HALF_SPREAD_BPS": "20", "STRATEGY_VOL_FACTOR": "0"}


def test_of_a_long_history_only_what_is_judged_is_used(small: Path) -> None:
    # The run lasted 100 s: parts of six seconds stand for days.
    with SqliteReader(small) as reader:
        result = fit_history(reader, Span(0, 2**63 - 1), DEFAULT_TOKENS, fold_s=6)
    assert result.decisions == 3
    assert result.span == Span(NOW + 22 * NS_PER_S, NOW + 100 * NS_PER_S + 1)


def test_a_history_without_a_decision_says_so(tmp_path: Path) -> None:
    async def empty() -> None:
        history = SqliteHistory(tmp_path / "h.sqlite")
        await history.open(Run(run_id="run-1", mode="SANDBOX", account="maker.near", started_ns=NOW))
        await history.close(NOW + 1)

    asyncio.run(empty())
    ran = fit(tmp_path / "h.sqlite")
    assert ran.exit_code == 1
    assert NOTHING_QUOTED in ran.output
    assert "Traceback" not in ran.output
