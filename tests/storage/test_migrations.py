"""The schema moves forward only, one complete version after the other."""

import asyncio
import re
import shutil
import sqlite3
from hashlib import sha256
from pathlib import Path

import asyncpg
import pytest

from storage.errors import HistoryError
from storage.migrations import SCHEMAS, scripts
from storage.postgres.migrations import LOCK
from storage.sqlite.history import SqliteHistory
from tests.support.history import rows as facts
from tests.support.history.engines import Engine, PostgresEngine
from tests.support.waiting import until


@pytest.fixture
def newer(tmp_path: Path, engine: Engine) -> Path:
    """A schema one version ahead of the program's."""
    folder = tmp_path / "schema"
    shutil.copytree(engine.schema, folder)
    following = len(scripts(engine.schema)) + 1
    (folder / f"{following:03}_note.sql").write_text("ALTER TABLE runs ADD COLUMN note TEXT;")
    return folder


def last_script(folder: Path) -> Path:
    return max(folder.glob("*.sql"))


async def test_an_older_database_is_migrated_with_its_rows(engine: Engine, newer: Path) -> None:
    old = engine.make()
    await old.open(facts.run())
    await old.write([facts.demand(1)])
    await old.close(facts.START_NS)
    new = engine.make(newer)
    previous = await new.open(facts.run("run-2"))
    assert previous is not None
    assert (await new.counts())["swap_demand_events"] == 1
    await new.close(facts.START_NS)
    assert await engine.rows("SELECT note FROM runs") == [(None,), (None,)]


async def test_a_newer_database_is_refused_and_not_changed(engine: Engine, newer: Path) -> None:
    new = engine.make(newer)
    await new.open(facts.run())
    await new.close(facts.START_NS)
    with pytest.raises(HistoryError, match=r"newer version of this program.*update the program"):
        await engine.make().open(facts.run("run-2"))
    assert await engine.rows("SELECT run_id FROM runs") == [("run-1",)]


async def test_a_migration_that_fails_changes_nothing(engine: Engine, newer: Path) -> None:
    old = engine.make()
    await old.open(facts.run())
    await old.close(facts.START_NS)
    last_script(newer).write_text("ALTER TABLE runs ADD COLUMN note TEXT; ALTER TABLE absent ADD COLUMN x TEXT;")
    with pytest.raises(HistoryError, match=r"no such table: absent|relation \"absent\" does not exist"):
        await engine.make(newer).open(facts.run("run-2"))
    again = engine.make()
    assert await again.open(facts.run("run-2")) is not None
    await again.close(None)


async def test_another_programs_database_is_not_changed(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE songs (title TEXT)")
    other.commit()
    other.close()
    with pytest.raises(HistoryError, match="another program"):
        await SqliteHistory(path).open(facts.run())
    assert facts.rows(path, "SELECT name FROM sqlite_master") == [("songs",)]


async def test_another_programs_tables_are_not_changed(postgres: PostgresEngine) -> None:
    db = await asyncpg.connect(postgres.url)
    await db.execute("CREATE TABLE songs (title TEXT)")
    with pytest.raises(HistoryError, match="another program, such as songs"):
        await postgres.make().open(facts.run())
    assert await db.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 1
    await db.close()


async def test_a_migration_waits_for_another_one_in_progress(postgres: PostgresEngine) -> None:
    db = await asyncpg.connect(postgres.url)
    await db.execute("SELECT pg_advisory_lock($1)", LOCK)
    history = postgres.make()
    opening = asyncio.ensure_future(history.open(facts.run()))
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    await until(lambda: db.fetchval(waiting))
    assert await db.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await db.close()
    await opening
    assert set((await history.counts()).values()) == {0, 1}
    await history.close(None)


def test_a_gap_in_the_numbers_of_the_scripts_is_refused(newer: Path) -> None:
    last_script(newer).rename(newer / f"{len(list(newer.glob('*.sql'))) + 1:03}_note.sql")
    with pytest.raises(ValueError, match="without a gap"):
        scripts(newer)


RELEASED = {
    "sqlite/001_initial.sql": "46cce16b8eb6a77d",
    "sqlite/002_withdrawals.sql": "322bf418f03ad3ba",
    "sqlite/003_reading.sql": "3448115516803f00",
    "sqlite/004_commands.sql": "1e8a29d0abd04c7e",
    "sqlite/005_requests.sql": "1f11105ce049758a",
    "sqlite/006_omni_withdrawals.sql": "bfbf383d84429eb6",
    "sqlite/007_withdrawal_blocks.sql": "fe900d14534072e7",
    "sqlite/008_settlement_times.sql": "ea5c30b44e786ede",
    "sqlite/009_option_values.sql": "1609b0b8fac2d312",
    "sqlite/010_written_options.sql": "7105e85e26d2578c",
    "sqlite/011_assets.sql": "e4eacfe83f2ab986",
    "sqlite/012_quotes_over.sql": "9bb3d9cdbd7a0c2f",
    "postgres/001_initial.sql": "6a24d0ec951bf94b",
    "postgres/002_commands.sql": "b20722d30d2a797c",
    "postgres/003_requests.sql": "ebdee3296250ce26",
    "postgres/004_omni_withdrawals.sql": "22b2710fcf55181f",
    "postgres/005_withdrawal_blocks.sql": "226628a0b14545f9",
    "postgres/006_settlement_times.sql": "466c08c9ec5e041a",
    "postgres/007_option_values.sql": "6128b470a4efafc8",
    "postgres/008_written_options.sql": "7c1be62aa201c641",
    "postgres/009_assets.sql": "92eccca17e38b5ec",
    "postgres/010_quotes_over.sql": "6d42dd9d848a650f",
}
"""The start of the SHA-256 of each script's statements without comments and white space: add scripts, change none."""


@pytest.mark.parametrize("name", RELEASED)
def test_a_script_that_databases_were_made_by_is_not_changed(name: str) -> None:
    text = re.sub(r"--[^\n]*", "", (SCHEMAS / name).read_text("utf-8"))
    statements = re.sub(r"\s+", " ", text).strip()
    assert sha256(statements.encode()).hexdigest()[:16] == RELEASED[name]


def test_every_script_is_listed_as_released() -> None:
    assert {f"{path.parent.name}/{path.name}" for path in SCHEMAS.rglob("*.sql")} == RELEASED.keys()
