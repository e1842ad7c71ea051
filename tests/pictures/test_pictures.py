"""Pictures of the whole screen, compared with the ones that were looked at and found good."""

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace
from textual.pilot import Pilot

from cockpit.app.app import CockpitApp, Exit
from cockpit.client.desk_client import NO_DESK, DeskClient
from cockpit.model.snapshot import Snapshot
from panels.kit.messages import CONNECTED_WITHOUT_DATA, DISCONNECTED, NO_DATA
from tests.support.cockpit import samples
from tests.support.cockpit.canned_past import CannedPast
from tests.support.cockpit.driven import NARROW, WIDE, Clock
from tests.support.cockpit.fake_desk import FakeDesk
from tests.support.cockpit.pictures import Before, SnapCompare, review, showing
from tests.support.cockpit.screen_waiting import screen_text, seen

SIZES = {"80x24": NARROW, "120x40": WIDE, "200x60": (200, 60)}
STATES = {
    "loading": (samples.fresh(), showing("no requests")),
    "empty": (samples.empty(), showing("no request for the pair yet")),
    "live": (samples.disarmed(), showing("quoted", "○ DISARMED")),
    "armed": (samples.snapshot(), showing("quoted", "executor ● ARMED")),
    "stale": (samples.stale(), showing("r retries")),
    "real-money": (replace(samples.snapshot(), mode="LIVE"), showing(" LIVE ", "quoted", "executor ● ARMED")),
}
"""What a desk can look like, with what tells that it is painted."""


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("state", STATES)
def test_picture_of_a_desk(desk: FakeDesk, link: DeskClient, snap_compare: SnapCompare, state: str, size: str) -> None:
    desk.current, before = STATES[state]
    app = CockpitApp(link, paint_hz=30, clock=Clock())
    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


@pytest.mark.parametrize("key", ["1", "2", "3", "4", "6", "7", "9", "0"])
def test_picture_of_one_panel(desk: FakeDesk, link: DeskClient, snap_compare: SnapCompare, key: str) -> None:
    app = CockpitApp(link, paint_hz=30, clock=Clock())
    assert snap_compare(app, terminal_size=NARROW, run_before=showing(f"▸{key} ", keys=(key,)))


@pytest.mark.parametrize(
    ("size", "current", "before"),
    [
        pytest.param(
            WIDE,
            replace(samples.snapshot(), mode="LIVE", executor_armed=False),
            showing("LIVE", "still binding", "now", keys=("t",)),
            id="live_light",
        ),
        pytest.param(
            WIDE, samples.disarmed(), showing("Arm the executor?", "5 EURe", keys=("ctrl+e",)), id="arming_dialogue"
        ),
        pytest.param(
            WIDE,
            samples.snapshot(),
            showing("of 60", keys=("slash", *"side:sell >80", "enter", "j", "j")),
            id="filtered",
        ),
        pytest.param(
            NARROW, samples.snapshot(), showing("no field sid", keys=("slash", *"sid:sell")), id="filter_misread"
        ),
        pytest.param(NARROW, samples.snapshot(), showing("FROZEN", "nothing new", keys=("space",)), id="frozen"),
        *(
            pytest.param(
                (width, height),
                samples.snapshot(),
                showing("too small", "ARMED", "✓", filled=False),
                id=f"small-{width}x{height}",
            )
            for width, height in ((79, 24), (60, 20), (40, 10), (120, 20))
        ),
        *(
            pytest.param(
                size, samples.snapshot(), showing("Disarm everything", keys=("question_mark",)), id=f"help-{name}"
            )
            for name, size in SIZES.items()
        ),
    ],
)
def test_picture(
    desk: FakeDesk,
    link: DeskClient,
    snap_compare: SnapCompare,
    size: tuple[int, int],
    current: Snapshot,
    before: Before,
) -> None:
    desk.current = current
    app = CockpitApp(link, paint_hz=30, clock=Clock())
    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", SIZES)
def test_picture_of_money_earned(desk: FakeDesk, link: DeskClient, snap_compare: SnapCompare, size: str) -> None:
    app = CockpitApp(link, paint_hz=30, clock=Clock())
    before = showing("trading EURe", "BTC held" if size != "80x24" else "daily loss", keys=("0", "z"))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


@pytest.mark.parametrize("size", SIZES)
def test_picture_of_a_long_chart(desk: FakeDesk, link: DeskClient, snap_compare: SnapCompare, size: str) -> None:
    app = CockpitApp(link, paint_hz=30, clock=Clock(), past=CannedPast())
    before = showing("chart 1 h", keys=("1", "minus", "minus", "z"))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


WITHDRAW = ("w", "tab", *"0.01", "enter", "enter")


async def confirm(pilot: Pilot[Exit]) -> None:
    """From the filled form to a confirmation with its amount typed."""
    await review(pilot)
    await pilot.press("tab", "enter")
    await seen(pilot, lambda: "type the amount" in screen_text(pilot))
    await pilot.press(*"0.01", "enter", *"v8f3")


@pytest.mark.parametrize(
    ("size", "cooling_ms", "before"),
    [
        pytest.param(NARROW, 20_000, showing("20s left", "Not yet", keys=WITHDRAW, then=review), id="review"),
        pytest.param(WIDE, 0, showing("type the last 6", "✓", keys=WITHDRAW, then=confirm), id="confirm"),
        pytest.param(WIDE, 0, showing("y copies", "▀▀▀▀▀▀", keys=("d",)), id="deposit"),
        pytest.param(NARROW, 0, showing("made elsewhere", "WITHDRAWALS OPEN", keys=("8",)), id="money_panel"),
    ],
)
def test_picture_of_money(
    desk: FakeDesk, link: DeskClient, snap_compare: SnapCompare, size: tuple[int, int], cooling_ms: int, before: Before
) -> None:
    desk.current = samples.open_for_withdrawals()
    desk.reviewing = lambda _body: samples.review(alive_quotes=0, cooling_left_ms=cooling_ms)
    app = CockpitApp(link, paint_hz=30, clock=Clock(), new_key=lambda: "k-5d0c1f7a92b3e486")
    assert snap_compare(app, terminal_size=size, run_before=before)


def test_picture_of_a_silent_desk(desk: FakeDesk, link: DeskClient, snap_compare: SnapCompare) -> None:
    clock = Clock()

    async def fall_silent(_pilot: Pilot[Exit]) -> None:
        clock.now += 12

    app = CockpitApp(link, paint_hz=30, clock=clock)
    before = showing(f"{NO_DATA} for 12s", CONNECTED_WITHOUT_DATA, then=fall_silent)
    assert snap_compare(app, terminal_size=WIDE, run_before=before)


@pytest.mark.parametrize("size", SIZES)
def test_picture_of_a_lost_desk(
    desk: FakeDesk, snap_compare: SnapCompare, monkeypatch: pytest.MonkeyPatch, size: str
) -> None:
    # The folder's name is another at every run, and the picture names the socket.
    monkeypatch.chdir(desk.path.parent)
    link = DeskClient(Path(desk.path.name), actor="ops", new_id=lambda: "1", backoff_s=(0.02,))
    clock = Clock()

    async def lose(pilot: Pilot[Exit]) -> None:
        await asyncio.to_thread(desk.stop)
        clock.now += 8
        await seen(pilot, lambda: NO_DESK in screen_text(pilot))

    app = CockpitApp(link, paint_hz=30, clock=clock)
    before = showing(f"{DISCONNECTED} for 8.0s", "LAST SEEN 8s AGO", then=lose)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)
