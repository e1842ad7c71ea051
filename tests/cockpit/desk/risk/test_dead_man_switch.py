import pytest

from cockpit.desk.risk.dead_man_switch import DeadManAction, DeadManSwitch
from cockpit.model.environment import Environment
from venue.protocol.units import NS_PER_MS


class SwitchHarness:
    """The switch with a clock, and what it did."""

    def __init__(self, action: DeadManAction) -> None:
        self.now_ns = 0
        self.done: list[tuple[str, str]] = []
        self.switch = DeadManSwitch(
            action,
            60_000,
            disarm=lambda why: self.done.append(("disarm", why)),
            stop=lambda why: self.done.append(("stop", why)),
            env=Environment(monotonic_ns=lambda: self.now_ns),
        )

    def after(self, ms: int, operators: int = 0, *, armed: bool = True) -> None:
        self.now_ns += ms * NS_PER_MS
        self.switch.tick(operators, armed)


@pytest.mark.parametrize("action", ["disarm", "stop"])
def test_it_acts_once_when_no_operator_was_attached_for_the_whole_time(action: DeadManAction) -> None:
    desk = SwitchHarness(action)
    desk.after(0)
    desk.after(59_999)
    assert (desk.done, desk.switch.left_ms()) == ([], 1)
    desk.after(1)
    assert desk.done == [(action, "no cockpit was attached for 60 s")]
    desk.after(60_000, armed=False)
    assert len(desk.done) == 1


def test_an_operator_who_comes_back_restarts_the_timer() -> None:
    desk = SwitchHarness("disarm")
    desk.after(0)
    desk.after(59_000)
    desk.after(500, operators=1)
    assert desk.switch.left_ms() is None
    desk.after(500)
    assert desk.switch.left_ms() == 60_000
    desk.after(59_999)
    assert desk.done == []


def test_a_disarmed_desk_needs_no_operator_nor_does_one_that_keeps_running() -> None:
    for desk, armed in ((SwitchHarness("stop"), False), (SwitchHarness("keep"), True)):
        for _ in range(10):
            desk.after(60_000, armed=armed)
        assert (desk.done, desk.switch.left_ms()) == ([], None)
