"""Pictures of every dialog at two sizes, and of the screen without any colour."""

from typing import Literal

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from cockpit.app.app import CockpitApp, Exit
from cockpit.client.desk_client import DeskClient
from cockpit.model.snapshot import KeyView, Snapshot
from panels.dialogs import messages
from panels.dialogs.trading.limits import FIELDS
from panels.dialogs.trading.pricing import AS_IT_IS
from tests.support.cockpit import samples
from tests.support.cockpit.driven import NARROW, WIDE, Clock
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.pictures import Before, SnapCompare, showing
from tests.support.cockpit.screen_waiting import screen_text, seen

SIZES = pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x40"])


def unregistered() -> Snapshot:
    shot = samples.disarmed()
    return replace(shot, key=KeyView(public_key=shot.key.public_key, registered=False, access="full", command="near …"))


async def unfreezing(pilot: Pilot[Exit]) -> None:
    """From the form to the question."""
    await seen(pilot, lambda: messages.WITHDRAWALS_FROZEN in screen_text(pilot))
    await pilot.press("shift+tab", "enter")


async def signing_key(pilot: Pilot[Exit]) -> None:
    """What the palette opens."""
    assert isinstance(pilot.app, CockpitApp)
    pilot.app.action_signing_key()


async def tracking(pilot: Pilot[Exit]) -> None:
    """What the palette opens."""
    assert isinstance(pilot.app, CockpitApp)
    pilot.app.action_track()


async def registering(pilot: Pilot[Exit]) -> None:
    """From the signing key to the question."""
    await signing_key(pilot)
    await seen(pilot, lambda: "Register it now…" in screen_text(pilot))
    await pilot.press("tab", "tab", "enter")


async def findings(pilot: Pilot[Exit]) -> None:
    """What the palette opens, once the word about it is gone."""
    assert isinstance(pilot.app, CockpitApp)
    pilot.app.clear_notifications()
    pilot.app.action_findings()
    await seen(pilot, lambda: "shows more" not in screen_text(pilot))


def started_again() -> Snapshot:
    """A desk that found out about the run before it."""
    return replace(
        samples.disarmed(),
        findings=(
            "the previous run run-0 broke off; it last wrote at 2026-11-21 11:59:18 UTC",
            "2 quotes of earlier runs may still be settled; all but refused ones stay committed",
            "2 fills while no desk was running: -0.000412 BTC, +40.51 EURe; booked",
            "the opening balances are the previous run's last ones and what happened since",
        ),
    )


def halted() -> Snapshot:
    """A desk that halted for the day's loss."""
    why = "desk: the day's fills lost 6.000000 EURe, at most 5; a person has to lift it"
    return replace(samples.snapshot(), trading="HALTED", trading_why=why)


def asking() -> Snapshot:
    """A desk that asks whether somebody is there."""
    return replace(samples.snapshot(), operators=1, sign_age_ms=1_812_000, idle_left_ms=48_000)


@SIZES
@pytest.mark.parametrize(
    ("current", "before"),
    [
        pytest.param(asking(), showing(messages.STILL_THERE, messages.ANY_KEY_ANSWERS), id="still_there"),
        pytest.param(samples.snapshot(), showing("ARMED. Left running", keys=("q",)), id="quit_armed"),
        pytest.param(samples.disarmed(), showing("Stop the desk", keys=("q",)), id="quit_safe"),
        pytest.param(halted(), showing("Trading is HALTED.", "Activate", keys=("ctrl+t",)), id="trading"),
        pytest.param(started_again(), showing("the opening balances", then=findings), id="findings"),
        pytest.param(unregistered(), showing("Register the key?", "Register", then=registering), id="register"),
        pytest.param(samples.disarmed(), showing(FIELDS[0].label, "Set the limits", keys=("l",)), id="limits"),
        pytest.param(samples.disarmed(), showing(AS_IT_IS, "Set the pricing", keys=("p",)), id="pricing"),
        pytest.param(samples.snapshot(), showing("Disarm and burn", keys=("ctrl+o",)), id="hard_stop"),
        pytest.param(samples.disarmed(), showing("Arm the strategy", keys=("ctrl+s",)), id="arm_strategy"),
        pytest.param(samples.disarmed(), showing("Review…", keys=("w",)), id="withdraw"),
        pytest.param(samples.disarmed(), showing("Unfreeze", keys=("w",), then=unfreezing), id="unfreeze"),
        pytest.param(unregistered(), showing("Register it now…", then=signing_key), id="signing_key"),
        pytest.param(samples.disarmed(), showing("Track it", then=tracking), id="track"),
    ],
)
def test_picture_of_a_dialog(
    desk: FakeDesk,
    link: DeskClient,
    snap_compare: SnapCompare,
    current: Snapshot,
    before: Before,
    size: tuple[int, int],
) -> None:
    desk.current = current
    assert snap_compare(CockpitApp(link, paint_hz=30, clock=Clock()), terminal_size=size, run_before=before)


@SIZES
@pytest.mark.parametrize(
    ("current", "keys", "words"),
    [
        pytest.param(samples.disarmed(), ("ctrl+e", "tab", "space"), messages.RETRY, id="arm"),
        pytest.param(halted(), ("ctrl+t", "tab", "tab", "tab", "space"), messages.retry("Activate"), id="trading"),
        pytest.param(samples.snapshot(), ("q", "tab", "tab", "space"), "Stop anyway", id="quit"),
    ],
)
def test_picture_of_an_unknown_outcome(
    desk: FakeDesk,
    snap_compare: SnapCompare,
    current: Snapshot,
    keys: tuple[str, ...],
    words: str,
    size: tuple[int, int],
) -> None:
    desk.current = current
    desk.answering = lambda *_: None
    link = DeskClient(desk.path, actor="ops", new_id=lambda: "5d0c1f7a92b3e486", timeout_s=0.3)
    before = showing(messages.UNKNOWN, words, keys=keys)
    assert snap_compare(CockpitApp(link, paint_hz=30, clock=Clock()), terminal_size=size, run_before=before)


@SIZES
def test_picture_of_a_command_in_flight(
    desk: FakeDesk, link: DeskClient, snap_compare: SnapCompare, size: tuple[int, int]
) -> None:
    desk.current = samples.disarmed()
    desk.held.clear()
    before = showing(messages.command_sent("id-1"), keys=("ctrl+e", "tab", "space"))
    try:
        assert snap_compare(CockpitApp(link, paint_hz=30, clock=Clock()), terminal_size=size, run_before=before)
    finally:
        desk.held.set()


@SIZES
@pytest.mark.parametrize("mode", ["SANDBOX", "LIVE"])
def test_picture_of_the_palette(
    desk: FakeDesk, link: DeskClient, snap_compare: SnapCompare, mode: Literal["SANDBOX", "LIVE"], size: tuple[int, int]
) -> None:
    desk.current = replace(samples.disarmed(), mode=mode)
    before = showing("Theme: plain, without colour", keys=("ctrl+p", *"theme"), filled=False)
    assert snap_compare(CockpitApp(link, paint_hz=30, clock=Clock()), terminal_size=size, run_before=before)


@pytest.mark.parametrize(
    ("current", "before"),
    [
        pytest.param(samples.snapshot(), showing("ARMED"), id="armed"),
        pytest.param(samples.disarmed(), showing("DISARMED"), id="safe"),
        pytest.param(replace(samples.snapshot(), mode="LIVE"), showing("LIVE"), id="live"),
        pytest.param(
            replace(samples.disarmed(), mode="LIVE"),
            showing("Arm the executor", keys=("ctrl+e",), filled=False),
            id="arming",
        ),
    ],
)
def test_picture_without_colour(
    desk: FakeDesk,
    link: DeskClient,
    snap_compare: SnapCompare,
    monkeypatch: pytest.MonkeyPatch,
    current: Snapshot,
    before: Before,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    desk.current = current
    assert snap_compare(CockpitApp(link, paint_hz=30, clock=Clock()), terminal_size=NARROW, run_before=before)
