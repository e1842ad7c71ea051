"""A decision whose texts cannot be made costs no quote its record, stops no quoting, and is shown as far as it goes."""

from collections.abc import Callable

import msgspec
import pytest

from cockpit.desk.alerts.facts import read_facts
from cockpit.desk.quoting import desk_view, late_decision
from cockpit.desk.quoting.late_decision import undescribed_decision
from cockpit.desk.quoting.risk_checks import _Limit
from cockpit.desk.quoting.strategy import decide, decision_event, desk_prices
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.model.commands import ARMABLE
from cockpit.model.events import TradeDecision
from cockpit.model.recorded.check_text import check_text
from cockpit.model.snapshot import PartHealth, Snapshot
from tests.support.desk.builders import request, view
from tests.support.desk.desk_harness import DeskHarness, World
from tests.support.history import rows as stored

UNTOLD = "ed25519:what an error says may hold anything"


def raising(*_: object) -> str:
    raise ValueError(UNTOLD)


def no_text(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_Limit, "text", raising)


def no_view(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(desk_view, "_encode", raising)


def nothing(patch: pytest.MonkeyPatch) -> None:
    no_text(patch)
    patch.setattr(late_decision, "undescribed_decision", raising)


def writer_health(shot: Snapshot) -> PartHealth:
    return next(row for row in shot.health if row.part == "history-writer")


@pytest.mark.parametrize(("fault", "recorded"), [(no_text, True), (no_view, True), (nothing, False)])
async def test_a_desk_quotes_on_and_its_quotes_are_on_record_after_a_crash(
    fault: Callable[[pytest.MonkeyPatch], None],
    recorded: bool,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    desk = DeskHarness(world)
    await desk.start()
    for part in ARMABLE:
        desk.trading.arming.arm(part, "test", ())
    assert await desk.ask("good-1", "buy", amount_in=10_000)
    with monkeypatch.context() as patch:
        fault(patch)
        assert await desk.ask("bad", "buy", amount_in=10_001)
        shown_before = desk.shot()
    assert await desk.ask("good-2", "buy", amount_in=10_002)
    await desk.write()
    shot = desk.shot()
    assert shot.executor_armed
    wanted = ["good-2", "bad", "good-1"] if recorded else ["good-2", "good-1"]
    assert [row.quote_id for row in shot.decisions] == wanted
    assert [row.quote_id for row in shown_before.decisions] == wanted[1:]
    health = writer_health(shot)
    assert (health.state, health.detail) == ("degraded", "writing; texts could not be made")
    for told in (health.last_error, caplog.text):
        assert f"TradeDecision {desk.run.run_id}-2 bad: ValueError in test_late_decision.py:" in told
    assert UNTOLD not in health.last_error + caplog.text
    assert (health.counters["undescribed"], health.counters["unmade"]) == ((1, 0) if recorded else (0, 1))
    facts = read_facts(desk.trading, desk.writer, Supervisor(), (), world.wall(), settled=0)
    assert (facts.unmade_texts, facts.history_problem) == (1, "")
    await desk.end(clean=False)
    rows = stored.rows(desk.history._path, "SELECT quote_id FROM trade_decisions ORDER BY id")
    assert [row[0] for row in rows] == wanted[::-1]
    again = DeskHarness(world)
    await again.start()
    assert {one.commitment.quote_id for one in again.trading.book.recent} == {"good-1", "bad", "good-2"}
    await again.end(clean=True)


def made_by(make: Callable[..., TradeDecision]) -> TradeDecision:
    asked, seen = request(), view()
    return make("d-1", asked, decide(asked, seen, desk_prices(seen)), seen, "the relay is away", "rules")


def test_with_all_its_texts_the_stand_in_is_the_same_record() -> None:
    assert made_by(undescribed_decision) == made_by(decision_event)


def test_all_but_the_text_that_cannot_be_made_is_on_record(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = made_by(decision_event)
    no_text(monkeypatch)
    found = made_by(undescribed_decision)
    assert msgspec.structs.replace(found, checks=whole.checks) == whole
    assert [(one.name, one.passed) for one in found.checks] == [(one.name, one.passed) for one in whole.checks]
    lacking = [one for one, was in zip(found.checks, whole.checks, strict=True) if one.detail != was.detail]
    assert lacking
    for check in lacking:
        assert check.detail == "not recorded: its text could not be made (ValueError)"
        assert check_text(check.name, check.passed, check.detail) == check.detail


def test_a_view_that_cannot_be_recorded_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = made_by(decision_event)
    no_view(monkeypatch)
    assert made_by(undescribed_decision) == msgspec.structs.replace(whole, view="")
