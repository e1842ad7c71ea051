"""A process pauses after each slice of its work, and on a busy machine not for long in all."""

from cockpit.model.processor.pauses import MOST_PAUSED_S, PAUSE_S, SLICE_S, Pauses


def test_after_a_restart_it_may_pause_as_long_again() -> None:
    now, pauses_made = 0.0, 0

    def clock() -> float:
        nonlocal now
        now += SLICE_S
        return now

    def pause(seconds: float) -> None:
        nonlocal now, pauses_made
        pauses_made += 1
        now += MOST_PAUSED_S

    pauses = Pauses(pause, clock)
    assert [pauses(), pauses(), pauses()] == [0, 0, 0]
    assert pauses_made == 1
    pauses.restart()
    pauses()
    assert pauses_made == 2


def test_it_works_on_for_a_slice_before_it_pauses_again() -> None:
    now = slept = 0.0

    def pause(seconds: float) -> None:
        nonlocal slept
        slept += seconds

    pauses = Pauses(pause, lambda: now)
    assert [*pauses.among("abc")] == ["a", "b", "c"]
    assert slept == 0
    now = SLICE_S
    assert [*pauses.among("abc")] == ["a", "b", "c"]
    assert slept == PAUSE_S
