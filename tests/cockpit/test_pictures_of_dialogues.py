"""Pictures of every dialogue at two sizes, and of the screen without any colour."""

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from cockpit.app import CockpitApp, Exit
from cockpit.link import DeskLink
from cockpit.snapshot import KeyView, Snapshot
from tests.cockpit import samples
from tests.cockpit.conftest import FakeDesk
from tests.cockpit.running import NARROW, WIDE, Clock
from tests.cockpit.test_pictures import Before, SnapCompare, showing
from tests.cockpit.waiting import screen_text, seen

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x40"])


def unregistered() -> Snapshot:
    shot = samples.disarmed()
    return replace(shot, key=KeyView(public_key=shot.key.public_key, registered=False, access="full", command="near …"))


async def unfreezing(pilot: Pilot[Exit]) -> None:
    """From the form to the question."""
    await seen(pilot, lambda: "Withdrawals are frozen." in screen_text(pilot))
    await pilot.press("shift+tab", "enter")


async def signing_key(pilot: Pilot[Exit]) -> None:
    """What the palette opens."""
    assert isinstance(pilot.app, CockpitApp)
    pilot.app.action_signing_key()


async def tracking(pilot: Pilot[Exit]) -> None:
    """What the palette opens."""
    assert isinstance(pilot.app, CockpitApp)
    pilot.app.action_track()


@SIZES
@pytest.mark.parametrize(
    ("current", "before"),
    [
        pytest.param(samples.disarmed(), showing("Max notional", "Set the limits", keys=("l",)), id="limits"),
        pytest.param(samples.snapshot(), showing("Disarm and burn", keys=("ctrl+o",)), id="hard_stop"),
        pytest.param(samples.disarmed(), showing("Arm the strategy (space)", keys=("ctrl+s",)), id="arm_strategy"),
        pytest.param(samples.disarmed(), showing("Review…", keys=("w",)), id="withdraw"),
        pytest.param(samples.disarmed(), showing("Unfreeze (space)", keys=("w",), then=unfreezing), id="unfreeze"),
        pytest.param(unregistered(), showing("Register it now…", then=signing_key), id="signing_key"),
        pytest.param(samples.disarmed(), showing("Track it (space)", then=tracking), id="track"),
    ],
)
def test_picture_of_a_dialogue(
    desk: FakeDesk,
    link: DeskLink,
    snap_compare: SnapCompare,
    current: Snapshot,
    before: Before,
    size: tuple[int, int],
) -> None:
    desk.current = current
    assert snap_compare(CockpitApp(link, paint_hz=30, clock=Clock()), terminal_size=size, run_before=before)


@pytest.mark.parametrize(
    ("current", "before"),
    [
        pytest.param(samples.snapshot(), showing("ARMED"), id="armed"),
        pytest.param(samples.disarmed(), showing("DISARMED"), id="safe"),
        pytest.param(replace(samples.snapshot(), mode="LIVE"), showing("LIVE"), id="live"),
        pytest.param(
            replace(samples.disarmed(), mode="LIVE"),
            showing("Arm the executor (space)", keys=("ctrl+e",), filled=False),
            id="arming",
        ),
    ],
)
def test_picture_without_colour(
    desk: FakeDesk,
    link: DeskLink,
    snap_compare: SnapCompare,
    monkeypatch: pytest.MonkeyPatch,
    current: Snapshot,
    before: Before,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    desk.current = current
    assert snap_compare(CockpitApp(link, paint_hz=30, clock=Clock()), terminal_size=NARROW, run_before=before)
