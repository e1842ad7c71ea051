"""One venue for the whole session, and desks that start and end with their test."""

import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from cockpit.processes.launch import end_process
from cockpit.processes.sandbox_run import SandboxRun
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.processes import bare_environment
from tests.support.processes.reconciliation import reconcile, reconcile_run
from tests.support.processes.sandbox_session import FLAGS, Open
from tests.support.processes.taker import Taker
from tests.support.processes.terminal import Terminal
from tests.support.processes.venue_process import QUIET, Control, VenueProcess

SOON = ("--set", "index_after_s=0.5", "--set", "send_after_s=1", "--set", "complete_after_s=2")
"""A bridge that pays at once; by default a withdrawal takes it twenty seconds."""


@pytest.fixture(scope="session")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    """A quiet venue: no traders, no rivals, no deposits but those of a test."""
    started = VenueProcess(tmp_path_factory.mktemp("venue"), *QUIET, *SOON)
    yield started
    assert started.process.stop() == 0


@pytest.fixture
async def control(venue: VenueProcess) -> AsyncIterator[Control]:
    """The venue's control endpoint, market time running; every fault is switched off afterwards."""
    control = Control(venue.env)
    await control.traders(True)
    yield control
    await control.mend()
    await control.alarms(resolve="all")
    await control.http.aclose()


Launch = Callable[..., Awaitable[DeskProcess]]


@pytest.fixture
async def launch(
    venue: VenueProcess, control: Control, short_dir: Path, request: pytest.FixtureRequest
) -> AsyncIterator[Launch]:
    """Start desks on the venue with settings of the test's own, by their names; they are killed when it ends.

    Those that still run then must first explain every token to the base unit, unless the test is ``unreconciled``.
    """
    desks: list[DeskProcess] = []

    async def start(**settings: str) -> DeskProcess:
        state_dir = short_dir / str(len(desks))
        state_dir.mkdir(mode=0o700)
        desk = DeskProcess(state_dir, {**venue.env, **settings})
        desks.append(desk)
        await desk.start()
        return desk

    yield start
    try:
        if request.node.get_closest_marker("unreconciled") is None:
            await control.mend()
            for desk in desks:
                if desk.running:
                    await reconcile(desk, control)
    finally:
        for desk in desks:
            await desk.close()


@pytest.fixture
async def taker(control: Control) -> Taker:
    """A funded trader."""
    taker = Taker(control)
    await taker.fund()
    return taker


@pytest.fixture
async def cockpit(short_dir: Path) -> AsyncIterator[Open]:
    """Open terminals with `cockpit sandbox`; whatever it started is ended afterwards.

    A desk that still runs then must first explain every token to the base unit.
    """
    terminals: list[Terminal] = []

    def start(flags: Sequence[str] = FLAGS, hang_ups: signal.Handlers = signal.SIG_DFL) -> Terminal:
        # A new destination cools off for a while, and not for the half minute of a rehearsal.
        environment = bare_environment(COCKPIT_STATE_DIR=str(short_dir), WITHDRAWAL_COOLING_MS="4000")
        terminals.append(Terminal(flags, short_dir, environment, hang_ups))
        return terminals[-1]

    yield start
    left = SandboxRun.running(short_dir / "sandbox")
    try:
        if left is not None:
            await reconcile_run(left)
    finally:
        for terminal in terminals:
            terminal.close()
        await _end_runs(short_dir)


async def _end_runs(short_dir: Path) -> None:
    for directory in (short_dir / "sandbox").glob("2*"):
        with suppress(FileNotFoundError):
            pids = SandboxRun(directory).pids()
            await end_process(pids.desk)
            await end_process(pids.venue)
