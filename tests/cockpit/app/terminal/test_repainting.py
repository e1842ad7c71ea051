"""A terminal that was smaller for a moment has lost lines: they are painted again, whatever its size is now."""

from typing import Any

import pytest
from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.pilot import Pilot
from textual.widgets import Static

from cockpit.app.terminal.driver import NonBlockingApp
from tests.support.waiting import until

WIDE, SMALL = Size(40, 10), Size(10, 3)


class Recording(NonBlockingApp[None]):
    """Keeps what is written to the terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.pictures: list[str] = []

    def compose(self) -> ComposeResult:
        for number in range(WIDE.height):
            yield Static(f"line {number}")

    def _display(self, screen: Any, renderable: Any) -> None:
        console = self.console
        with console.capture() as captured:
            console.print(renderable)
        self.pictures.append(captured.get())
        super()._display(screen, renderable)


async def until_all(pilot: Pilot[None], app: Recording) -> None:
    async def painted() -> bool:
        await pilot.pause()
        return all(f"line {number}" in "".join(app.pictures) for number in range(WIDE.height))

    await until(painted, 30, "every line is painted")


@pytest.mark.parametrize("sizes", [(WIDE,), (SMALL, WIDE), (SMALL, Size(30, 9), WIDE)])
async def test_every_line_is_painted_after_the_size_of_a_terminal_came_back(sizes: tuple[Size, ...]) -> None:
    app = Recording()
    async with app.run_test(size=WIDE) as pilot:
        await until_all(pilot, app)
        # What the start still has to paint would hide that nothing is.
        for _ in range(5):
            await pilot.pause()
        app.pictures.clear()
        for size in sizes:
            app.post_message(events.Resize(size, size))
        await until_all(pilot, app)
