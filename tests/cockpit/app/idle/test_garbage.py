"""What closed dialogs leave is collected while nobody presses a key, and painting leaves nothing to collect."""

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest
from textual._styles_cache import StylesCache
from textual.strip import Strip

from cockpit.app.idle.garbage import (
    LATE_PASSES,
    LONG_REST,
    MOST_PASSES,
    PASSES,
    SETTLED,
    YOUNG_BESIDE_A_DIALOG,
    YOUNG_MOST,
    IdleGarbage,
)
from cockpit.app.idle.work import IdlePlan
from cockpit.app.terminal.process import RARE_GC
from cockpit.client.desk_client import DeskClient
from cockpit.model.snapshot import Snapshot
from tests.support.cockpit import samples
from tests.support.cockpit.driven import Driven, cockpit
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import seen

PICTURES = 6


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    """The collector of the process of the tests as it was."""
    thresholds = gc.get_threshold()
    yield
    gc.enable()
    gc.unfreeze()
    gc.set_threshold(*thresholds)


async def test_what_was_drawn_of_a_closed_dialog_is_let_go(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link, idle_plan=IdlePlan(rest=IdleGarbage().collect)) as driven:
        driven.app.idle_work.begin()
        gc.collect()
        gc.freeze()
        gc.set_threshold(*RARE_GC)
        await open_twice(driven)
        most = drawn_alive()
        for _ in range(3):
            await open_twice(driven)
            await seen(driven.pilot, lambda: drawn_alive() <= most)


async def open_twice(driven: Driven) -> None:
    for _ in range(2):
        await driven.press("l")
        await driven.opens("Limits")
        await driven.press("escape")
        await driven.hides("Limits")


def drawn_alive() -> int:
    gc.collect()
    return sum(isinstance(item, StylesCache) for item in gc.get_objects())


async def test_a_closed_dialog_is_garbage_at_once(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await driven.press("l")
        await driven.opens("Limits")
        dialog = weakref.ref(driven.app.screen)
        await driven.press("escape")
        await driven.hides("Limits")

        def gone() -> bool:
            gc.collect()
            return dialog() is None

        await seen(driven.pilot, gone)


async def test_pictures_of_the_board_leave_no_line_to_collect(desk: FakeDesk, link: DeskClient) -> None:
    async with cockpit(link) as driven:
        await seen(driven.pilot, lambda: driven.app.shown_snapshot is not None)
        gc.collect()
        gc.disable()
        for turn in range(PICTURES):
            desk.say(samples.snapshot(100 + turn))
            await seen(driven.pilot, lambda: _seq(driven.app.shown_snapshot) == desk.current.seq)
            driven.app.screen.refresh()
            await driven.pilot.pause()
        lines = _lines_alive()
        gc.collect()
        assert lines - _lines_alive() < 50, "lines that are shown no more wait for the collector"


def _seq(shown: Snapshot | None) -> int:
    return -1 if shown is None else shown.seq


def _lines_alive() -> int:
    return sum(isinstance(item, Strip) for item in gc.get_objects())


class Passes:
    """The collector, as far as IdleGarbage asks it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.newest, self.short, self.made = 0, 0, list[int]()
        monkeypatch.setattr(gc, "get_count", lambda: (self.newest, self.short, 0))
        monkeypatch.setattr(gc, "collect", self.made.append)

    def after(self, call: Callable[[], None]) -> list[int]:
        self.made.clear()
        call()
        return list(self.made)


def test_right_after_a_dialog_only_the_newest_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    passes, garbage = Passes(monkeypatch), IdleGarbage()
    assert passes.after(lambda: garbage.collect(1)) == []
    passes.newest = YOUNG_MOST + 1
    assert passes.after(lambda: garbage.collect(1)) == [0]
    assert passes.after(lambda: garbage.collect(SETTLED)) == [1]
    passes.newest, passes.short = 0, 1
    assert passes.after(lambda: garbage.collect(SETTLED - 1)) == []
    assert passes.after(lambda: garbage.collect(SETTLED)) == [1], "what outlived the short pass is looked at again"
    passes.short = LATE_PASSES
    assert passes.after(lambda: garbage.collect(1)) == [1], "no rest is waited for without end"


def test_beside_an_open_dialog_only_much_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    passes, garbage = Passes(monkeypatch), IdleGarbage()
    passes.newest = YOUNG_BESIDE_A_DIALOG
    assert passes.after(lambda: garbage.collect(0)) == []
    passes.newest += 1
    assert passes.after(lambda: garbage.collect(0)) == [0]


def test_everything_is_collected_after_a_long_rest_or_after_many_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    passes, garbage = Passes(monkeypatch), IdleGarbage()

    def young(count: int) -> None:
        passes.newest = YOUNG_MOST + 1
        for _ in range(count):
            garbage.collect(SETTLED)
        passes.newest = 0

    assert passes.after(lambda: young(PASSES)) == [1] * PASSES
    assert passes.after(lambda: garbage.collect(LONG_REST - 1)) == []
    assert passes.after(lambda: garbage.collect(LONG_REST)) == [2]
    assert passes.after(lambda: garbage.collect(LONG_REST + 1)) == [], "once"
    assert passes.after(lambda: young(MOST_PASSES + 1)) == [*[1] * MOST_PASSES, 2], "it waits for no rest without end"
