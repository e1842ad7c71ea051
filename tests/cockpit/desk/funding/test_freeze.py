"""Withdrawals are frozen at start; an opening serves one withdrawal or ten minutes."""

import pytest

from cockpit.desk.funding.freeze import OPEN_NS, Freeze
from cockpit.model.events import LiquidityAction


class Frozen:
    """A freeze, the clock it goes by, and what it recorded."""

    def __init__(self, *, stay_open: bool = False) -> None:
        self.now_ns = 5 * 10**9
        self.wall_ns = 10**18
        self.recorded: list[LiquidityAction] = []
        self.freeze = Freeze(
            stay_open=stay_open,
            record=self.recorded.append,
            wall_ns=lambda: self.wall_ns,
            monotonic_ns=lambda: self.now_ns,
            new_id=lambda: str(len(self.recorded)),
        )


def test_frozen_at_start() -> None:
    assert Frozen().freeze.frozen
    assert Frozen(stay_open=True).freeze.frozen


def test_an_opening_serves_one_withdrawal() -> None:
    one = Frozen()
    one.freeze.open("ann")
    assert not one.freeze.frozen
    one.freeze.used()
    assert one.freeze.frozen
    assert [action.status for action in one.recorded] == ["unfrozen", "frozen"]
    assert len({action.action_id for action in one.recorded}) == 2


@pytest.mark.parametrize(("passed", "frozen"), [(OPEN_NS - 10**6, False), (OPEN_NS, True), (OPEN_NS * 3, True)])
def test_an_opening_closes_after_ten_minutes_whether_or_not_anybody_ticks(passed: int, frozen: bool) -> None:
    one = Frozen()
    one.freeze.open("ann")
    one.now_ns += passed
    assert one.freeze.frozen is frozen
    one.freeze.tick()
    assert one.freeze.frozen is frozen
    assert ("ten minutes" in one.freeze.why) is frozen


def test_an_opening_does_not_outlive_a_machine_that_was_asleep_and_whose_monotonic_clock_stood() -> None:
    one = Frozen()
    one.freeze.open("ann")
    one.wall_ns += OPEN_NS
    assert one.freeze.frozen
    one.freeze.tick()
    assert "ten minutes" in one.freeze.why


def test_a_clock_that_is_set_back_does_not_stretch_an_opening() -> None:
    one = Frozen()
    one.freeze.open("ann")
    one.wall_ns -= 3 * OPEN_NS
    one.now_ns += OPEN_NS - 10**6
    assert one.freeze.left_ms() == 1
    one.now_ns += 10**6
    assert one.freeze.frozen


def test_opening_again_begins_ten_new_minutes() -> None:
    one = Frozen()
    one.freeze.open("ann")
    one.now_ns += OPEN_NS - 1
    one.freeze.open("ann")
    one.now_ns += OPEN_NS - 10**6
    assert not one.freeze.frozen


def test_the_setting_keeps_it_open_until_somebody_freezes() -> None:
    one = Frozen(stay_open=True)
    one.freeze.open("ann")
    one.freeze.used()
    one.now_ns += OPEN_NS * 100
    one.freeze.tick()
    assert not one.freeze.frozen
    assert one.freeze.left_ms() is None
    one.freeze.close("frozen by ann")
    assert one.freeze.frozen
