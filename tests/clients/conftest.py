"""A venue for each test and the installed clients; each client talks to this machine only."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.driving import drive, node_order, python_order
from tests.clients.installation import cache_directory, install_node_clients, install_python_clients, require_node
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.venue_process import Control, VenueProcess

Run = Callable[..., Coroutine[Any, Any, Any]]
Venue = Callable[..., VenueProcess]
Desk = Callable[..., Awaitable[DeskProcess]]


@pytest.fixture(scope="session")
def node_clients() -> Path:
    require_node()
    return install_node_clients(cache_directory(), os.environ)


@pytest.fixture(scope="session")
def python_clients() -> Path:
    return install_python_clients(cache_directory(), os.environ)


@pytest.fixture
def start_venue(tmp_path: Path) -> Iterator[Venue]:
    """Start one venue with the options of the test."""
    started: list[VenueProcess] = []

    def start(*options: str) -> VenueProcess:
        started.append(VenueProcess(tmp_path, *options))
        return started[-1]

    yield start
    for venue in started:
        venue.process.stop()


@pytest.fixture
async def controls() -> AsyncIterator[Callable[[VenueProcess], Control]]:
    opened: list[Control] = []

    def open_control(venue: VenueProcess) -> Control:
        opened.append(Control(venue.env))
        return opened[-1]

    yield open_control
    for control in opened:
        await control.http.aclose()


@pytest.fixture
async def armed_desk(short_dir: Path) -> AsyncIterator[Desk]:
    """Start our desk on a venue and arm it."""
    desks: list[DeskProcess] = []

    async def start(env: dict[str, str], **settings: str) -> DeskProcess:
        desk = DeskProcess(short_dir, {**env, **settings})
        desks.append(desk)
        await desk.start()
        await desk.arm()
        return desk

    yield start
    for desk in desks:
        await desk.close()


@pytest.fixture
def run_node(node_clients: Path) -> Run:
    """Run a driver in JavaScript with these settings; returns what it found."""

    async def run(driver: str, *arguments: str, **settings: str) -> Any:
        environ = {**settings, "NODE_PATH": str(node_clients / "node_modules")}
        return await drive(node_order(driver, *arguments), environ, node_clients)

    return run


@pytest.fixture
def run_python(python_clients: Path, tmp_path: Path) -> Run:
    """Run a driver in Python with these settings; returns what it found."""

    async def run(driver: str, *arguments: str, **settings: str) -> Any:
        return await drive(python_order(python_clients, driver, *arguments), settings, tmp_path)

    return run
