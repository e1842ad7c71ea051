"""A cockpit on a fake desk, ready to be driven."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

from textual.pilot import Pilot

from cockpit.app.app import NO_IDLE_WORK, CockpitApp, Exit
from cockpit.app.idle.work import IdlePlan
from cockpit.app.tour import TourSeen
from cockpit.client.desk_client import DeskClient
from panels.dialogs.history.port import HistoryPort
from tests.support.cockpit.screen_waiting import screen_text, seen

WIDE = (120, 40)
NARROW = (80, 24)


def one_line(text: str) -> str:
    """Return the text without line breaks and frames."""
    return re.sub(r"[\s│]+", " ", text)


class Clock:
    """Seconds that pass only when set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Driven:
    """The app, its keyboard and its clock."""

    def __init__(self, app: CockpitApp, pilot: Pilot[Exit], clock: Clock) -> None:
        self.app, self.pilot, self.clock = app, pilot, clock

    async def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        await self.pilot.press(*keys)

    async def released(self) -> None:
        """Wait until no button is shown as pressed: until then it takes no second press."""
        await seen(self.pilot, lambda: not self.app.screen.query("Button.-active"))

    async def shows(self, *texts: str) -> None:
        """Wait until all of the texts are on the screen, broken into lines or not."""
        await seen(self.pilot, lambda: self._shows(texts))

    def _shows(self, texts: tuple[str, ...]) -> bool:
        # The lines are read once: that costs more than all the rest of the look.
        lines = self.text
        left = [text for text in texts if text not in lines]
        if left:
            flat = one_line(lines)
            left = [text for text in left if text not in flat]
        if left:
            boxed = self._boxes(lines)
            left = [text for text in left if text not in boxed]
        return not left

    async def opens(self, *texts: str) -> None:
        """Wait until a dialog with these texts is open and takes keys."""
        await seen(self.pilot, self._takes_keys)
        await self.shows(*texts)

    def _takes_keys(self) -> bool:
        screen = self.app.screen
        return screen is not self.app.screen_stack[0] and (screen.focused is not None or not screen.focus_chain)

    async def hides(self, text: str) -> None:
        """Wait until the text is not on the screen."""
        await seen(self.pilot, lambda: text not in self.text)

    @property
    def flat(self) -> str:
        """What the reader sees as one line, without frames."""
        return one_line(self.text)

    @property
    def boxed(self) -> str:
        """What the open dialog and the toasts show, one line each, without what lies beside them."""
        return self._boxes(self.text)

    def _boxes(self, text: str) -> str:
        lines = text.splitlines()
        boxes = [box.region for box in self.app.screen.query("#box, Toast")]
        return "\n".join(
            re.sub(r"[\s│▌]+", " ", "\n".join(line[box.x : box.right] for line in lines[box.y : box.bottom]))
            for box in boxes
        )

    @property
    def text(self) -> str:
        """What the reader sees."""
        return screen_text(self.pilot)


@asynccontextmanager
async def cockpit(
    link: DeskClient,
    size: tuple[int, int] = WIDE,
    *,
    world: str = "SANDBOX",
    tour_seen: TourSeen | None = None,
    history: HistoryPort | None = None,
    idle_plan: IdlePlan = NO_IDLE_WORK,
) -> AsyncIterator[Driven]:
    """A cockpit that has painted its first snapshot."""
    clock = Clock()
    keys = count(1)
    app = CockpitApp(
        link,
        paint_hz=30,
        clock=clock,
        new_key=lambda: f"key-{next(keys)}",
        tour_seen=tour_seen,
        history=history,
        idle_plan=idle_plan,
    )
    async with app.run_test(size=size, notifications=True) as pilot:
        driven = Driven(app, pilot, clock)
        await driven.shows(world, "Decisions")
        yield driven
