"""Work that can wait is done while no key waits, and after it rests are told from what is open."""

from collections.abc import Callable
from typing import cast

from textual.app import App

from cockpit.app.idle.work import IdlePlan, IdleWork


class Ticking:
    """A timer that the test moves."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def stop(self) -> None:
        self.call = None


class Waiting:
    """An app of which only what idle work looks at is there."""

    def __init__(self) -> None:
        self.message_queue_size = 0
        self.screen_stack: list[object] = ["board"]
        self.timers: list[Ticking] = []

    def set_interval(self, _every_s: float, call: Callable[[], None], *, name: str) -> Ticking:
        assert name
        self.timers.append(Ticking(call))
        return self.timers[-1]

    def tick(self) -> None:
        for timer in tuple(self.timers):
            if timer.call is not None:
                timer.call()


def test_idle_work_waits_for_keys_and_for_what_is_to_be_done() -> None:
    app, done, key_waits = Waiting(), list[str](), [True]
    plan = IdlePlan((lambda _: done.append("step"),), lambda looks: done.append(f"rest {looks}"))
    work = IdleWork(cast(App[None], app), plan, lambda: key_waits[0])
    work.begin()
    work.begin()
    assert len(app.timers) == 1
    app.tick()
    assert not done, "a key is being handled"
    key_waits[0] = False
    app.message_queue_size = 1
    app.tick()
    assert not done, "something waits"
    app.message_queue_size = 0
    app.tick()
    assert done == ["step"], "the steps come first"
    done.clear()
    app.tick()
    app.tick()
    assert done == ["rest 1", "rest 2"]
    key_waits[0] = True
    app.tick()
    key_waits[0] = False
    app.screen_stack.append("dialog")
    app.tick()
    app.screen_stack.pop()
    app.tick()
    assert done == ["rest 1", "rest 2", "rest 0", "rest 1"], "keys and dialogs end a rest; beside a dialog it is none"


def test_without_a_plan_no_timer_runs() -> None:
    app = Waiting()
    IdleWork(cast(App[None], app), IdlePlan(), lambda: False).begin()
    assert app.timers == []
    IdleWork(cast(App[None], app), IdlePlan((lambda _: None,)), lambda: False).begin()
    app.tick()
    assert [timer.call for timer in app.timers] == [None], "after the last step there is nothing to look for"
