from collections.abc import Callable

import pytest

from cockpit.desk.risk.dead_man_switch import ANSWER_WITHIN_MS, DeadManAction, DeadManSwitch
from cockpit.desk.risk.operators import Operators
from cockpit.model.commands import OperatorReport
from cockpit.model.environment import Environment
from tests.support.desk.builders import Clock

IDLE_MS = 1_800_000
ALONE_MS = 60_000


class SwitchHarness:
    """The switch with a clock, and what it did."""

    def __init__(self, action: DeadManAction, *, idle_ms: int = IDLE_MS) -> None:
        self.clock = Clock(0)
        env = Environment(monotonic_ns=self.clock)
        self.done: list[tuple[str, str]] = []
        self.operators = Operators(env)
        self.cockpits = [self.operators.attach()]
        self._seq = 0
        self.switch = DeadManSwitch(
            action,
            self.operators,
            alone_ms=ALONE_MS,
            idle_ms=idle_ms,
            disarm=lambda why: self.done.append(("disarm", why)),
            stop=lambda why: self.done.append(("stop", why)),
            env=env,
        )

    def look(self, key_age_ms: int | None = None, cockpit: int = 0) -> None:
        """A snapshot is sent and painted."""
        self._seq += 1
        self.cockpits[cockpit].sent(self._seq)
        self.cockpits[cockpit].report(OperatorReport(painted=self._seq, key_age_ms=key_age_ms))

    def after(self, ms: int, *, watched: bool = False, armed: bool = True) -> None:
        self.clock.pass_ms(ms)
        if watched:
            self.look()
        self.switch.tick(armed)

    def watch_for(self, ms: int) -> None:
        """Let the time pass in front of somebody who presses no key."""
        for _ in range(ms // 10_000):
            self.after(10_000, watched=True)


@pytest.mark.parametrize("action", ["disarm", "stop"])
@pytest.mark.parametrize("attached", [True, False])
def test_it_acts_once_when_nobody_watched_for_the_whole_time(action: DeadManAction, attached: bool) -> None:
    desk = SwitchHarness(action)
    if not attached:
        desk.operators.detach(desk.cockpits[0])
    desk.after(0)
    desk.after(59_999)
    assert (desk.done, desk.switch.alone_left_ms()) == ([], 1)
    desk.after(1)
    why = "nobody saw the attached cockpit for 60 s" if attached else "no cockpit was attached for 60 s"
    assert desk.done == [(action, why)]
    desk.after(60_000, armed=False)
    assert len(desk.done) == 1


def test_an_operator_who_comes_back_restarts_the_timer() -> None:
    desk = SwitchHarness("disarm")
    desk.after(0)
    desk.after(59_000)
    desk.after(500, watched=True)
    assert desk.switch.alone_left_ms() is None
    desk.operators.detach(desk.cockpits[0])
    desk.after(500)
    assert desk.switch.alone_left_ms() == 60_000
    desk.after(59_999)
    assert desk.done == []


def test_a_disarmed_desk_needs_no_operator_nor_does_one_that_keeps_running() -> None:
    for desk, armed in ((SwitchHarness("stop"), False), (SwitchHarness("keep"), True)):
        for _ in range(100):
            desk.after(60_000, armed=armed)
            assert desk.switch.alone_left_ms() is None
            assert desk.switch.idle_left_ms() is None
        assert desk.done == []


@pytest.mark.parametrize("action", ["disarm", "stop"])
def test_without_a_key_it_asks_for_a_minute_and_then_acts_once(action: DeadManAction) -> None:
    desk = SwitchHarness(action)
    desk.after(0, watched=True)
    desk.watch_for(IDLE_MS - 10_000)
    assert desk.switch.idle_left_ms() is None
    desk.after(10_000, watched=True)
    assert desk.switch.idle_left_ms() == ANSWER_WITHIN_MS
    desk.watch_for(ANSWER_WITHIN_MS - 10_000)
    assert (desk.done, desk.switch.idle_left_ms()) == ([], 10_000)
    desk.after(10_000, watched=True)
    assert desk.done == [(action, "no key or command for 31m00s")]
    desk.after(10_000, watched=True, armed=False)
    assert desk.switch.idle_left_ms() is None
    desk.watch_for(ANSWER_WITHIN_MS)
    assert len(desk.done) == 1


def test_a_key_in_any_cockpit_or_a_command_answers() -> None:
    desk = SwitchHarness("disarm")
    desk.cockpits.append(desk.operators.attach())
    answers: tuple[Callable[[], None], ...] = (
        lambda: desk.look(key_age_ms=500),
        lambda: desk.look(key_age_ms=500, cockpit=1),
        desk.operators.sign,
    )
    desk.after(0, watched=True)
    for answer in answers:
        desk.watch_for(IDLE_MS + 30_000)
        assert desk.switch.idle_left_ms() is not None
        answer()
        desk.after(250)
        assert desk.switch.idle_left_ms() is None
    assert desk.done == []


def test_the_whole_minute_is_given_after_a_time_without_ticks() -> None:
    desk = SwitchHarness("disarm")
    desk.after(0, watched=True)
    desk.after(2 * IDLE_MS, watched=True)
    assert (desk.done, desk.switch.idle_left_ms()) == ([], ANSWER_WITHIN_MS)


def test_arming_is_a_sign_and_an_old_key_is_none() -> None:
    desk = SwitchHarness("disarm")
    desk.look(key_age_ms=0)
    desk.after(2 * IDLE_MS, watched=True, armed=False)
    desk.after(0, watched=True)
    desk.watch_for(IDLE_MS - 10_000)
    desk.look(key_age_ms=3 * IDLE_MS)
    desk.after(0)
    assert desk.switch.idle_left_ms() is None
    desk.after(10_000, watched=True)
    assert desk.switch.idle_left_ms() == ANSWER_WITHIN_MS


def test_it_never_asks_when_switched_off_and_no_longer_than_it_waited() -> None:
    off, short = SwitchHarness("disarm", idle_ms=0), SwitchHarness("disarm", idle_ms=2_000)
    off.after(0, watched=True)
    off.watch_for(4 * IDLE_MS)
    assert (off.done, off.switch.idle_left_ms()) == ([], None)
    short.after(0, watched=True)
    short.after(2_000, watched=True)
    assert short.switch.idle_left_ms() == 2_000
    short.after(2_000, watched=True)
    assert short.done == [("disarm", "no key or command for 4 s")]
