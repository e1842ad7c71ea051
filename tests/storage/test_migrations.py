"""The schema moves forward only, whole version by whole version."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from storage.history import HistoryError
from storage.migrations import SCHEMA, scripts
from storage.sqlite import SqliteHistory
from tests.storage import facts


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A schema one version ahead of the program's."""
    folder = tmp_path / "schema"
    shutil.copytree(SCHEMA, folder)
    following = len(scripts(SCHEMA)) + 1
    (folder / f"{following:03}_note.sql").write_text("ALTER TABLE runs ADD COLUMN note TEXT;")
    return folder


def last_script(folder: Path) -> Path:
    return max(folder.glob("*.sql"))


async def test_an_older_database_is_brought_forward_with_its_rows(tmp_path: Path, newer: Path) -> None:
    path = tmp_path / "history.db"
    old = SqliteHistory(path)
    await old.open(facts.run())
    await old.write([facts.demand(1)])
    await old.close(facts.START_NS)
    new = SqliteHistory(path, schema=newer)
    former = await new.open(facts.run("run-2"))
    assert former is not None
    assert (await new.counts())["swap_demand_events"] == 1
    await new.close(facts.START_NS)
    assert facts.rows(path, "SELECT note FROM runs") == [(None,), (None,)]


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path, newer: Path) -> None:
    path = tmp_path / "history.db"
    new = SqliteHistory(path, schema=newer)
    await new.open(facts.run())
    await new.close(facts.START_NS)
    with pytest.raises(HistoryError, match=r"newer version of this program.*update the program"):
        await SqliteHistory(path).open(facts.run("run-2"))
    assert facts.rows(path, "SELECT run_id FROM runs") == [("run-1",)]


async def test_a_migration_that_fails_changes_nothing(tmp_path: Path, newer: Path) -> None:
    path = tmp_path / "history.db"
    old = SqliteHistory(path)
    await old.open(facts.run())
    await old.close(facts.START_NS)
    last_script(newer).write_text("ALTER TABLE runs ADD COLUMN note TEXT; ALTER TABLE absent ADD COLUMN x TEXT;")
    with pytest.raises(HistoryError, match="no such table: absent"):
        await SqliteHistory(path, schema=newer).open(facts.run("run-2"))
    again = SqliteHistory(path)
    assert await again.open(facts.run("run-2")) is not None
    await again.close(None)


async def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE songs (title TEXT)")
    other.commit()
    other.close()
    with pytest.raises(HistoryError, match="another program"):
        await SqliteHistory(path).open(facts.run())
    assert facts.rows(path, "SELECT name FROM sqlite_master") == [("songs",)]


def test_a_gap_in_the_numbers_is_noticed(newer: Path) -> None:
    last_script(newer).rename(newer / "009_note.sql")
    with pytest.raises(ValueError, match="without a gap"):
        scripts(newer)
