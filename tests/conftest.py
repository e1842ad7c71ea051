"""Fixtures for tests of every folder: a PostgreSQL server, once for each test process and only when a test uses it.

A test that hangs fails after a while (pytest-timeout), so that a run always ends and names it.
"""

import gc
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.history.engines import create_database, drop_database
from tests.support.history.postgres_server import Server

SLOW_WITHIN_S = 3_600

COLLECT_AFTER = (10_000, 10, 20)
"""Objects and generations until the garbage collector looks; Python's own numbers look at everything very often."""

# Processes that the tests start share what they compile, whatever the environment says.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell that runs the tests in the background ignores SIGINT, and what they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests that take minutes an hour."""
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(SLOW_WITHIN_S))


def pytest_collection_finish() -> None:
    """Keep the garbage collector from what stays: looking at modules and tests took a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)


@pytest.fixture
def short_dir() -> Iterator[Path]:
    """A directory whose path is short enough for a Unix socket (107 bytes)."""
    path = Path(tempfile.mkdtemp(prefix="ck"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a database whose role may create others."""
    given = os.environ.get("POSTGRES_TEST_URL")
    if given:
        yield given
        return
    with Server() as server:
        yield server.url()


@pytest.fixture
async def postgres_url(postgres_server: str) -> AsyncIterator[str]:
    """The URL of an empty database of the test's own."""
    name = f"test_{secrets.token_hex(8)}"
    yield await create_database(postgres_server, name)
    await drop_database(postgres_server, name)
