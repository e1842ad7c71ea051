"""The engines that the conformance tests run on."""

from pathlib import Path

import pytest

from tests.support.history.engines import Engine, PostgresEngine, SqliteEngine, SqliteProcessEngine


@pytest.fixture
def postgres(postgres_url: str, tmp_path: Path) -> PostgresEngine:
    """PostgreSQL with a database and a journal of the test's own."""
    return PostgresEngine(tmp_path, postgres_url)


@pytest.fixture
def sqlite(tmp_path: Path) -> SqliteEngine:
    """SQLite with a file of the test's own."""
    return SqliteEngine(tmp_path)


@pytest.fixture
def sqlite_process(tmp_path: Path) -> SqliteProcessEngine:
    """SQLite written by a process, with a file of the test's own."""
    return SqliteProcessEngine(tmp_path)


@pytest.fixture(params=["sqlite", "sqlite_process", "postgres"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Each engine in turn, with a store of the test's own."""
    found: Engine = request.getfixturevalue(request.param)
    return found
