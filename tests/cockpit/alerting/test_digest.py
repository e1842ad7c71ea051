"""The daily digest: the report of 24 hours with a picture, and what it says when there is no report."""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from cockpit.alerting.digest import MAX_TEXT, PICTURE, captured, make_digest
from cockpit.alerting.state_file import KeptState, write_state
from cockpit.model.alerts.channel import Hello
from cockpit.reports.figures import ReportedFill
from tests.cockpit.alerting.builders import DAY, S
from tests.cockpit.alerting.test_service import serving, targets
from tests.support.alert_services import alert_service
from tests.support.desk.builders import NOW
from tests.support.history import small_history
from tests.support.waiting import until as until_within


async def until(condition: Callable[[], object]) -> None:
    """Wait as long as a busy machine may take."""
    await until_within(condition, 60)


def hello(directory: Path, history: Path) -> Hello:
    return Hello(account="maker.near", mode="SANDBOX", run_id="r", state_dir=str(directory), history=str(history))


@pytest.mark.slow
def test_it_holds_the_report_of_the_last_24_hours_and_a_picture(tmp_path: Path) -> None:
    history = asyncio.run(small_history.write(tmp_path / "history.sqlite"))
    pytest.importorskip("matplotlib")
    found = make_digest(hello(tmp_path, history), "[SANDBOX] maker.near", NOW + DAY - S)
    assert found.title == "[SANDBOX] maker.near: the last 24 hours"
    assert "win rate" in found.text.lower()
    assert len(found.text) <= MAX_TEXT
    picture = tmp_path / PICTURE
    assert found.picture == str(picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_mode & 0o777 == 0o600


def fill(at_ns: int, spread: str | None) -> ReportedFill:
    return ReportedFill(
        at_ns=at_ns,
        quote_hash="hash",
        quote_id="quote",
        tx_hash=None,
        side="buy",
        btc=Decimal("0.001"),
        eure=Decimal(50),
        price=Decimal(50_000),
        spread=None if spread is None else Decimal(spread),
        life_ms=60_000,
        markouts=(),
    )


def test_a_spread_that_is_not_known_is_left_out_and_counted_not_taken_for_zero() -> None:
    course, unknown = captured([fill(1, "0.05"), fill(2, None), fill(3, "-0.02")])
    assert (course, unknown) == ([(1, Decimal("0.05")), (3, Decimal("0.03"))], 1)
    assert captured([fill(1, None)]) == ([], 1)


def test_without_a_history_it_says_so(tmp_path: Path) -> None:
    found = make_digest(hello(tmp_path, tmp_path / "none.sqlite"), "[SANDBOX] maker.near", time.time_ns())
    assert found.text.startswith("There is no report: ")
    assert found.picture == ""


async def test_a_digest_that_was_missed_comes_late_and_once(tmp_path: Path) -> None:
    write_state(tmp_path, KeptState(digest_ns=time.time_ns() - 2 * DAY))
    with alert_service() as mail:
        text = targets(mail=mail) + '[digest]\nat = "07:00"\nto = ["mail"]\n'
        history = {"history": str(tmp_path / "none.sqlite")}
        async with serving(tmp_path, text, hello=history) as (desk, _):
            await until(lambda: mail.count("the last 24 hours") == 1)
            await until(lambda: desk.state.delivered == 1)
        async with serving(tmp_path, text, hello=history) as (desk, _):
            await until(lambda: desk.state.state == "ok" and desk.state.detail)
            assert mail.count("the last 24 hours") == 1
