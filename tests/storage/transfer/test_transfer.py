"""A history is copied from a file to PostgreSQL and back without losing a digit, resumed when interrupted, verified."""

import asyncio
import os
import sqlite3
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from storage.errors import HistoryError
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.postgres.reader import PostgresReader
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from storage.transfer import transfer as transferring
from storage.transfer.to_postgres import PostgresTarget
from storage.transfer.to_sqlite import SqliteTarget
from storage.transfer.transfer import COLUMNS, transfer
from tests.support.history import rows as facts
from tests.support.processes.command import GOOD, env_file, run


def silent(table: str, last: int, copied: int) -> None:
    """Ignore the progress."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A history with the largest amounts, hostile texts and gaps in its ids."""

    async def fill() -> None:
        for number in (1, 2):
            history = SqliteHistory(tmp_path / "history.sqlite")
            await history.open(facts.run(f"run-{number}"))
            await history.write([event for n in range(number * 50, number * 50 + 50) for event in facts.one_of_each(n)])
            big = msgspec.structs.replace(facts.demand(number), amount_in=facts.U128_MAX, partner_id='a"\\\n,null')
            await history.write([big, facts.inventory(number, facts.U128_MAX), facts.omni_withdrawal(1000 + number)])
            await history.close(facts.START_NS + number if number == 1 else None)

    asyncio.run(fill())
    with closing(sqlite3.connect(tmp_path / "history.sqlite")) as db:
        db.execute("DELETE FROM swap_demand_events WHERE id % 7 = 0")
        db.commit()
    return tmp_path / "history.sqlite"


@pytest.fixture
async def second_url(postgres_server: str) -> AsyncIterator[str]:
    from tests.support.history.engines import create_database, drop_database

    name = f"test_second_{os.getpid()}"
    yield await create_database(postgres_server, name)
    await drop_database(postgres_server, name)


def everything(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with SqliteReader(path) as reader:
        return {
            table: list(reader.rows(f"SELECT {', '.join(columns)} FROM {table} ORDER BY 1"))
            for table, columns in COLUMNS.items()
        }


def to_postgres(path: Path, url: str) -> None:
    with SqliteReader(path) as source, PostgresTarget(url) as target:
        transfer(source, target, silent)


def to_file(url: str, path: Path) -> None:
    with PostgresReader(url) as source, SqliteTarget(path) as target:
        transfer(source, target, silent)


def test_every_row_survives_the_way_there_and_back(path: Path, postgres_url: str, tmp_path: Path) -> None:
    to_postgres(path, postgres_url)
    back = tmp_path / "back" / "history.sqlite"
    to_file(postgres_url, back)
    assert everything(back) == everything(path)
    assert stat.S_IMODE(back.stat().st_mode) == 0o600
    assert not back.with_name("history.sqlite.part").exists()


def test_a_desk_continues_on_the_other_engine(path: Path, postgres_url: str, tmp_path: Path) -> None:
    to_postgres(path, postgres_url)

    async def live() -> None:
        history = PostgresHistory(postgres_url, Journal(tmp_path / "history.journal"))
        previous = await history.open(facts.run("run-3"))
        assert previous is not None
        assert (previous.run_id, previous.clean) == ("run-2", False)
        await history.write(facts.one_of_each(500))
        assert len(await history.prepared_withdrawals()) == 103
        await history.close(facts.START_NS)

    asyncio.run(live())


class Breaking(SqliteTarget):
    """Is interrupted after so many transactions."""

    left = 0

    def add(self, table: str, rows: Sequence[tuple[Any, ...]], *, replace: bool = False) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        super().add(table, rows, replace=replace)


class BreakingPostgres(PostgresTarget):
    """Is interrupted after so many transactions."""

    left = 0

    def add(self, table: str, rows: Sequence[tuple[Any, ...]], *, replace: bool = False) -> None:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        super().add(table, rows, replace=replace)


@pytest.mark.parametrize("steps", [0, 1, 4, 9])
def test_an_interrupted_copy_is_resumed(
    path: Path, postgres_url: str, tmp_path: Path, steps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transferring, "STEP_ROWS", 30)
    with SqliteReader(path) as source, BreakingPostgres(postgres_url) as target:
        target.left = steps
        with pytest.raises(KeyboardInterrupt):
            transfer(source, target, silent)
    history = PostgresHistory(postgres_url, Journal(tmp_path / "history.journal"))
    with pytest.raises(HistoryError, match="is an unfinished copy of a history"):
        asyncio.run(history.open(facts.run("run-3")))
    to_postgres(path, postgres_url)

    back = tmp_path / "back.sqlite"
    with PostgresReader(postgres_url) as reader, Breaking(back) as file:
        file.left = steps
        with pytest.raises(KeyboardInterrupt):
            transfer(reader, file, silent)
    assert not back.exists()
    again: list[tuple[str, int, int]] = []
    with PostgresReader(postgres_url) as reader, SqliteTarget(back) as file:
        transfer(reader, file, lambda *progress: again.append(progress))
    assert everything(back) == everything(path)
    kept = {table: last for table, last, _ in again if last}
    assert bool(kept) == (steps > 0)
    assert [copied for table, last, copied in again if table in kept][:-1] == [0] * (len(kept) - 1)


def test_a_copy_that_differs_is_not_finished(path: Path, postgres_url: str, tmp_path: Path) -> None:
    with SqliteReader(path) as source, BreakingPostgres(postgres_url) as target:
        target.left = 8
        with pytest.raises(KeyboardInterrupt):
            transfer(source, target, silent)

    async def spoil() -> None:
        db = await asyncpg.connect(postgres_url)
        await db.execute("UPDATE swap_demand_events SET amount_in = amount_in - 1 WHERE id = 102")
        await db.close()

    asyncio.run(spoil())
    with pytest.raises(HistoryError, match=r"differs in swap_demand_events.* the sums of amount_in"):
        to_postgres(path, postgres_url)
    with pytest.raises(HistoryError, match="is an unfinished copy"):
        asyncio.run(PostgresHistory(postgres_url, Journal(tmp_path / "j")).open(facts.run("run-3")))


def test_nothing_is_overwritten_or_mixed(path: Path, postgres_url: str, tmp_path: Path) -> None:
    to_postgres(path, postgres_url)
    with pytest.raises(HistoryError, match="holds a history already"):
        to_postgres(path, postgres_url)
    with pytest.raises(HistoryError, match="exists already"):
        to_file(postgres_url, path)
    other = tmp_path / "other.sqlite"
    with PostgresReader(postgres_url) as reader, Breaking(other) as file, pytest.raises(KeyboardInterrupt):
        transfer(reader, file, silent)
    with SqliteTarget(other) as file, pytest.raises(HistoryError, match="unfinished copy of another history"):
        file.start("run-9")


def test_as_a_user_moves_to_postgresql_and_back(path: Path, postgres_url: str, tmp_path: Path) -> None:
    out = run("export", postgres_url, "--history", str(path), cwd=tmp_path)
    assert (out.returncode, out.stderr) == (0, "")
    assert "counts and sums equal" in out.stdout
    env_file(tmp_path, {**GOOD, "POSTGRES_URL": postgres_url})
    again = run("import", str(path), cwd=tmp_path)
    assert again.returncode == 1
    assert "holds a history already" in again.stderr
    back = run("export", "back.sqlite", cwd=tmp_path)
    assert (back.returncode, back.stderr) == (0, "")
    assert everything(tmp_path / "back.sqlite") == everything(path)
    env_file(tmp_path, GOOD)
    home = run("import", postgres_url, cwd=tmp_path)
    assert (home.returncode, home.stderr) == (0, "")
    assert everything(tmp_path / "state" / "history.sqlite") == everything(path)
