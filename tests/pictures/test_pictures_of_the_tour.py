"""Pictures of the tour's strip, at the panels and above a dialog."""

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from cockpit.app.app import CockpitApp, Exit
from cockpit.client.desk_client import DeskClient
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, Clock
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.pictures import Before, SnapCompare, review, showing
from tests.support.cockpit.screen_waiting import screen_text, seen

SIZES = {"80x24": NARROW, "120x40": WIDE}
SAFE = replace(samples.disarmed(), withdrawals_frozen=True)


async def read(pilot: Pilot[Exit]) -> None:
    """Open the newest decision."""
    await seen(pilot, lambda: "TOUR 2/7" in screen_text(pilot))
    await pilot.press("enter")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    "before",
    [
        pytest.param(showing("TOUR 3/7", "asks to arm", keys=("T", "n", "n")), id="shadow"),
        pytest.param(showing("✗ marks the failed", "decided by", keys=("T", "n"), then=read), id="decision_read"),
        pytest.param(
            showing(
                "Withdrawals are frozen",
                "Not yet",
                keys=("T", *"nnnnn", "w", "tab", *"0.01", "enter", "enter"),
                then=review,
            ),
            id="review",
        ),
    ],
)
def test_picture_of_the_tour(
    desk: FakeDesk, link: DeskClient, snap_compare: SnapCompare, before: Before, size: str
) -> None:
    desk.current = SAFE
    desk.reviewing = lambda _body: samples.review(
        alive_quotes=0, frozen=True, refusals=("withdrawals are frozen; unfreeze them first",)
    )
    app = CockpitApp(link, paint_hz=30, clock=Clock(), new_key=lambda: "k-5d0c1f7a92b3e486")
    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


def test_picture_of_the_tour_without_colours(
    desk: FakeDesk, link: DeskClient, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    desk.current = SAFE
    app = CockpitApp(link, paint_hz=30, clock=Clock())
    before = showing("TOUR 3/7", "asks to arm", keys=("T", "n", "n"))
    assert snap_compare(app, terminal_size=NARROW, run_before=before)
