"""The board is painted in slices, between which the desk has the processor; a dialog that is waited for is not."""

from cockpit.app.app import CockpitApp
from cockpit.client.desk_client import DeskClient
from cockpit.model.processor.pauses import Pauses
from tests.support.cockpit.driven import NARROW
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.screen_waiting import screen_text, seen


async def test_painting_the_board_pauses_and_opening_a_dialog_does_not(desk: FakeDesk, link: DeskClient) -> None:
    times = iter(range(10**9))
    made: list[float] = []
    app = CockpitApp(link, paint_hz=30, pauses=Pauses(made.append, lambda: float(next(times))))
    async with app.run_test(size=NARROW) as pilot:
        await seen(pilot, lambda: "sandbox-maker.near" in screen_text(pilot))
        # With this clock every pause takes a second: one for each picture.
        assert made
        await pilot.press("question_mark")
        before = len(made)
        await seen(pilot, lambda: "Keys" in screen_text(pilot) and "esc" in screen_text(pilot))
        assert len(made) == before
        await pilot.press("escape")
        await seen(pilot, lambda: len(made) > before)
