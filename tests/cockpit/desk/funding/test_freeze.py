"""Withdrawals are frozen at start; an opening serves one withdrawal or ten minutes."""

import pytest

from cockpit.desk.funding.freeze import OPEN_NS, Freeze
from cockpit.model.environment import Environment
from cockpit.model.events import LiquidityAction
from tests.support.recorder import MemoryRecorder


class FreezeCase:
    """A freeze, its clocks, and what it recorded."""

    def __init__(self, *, stay_open: bool = False) -> None:
        self.now_ns = 5 * 10**9
        self.wall_ns = 10**18
        self.recorded: list[LiquidityAction] = []
        env = Environment(
            wall_ns=lambda: self.wall_ns, monotonic_ns=lambda: self.now_ns, new_id=lambda: str(len(self.recorded))
        )
        self.freeze = Freeze(env, MemoryRecorder(self.recorded), stay_open=stay_open)


def test_frozen_at_start() -> None:
    assert FreezeCase().freeze.frozen
    assert FreezeCase(stay_open=True).freeze.frozen


def test_an_opening_serves_one_withdrawal() -> None:
    one = FreezeCase()
    one.freeze.open("ann")
    assert not one.freeze.frozen
    one.freeze.on_used()
    assert one.freeze.frozen
    assert [action.status for action in one.recorded] == ["unfrozen", "frozen"]
    assert len({action.action_id for action in one.recorded}) == 2


@pytest.mark.parametrize(("passed", "frozen"), [(OPEN_NS - 10**6, False), (OPEN_NS, True), (OPEN_NS * 3, True)])
def test_an_opening_closes_after_ten_minutes_whether_or_not_anybody_ticks(passed: int, frozen: bool) -> None:
    one = FreezeCase()
    one.freeze.open("ann")
    one.now_ns += passed
    assert one.freeze.frozen is frozen
    one.freeze.tick()
    assert one.freeze.frozen is frozen
    assert ("ten minutes" in one.freeze.reason) is frozen


def test_an_opening_ends_although_the_machine_was_asleep_and_its_monotonic_clock_stood() -> None:
    one = FreezeCase()
    one.freeze.open("ann")
    one.wall_ns += OPEN_NS
    assert one.freeze.frozen
    one.freeze.tick()
    assert "ten minutes" in one.freeze.reason


def test_a_clock_that_is_set_back_does_not_stretch_an_opening() -> None:
    one = FreezeCase()
    one.freeze.open("ann")
    one.wall_ns -= 3 * OPEN_NS
    one.now_ns += OPEN_NS - 10**6
    assert one.freeze.left_ms() == 1
    one.now_ns += 10**6
    assert one.freeze.frozen


def test_opening_again_starts_ten_new_minutes() -> None:
    one = FreezeCase()
    one.freeze.open("ann")
    one.now_ns += OPEN_NS - 1
    one.freeze.open("ann")
    one.now_ns += OPEN_NS - 10**6
    assert not one.freeze.frozen


def test_the_setting_keeps_it_open_until_somebody_freezes() -> None:
    one = FreezeCase(stay_open=True)
    one.freeze.open("ann")
    one.freeze.on_used()
    one.now_ns += OPEN_NS * 100
    one.freeze.tick()
    assert not one.freeze.frozen
    assert one.freeze.left_ms() is None
    one.freeze.close("frozen by ann")
    assert one.freeze.frozen
