"""The small history on each engine."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.postgres.reader import PostgresReader
from storage.reader import Reader
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.history import small_history as small


@pytest.fixture(params=["sqlite", "postgres"])
def reader(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Reader]:
    if request.param == "sqlite":
        asyncio.run(small.fill(SqliteHistory(tmp_path / "history.sqlite")))
        with SqliteReader(tmp_path / "history.sqlite") as opened:
            yield opened
    else:
        url: str = request.getfixturevalue("postgres_url")
        asyncio.run(small.fill(PostgresHistory(url, Journal(tmp_path / "history.journal"))))
        with PostgresReader(url) as server:
            yield server
