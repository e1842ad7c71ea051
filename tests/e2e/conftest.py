"""One venue for the whole session, and desks that start and end with their test."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.desk import DeskProcess
from tests.e2e.taker import Taker
from tests.e2e.venue import Control, VenueProcess


@pytest.fixture(scope="session")
def venue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VenueProcess]:
    """A quiet venue: no traders, no rivals, no deposits but those of a test."""
    started = VenueProcess(tmp_path_factory.mktemp("venue"))
    yield started
    assert started.process.stop() == 0


@pytest.fixture
async def control(venue: VenueProcess) -> AsyncIterator[Control]:
    """The venue's control endpoint, market time running; every fault is switched off afterwards."""
    control = Control(venue.env)
    await control.traders(True)
    yield control
    await control.mend()
    await control.http.aclose()


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A directory whose path is short enough for a Unix socket."""
    path = Path(tempfile.mkdtemp(prefix="ck"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


Launch = Callable[..., Awaitable[DeskProcess]]


@pytest.fixture
async def launch(venue: VenueProcess, control: Control, short_dir: Path) -> AsyncIterator[Launch]:
    """Start desks on the venue with settings of the test's own, by their names; they are killed when it ends."""
    desks: list[DeskProcess] = []

    async def start(**settings: str) -> DeskProcess:
        state_dir = short_dir / str(len(desks))
        state_dir.mkdir(mode=0o700)
        desk = DeskProcess(state_dir, {**venue.env, **settings})
        desks.append(desk)
        await desk.start()
        return desk

    yield start
    for desk in desks:
        await desk.close()


@pytest.fixture
async def taker(control: Control) -> Taker:
    """A funded trader."""
    taker = Taker(control)
    await taker.fund()
    return taker
