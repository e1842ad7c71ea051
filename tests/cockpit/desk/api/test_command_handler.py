import asyncio
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.risk.limits import LimitsInForce
from cockpit.model.commands import ARMABLE, Armable, CommandRequest, Limits
from tests.support.amounts import btc_eure
from tests.support.desk.builders import NOW
from tests.support.desk.command_desk import Desk
from tests.support.waiting import until


@pytest.fixture
def desk() -> Desk:
    return Desk()


def by(actor: str = "ann", command_id: str = "") -> CommandRequest:
    return CommandRequest(command_id=command_id, actor=actor)


def test_both_parts_start_disarmed_and_arm_apart(desk: Desk) -> None:
    assert not desk.arming.strategy
    assert not desk.arming.executor
    assert desk.control.arm("strategy-engine", by()).accepted
    assert (desk.arming.strategy, desk.arming.executor) == (True, False)
    assert desk.arming.why("strategy-engine") == "armed by ann"
    assert desk.arming.why("trade-executor") == "disarmed at start"


def test_the_executor_is_refused_while_the_strategy_is_disarmed(desk: Desk) -> None:
    refused = desk.control.arm("trade-executor", by())
    assert not refused.accepted
    assert "arm the strategy first" in refused.reason
    assert desk.arming.rung == "SAFE"


def test_disarming_the_strategy_takes_the_executor_along(desk: Desk) -> None:
    for part in ARMABLE:
        assert desk.control.arm(part, by()).accepted
    assert desk.arming.executor
    desk.control.disarm("strategy-engine", by("bob"))
    assert desk.arming.rung == "SAFE"
    assert desk.arming.why("trade-executor") == "disarmed by bob"


def test_when_the_desk_disarms_by_itself_the_reason_names_the_interlock_and_its_measurement(desk: Desk) -> None:
    for part in ARMABLE:
        desk.control.arm(part, by())
    desk.control.disarm("trade-executor", by("desk"), "disk space: 3 MiB free")
    assert desk.arming.why("trade-executor") == "disarmed by desk: disk space: 3 MiB free"
    action = desk.control.journal.entries[-1]
    assert (action.actor, action.command) == ("desk", "disarm trade-executor")
    assert "disk space: 3 MiB free" in action.reason
    assert list(desk.control.journal.entries) == desk.journal


@pytest.mark.parametrize("part", ARMABLE)
def test_a_refused_arming_names_every_reason_and_is_journalled(desk: Desk, part: Armable) -> None:
    desk.blocked = ("the history cannot be written", "the relay is not connected")
    result = desk.control.arm(part, by("ann", "c-1"))
    assert not result.accepted
    assert "the history cannot be written; the relay is not connected" in result.reason
    assert not desk.arming.armed(part)
    (action,) = desk.journal
    assert (action.command_id, action.actor, action.command, action.accepted) == ("c-1", "ann", f"arm {part}", False)
    assert (action.reason, action.at_ns) == (result.reason, NOW)


def test_disarming_is_never_refused(desk: Desk) -> None:
    desk.arming.arm("strategy-engine", "ann", ())
    desk.control.arm("trade-executor", by())
    desk.blocked = ("everything is down",)
    assert desk.control.disarm("trade-executor", by("bob")).accepted
    assert not desk.arming.executor
    assert desk.arming.why("trade-executor") == "disarmed by bob"
    assert desk.control.disarm("trade-executor", by("bob")).accepted


def test_a_repeated_id_gets_the_first_answer_and_does_nothing_twice(desk: Desk) -> None:
    desk.arming.arm("strategy-engine", "ann", ())
    first = desk.control.arm("trade-executor", by("ann", "c-1"))
    desk.control.disarm("trade-executor", by("ann", "c-2"))
    assert desk.control.arm("trade-executor", by("ann", "c-1")) == first
    assert not desk.arming.executor, "a repeated request may not arm again"
    assert desk.outcomes() == [("arm trade-executor", True), ("disarm trade-executor", True)]


def test_a_repeated_disarm_disarms_again_and_that_is_journalled(desk: Desk) -> None:
    desk.arming.arm("strategy-engine", "ann", ())
    desk.control.arm("trade-executor", by("ann", "c-1"))
    first = desk.control.disarm("trade-executor", by("ann", "c-2"))
    assert desk.control.disarm("trade-executor", by("ann", "c-2")) == first
    assert len(desk.journal) == 2
    desk.control.arm("trade-executor", by("ann", "c-3"))
    assert desk.control.disarm("trade-executor", by("ann", "c-2")).accepted
    assert not desk.arming.executor
    assert desk.outcomes()[-1] == ("disarm trade-executor", True)
    assert len(desk.journal) == 4


def test_an_id_used_for_another_command_is_no_answer_to_this_one(desk: Desk) -> None:
    desk.control.arm("strategy-engine", by("ann", "c-1"))
    result = desk.control.arm("trade-executor", by("ann", "c-1"))
    assert not result.accepted
    assert "arm strategy-engine" in result.reason
    assert not desk.arming.executor
    assert desk.control.disarm("strategy-engine", by("ann", "c-1")).command == "disarm strategy-engine"
    assert not desk.arming.strategy
    assert desk.outcomes() == [
        ("arm strategy-engine", True),
        ("arm trade-executor", False),
        ("disarm strategy-engine", True),
    ]
    assert len({action.command_id for action in desk.journal}) == 3


def test_requests_without_an_id_are_each_their_own(desk: Desk) -> None:
    ids = {desk.control.disarm("trade-executor", by()).command_id for _ in range(3)}
    assert len(ids) == 3
    assert len(desk.journal) == 3


async def test_a_refresh_runs_once_for_an_id_and_reports_the_problem(desk: Desk) -> None:
    assert (await desk.control.refresh("inventory-sync", by("ann", "c-1"))).accepted
    assert (await desk.control.refresh("inventory-sync", by("ann", "c-1"))).accepted
    assert desk.refreshed == 1
    desk.refused = "no NEAR RPC endpoint answered"
    result = await desk.control.refresh("inventory-sync", by("ann", "c-2"))
    assert (result.accepted, result.reason) == (False, "no NEAR RPC endpoint answered")
    assert desk.outcomes() == [("refresh inventory-sync", True), ("refresh inventory-sync", False)]


async def test_some_limits_are_changed_and_the_others_stay(desk: Desk) -> None:
    result = await desk.control.limits({"max_notional_eure": "12.5", "max_deadline_ms": 90_000}, by())
    assert result.accepted
    assert result.reason == "max_notional_eure = 12.5 (was 5), max_deadline_ms = 90000 (was 125000)"
    assert desk.limits.current == Limits(max_notional_eure=Decimal("12.5"), max_deadline_ms=90_000)
    assert desk.in_force == [desk.limits.current]
    assert json.loads(desk.journal[0].arguments) == {"max_notional_eure": "12.5", "max_deadline_ms": 90_000}


@pytest.mark.parametrize(
    ("patch", "text"),
    [
        ({"max_notional_eure": "7", "min_edge_bps": "-1"}, "min_edge_bps must be from 0 to 5000"),
        ({"max_notional_eure": 0}, "max_notional_eure must be above 0"),
        ({"max_notional_eure": "NaN"}, "max_notional_eure must be above 0"),
        ({"max_notional_eure": "Infinity"}, "max_notional_eure must be above 0"),
        ({"max_notional_eure": "1.0000000000000000001"}, "at most 18 decimals"),
        ({"min_edge_bps": "1e-999999999"}, "at most 18 decimals"),
        ({"max_reference_age_ms": 0}, "max_reference_age_ms must be from 100"),
        ({"max_inventory_age_ms": 10**9}, "max_inventory_age_ms must be from 1000"),
        ({"max_divergence_bps": 0}, "max_divergence_bps must be above 0"),
        ({"max_deadline_ms": 999}, "max_deadline_ms must be from 1000"),
        ({"max_deadline_ms": "soon"}, "cannot be read"),
        ({"max_deadline_ms": 1500.5}, "cannot be read"),
        ({"max_deadline_ms": True}, "cannot be read"),
        ({"max_deadline_ms": None}, "cannot be read"),
        ({"max_notional": 5}, "cannot be read"),
    ],
)
async def test_a_set_with_anything_wrong_is_refused_whole(desk: Desk, patch: dict[str, object], text: str) -> None:
    result = await desk.control.limits(patch, by())
    assert not result.accepted
    assert text in result.reason
    assert desk.limits.current == Limits()
    assert desk.in_force == []
    assert desk.outcomes() == [("set limits", False)]


async def test_every_problem_of_a_set_is_named_at_once(desk: Desk) -> None:
    result = await desk.control.limits({"max_notional_eure": -1, "max_deadline_ms": 1}, by())
    assert "max_notional_eure" in result.reason
    assert "max_deadline_ms" in result.reason


async def test_a_longer_quote_deadline_is_in_the_history_before_it_is_in_force(desk: Desk) -> None:
    assert (await desk.control.limits({"max_deadline_ms": 200_000}, by())).accepted
    assert desk.flushed == [Limits()], "the old limits held while the history was written"
    assert desk.limits.current.max_deadline_ms == 200_000
    assert (await desk.control.limits({"max_deadline_ms": 100_000}, by())).accepted
    assert len(desk.flushed) == 1, "a shorter one needs no waiting"


async def test_a_limit_changed_while_another_waits_for_the_history_is_not_undone(desk: Desk) -> None:
    desk.flushing.clear()
    longer = asyncio.create_task(desk.control.limits({"max_deadline_ms": 200_000}, by("ann", "c-1")))
    await until(lambda: desk.journal)
    tighter = asyncio.create_task(desk.control.limits({"max_notional_eure": 1}, by("bob", "c-2")))
    await asyncio.sleep(0)
    desk.flushing.set()
    assert (await longer).accepted
    assert (await tighter).accepted
    assert (desk.limits.current.max_deadline_ms, desk.limits.current.max_notional_eure) == (200_000, Decimal(1))


async def test_a_longer_quote_deadline_that_cannot_be_recorded_is_refused(desk: Desk) -> None:
    desk.lost = True
    result = await desk.control.limits({"max_deadline_ms": 200_000}, by("ann", "c-1"))
    assert not result.accepted
    assert "the disk is full" in result.reason
    assert desk.limits.current == Limits()
    assert not (await desk.control.limits({"max_deadline_ms": 200_000}, by("ann", "c-1"))).accepted


def test_limits_cannot_be_put_in_force_past_the_check() -> None:
    in_force = LimitsInForce(Limits())
    with pytest.raises(ValueError, match="max_deadline_ms"):
        in_force.replace(Limits(max_deadline_ms=1))
    assert in_force.current == Limits()


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.decimals()
patches = st.dictionaries(st.sampled_from(Limits.__struct_fields__) | st.text(max_size=5), values, max_size=4)


@given(patches)
def test_whatever_is_asked_the_limits_in_force_are_possible_ones(patch: dict[str, object]) -> None:
    desk = Desk()
    result = asyncio.run(desk.control.limits(patch, by()))
    assert desk.limits.current.problems() == ()
    assert result.accepted or desk.limits.current == Limits()
    assert desk.outcomes() == [("set limits", result.accepted)]


@pytest.mark.parametrize("again", [0, 2])
def test_shutdown_disarms_both_and_stops(desk: Desk, again: int) -> None:
    for part in ARMABLE:
        desk.control.arm(part, by())
    results = [desk.control.shutdown(by("ann", "c-9")) for _ in range(1 + again)]
    assert all(result.accepted for result in results)
    assert not desk.arming.strategy
    assert not desk.arming.executor
    assert desk.stopped == 1 + again
    assert desk.outcomes()[2:] == [("shutdown", True)]


def test_shutdown_is_not_stopped_by_an_id_that_was_used(desk: Desk) -> None:
    desk.control.arm("strategy-engine", by("ann", "c-1"))
    assert desk.control.shutdown(by("ann", "c-1")).accepted
    assert desk.stopped == 1
    assert desk.outcomes()[-1] == ("shutdown", True)


def test_only_so_many_answers_are_remembered(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.desk.api.command_journal.REMEMBERED", 5)
    for number in range(50):
        desk.control.disarm("trade-executor", by("ann", f"c-{number}"))
    assert len(desk.control.journal._known) == 5


async def test_the_trading_state_is_set_journalled_and_outlives_the_desk_by_its_arguments() -> None:
    desk = Desk()
    result = desk.control.trading({"state": "REDUCING", "reason": "winding down"}, by("ann", "t-1"))
    assert (result.accepted, result.reason) == (True, "trading is REDUCING")
    assert (desk.trading.state, desk.trading.why) == ("REDUCING", "REDUCING by ann: winding down")
    (entry,) = desk.journal
    assert (entry.command, entry.actor, entry.accepted) == ("set trading", "ann", True)
    assert json.loads(entry.arguments)["state"] == "REDUCING"
    desk.control.note_trading()
    assert len(desk.journal) == 1
    again = desk.control.trading({"state": "ACTIVE"}, by("ann", "t-1"))
    assert (again.accepted, desk.trading.state) == (False, "REDUCING"), "one id, one command"
    assert "already used for set trading with other arguments" in again.reason
    same = desk.control.trading({"state": "REDUCING", "reason": "winding down"}, by("ann", "t-1"))
    assert (same, len(desk.journal)) == (result, 2), "the same again is answered and not done"
    for state in ("HALTED", "ACTIVE", "HALTED"):
        fresh = "t-2" if state == "ACTIVE" else "t-1"
        halted = desk.control.trading({"state": state}, by("ann", fresh))
        assert (halted.accepted, desk.trading.state) == (True, state), "what restricts is done whatever its id"
    assert len({action.command_id for action in desk.journal}) == len(desk.journal), "no row hides another"


@pytest.mark.parametrize("body", [{"reason": 7}, {"reason": "a\nb"}, {"reason": "x" * 201}, {"why": "x"}])
async def test_a_state_that_restricts_is_set_whatever_else_the_body_holds(body: dict[str, object]) -> None:
    desk = Desk()
    result = desk.control.trading({"state": "HALTED", **body}, by("ann"))
    assert (result.accepted, desk.trading.state) == (True, "HALTED")
    assert result.reason.startswith("trading is HALTED; the ")
    desk.trading.filled(desk.clock(), btc_eure(0, -6 * 10**18), Decimal(50_000))
    assert not desk.control.trading({"state": "REDUCING", **body}, by("ann")).accepted, "this would lift a halt"


async def test_an_id_of_other_limits_is_refused_unless_they_are_stricter(desk: Desk) -> None:
    assert (await desk.control.limits({"max_notional_eure": 100}, by("ann", "l-1"))).accepted
    other = await desk.control.limits({"max_notional_eure": 200}, by("ann", "l-1"))
    assert (other.accepted, desk.limits.current.max_notional_eure) == (False, Decimal(100))
    assert "other arguments" in other.reason
    stricter = await desk.control.limits({"max_notional_eure": 1}, by("ann", "l-1"))
    assert (stricter.accepted, desk.limits.current.max_notional_eure) == (True, Decimal(1))
    again = await desk.control.limits({"max_notional_eure": 100}, by("ann", "l-1"))
    assert again.reason == "max_notional_eure = 100 (was 5)"
    assert desk.limits.current.max_notional_eure == 1, "answered, not done"
    ids = [action.command_id for action in desk.journal]
    assert len(set(ids)) == len(ids) == 3


def test_an_id_answers_only_what_was_asked_under_it(desk: Desk) -> None:
    journal, first = desk.control.journal, {"asset_id": "BTC", "amount": "700000"}
    assert journal.previous_result(by("ann", "w-1"), "withdraw", first) is None
    done = journal.record_result(by("ann", "w-1"), "withdraw", {}, True, "sent")
    reordered = dict(reversed(first.items()))
    assert journal.previous_result(by("bob", "w-1"), "withdraw", reordered) == done
    for other in ({"asset_id": "EURe", "amount": "700000"}, {**first, "route": "intent"}, {"asset_id": "BTC"}):
        refused = journal.previous_result(by("ann", "w-1"), "withdraw", other)
        assert refused is not None
        assert not refused.accepted


LIMITS = st.builds(
    Limits,
    max_notional_eure=st.decimals(1, 9, places=1),
    min_notional_eure=st.decimals(0, 1, places=1),
    min_edge_bps=st.decimals(1, 9, places=1),
    max_fills_per_hour=st.integers(1, 9),
    max_deadline_ms=st.integers(1_000, 1_009),
)


@given(LIMITS, LIMITS)
def test_limits_are_stricter_when_none_allows_more(some: Limits, others: Limits) -> None:
    leasts = {"min_edge_bps", "min_notional_eure"}
    names = set(some.__struct_fields__)
    laxer = any(getattr(some, name) > getattr(others, name) for name in names - leasts)
    laxer |= any(getattr(some, name) < getattr(others, name) for name in leasts)
    assert some.stricter_than(others) == (not laxer and some != others)
    assert {name for name in names if not name.startswith("max_")} == leasts


BAD_STATES: list[tuple[dict[str, object], str]] = [
    ({}, "state"),
    ({"state": "PAUSED"}, "PAUSED"),
    ({"state": "ACTIVE", "why": "x"}, "why"),
    ({"state": "ACTIVE", "reason": 7}, "reason"),
    ({"state": "ACTIVE", "reason": "a\nb"}, "one line"),
    ({"state": "ACTIVE", "reason": "x" * 201}, "200 characters"),
]


@pytest.mark.parametrize(("body", "text"), BAD_STATES, ids=[text for _, text in BAD_STATES])
async def test_a_trading_state_that_cannot_be_is_refused_with_what_is_expected(
    body: dict[str, object], text: str
) -> None:
    desk = Desk()
    result = desk.control.trading(body, by())
    assert not result.accepted
    assert text in result.reason
    assert desk.trading.state == "ACTIVE"
    assert not desk.journal[0].accepted


async def test_what_the_desk_restricts_by_itself_is_journalled_once_and_lifted_by_a_person() -> None:
    desk = Desk()
    desk.trading.filled(desk.clock(), btc_eure(0, -6 * 10**18), Decimal(50_000))
    desk.control.note_trading()
    desk.control.note_trading()
    (entry,) = desk.journal
    assert (entry.actor, entry.command) == ("desk", "set trading")
    assert "trading is HALTED: desk: the day's fills lost 6.000000 EURe" in entry.reason
    assert json.loads(entry.arguments)["loss_halt"]
    assert desk.control.trading({"state": "ACTIVE", "reason": "seen"}, by("ann")).reason == "trading is ACTIVE"
    assert json.loads(desk.journal[-1].arguments)["loss_halt"] == ""


async def test_a_state_that_something_stricter_overrides_is_reported() -> None:
    desk = Desk()
    assert (await desk.control.limits({"max_fills_per_hour": 1}, by())).accepted
    desk.trading.filled(desk.clock(), btc_eure(0, 0), Decimal(50_000))
    reason = desk.control.trading({"state": "ACTIVE"}, by("ann")).reason
    assert reason.startswith("trading is set to ACTIVE but stays HALTED: desk: 1 fills within the hour, at most 1")
