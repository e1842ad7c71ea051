"""The read-only role of history.md, made as the page says, against a real server."""

import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from docs.make.pictures import DOCS
from storage.catalogue import catalogue
from storage.catalogue.dialects import POSTGRES
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from tests.support.history import rows as facts

[SCRIPT] = re.findall(
    r"### A role that only reads\n.*?```sql\n(.*?)```", (DOCS / "history.md").read_text("utf-8"), re.S
)
HIDDEN = "prepared_withdrawals"
CHANGES = (
    "INSERT INTO market_settlement_events (run_id, at_ns, since_ns, others) VALUES ('x', 1, 1, 1)",
    "UPDATE runs SET ended_ns = 1",
    "DELETE FROM trade_decisions",
    "TRUNCATE trade_decisions",
    "DROP VIEW fills",
    "CREATE TABLE mine (x INTEGER)",
    "COMMENT ON TABLE runs IS 'mine'",
    "UPDATE prices SET mid = 1",
    "CREATE OR REPLACE FUNCTION history_ns(at TIMESTAMPTZ) RETURNS BIGINT LANGUAGE SQL AS 'SELECT 1::bigint'",
)
DENIED = (asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)


async def start(url: str, folder: Path, run_id: str) -> None:
    history = PostgresHistory(url, Journal(folder / "history.journal"))
    await history.open(facts.run(run_id))
    await history.write(facts.one_of_each(len(run_id)))
    await history.close(facts.START_NS)


@pytest.fixture
async def reader(postgres_url: str, tmp_path: Path) -> AsyncIterator[Any]:
    """A connection of the role, whose name is the test's own; roles belong to the whole server."""
    await start(postgres_url, tmp_path, "one")
    name = f"reader_{secrets.token_hex(4)}"
    owner = await asyncpg.connect(postgres_url)
    await owner.execute(SCRIPT.replace("history_reader", name))
    db = await asyncpg.connect(postgres_url.replace("//desk@", f"//{name}:CHANGE ME@"))
    yield db
    await db.close()
    await owner.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")
    await owner.close()


async def test_it_reads_tables_and_views(reader: Any, postgres_url: str, tmp_path: Path) -> None:
    views = [view.name for view in catalogue.views(POSTGRES)]
    for name in (*catalogue.tables(), *views):
        if name != HIDDEN:
            await reader.fetch(f"SELECT * FROM {name}")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=HIDDEN):
        await reader.fetch(f"SELECT * FROM {HIDDEN}")
    owner = await asyncpg.connect(postgres_url)
    await owner.execute("DROP VIEW desk_runs; COMMENT ON TABLE history_schema IS 'Catalogue of before'")
    await owner.close()
    await start(postgres_url, tmp_path, "another")
    assert await reader.fetchval("SELECT count(*) FROM desk_runs") == 2


async def test_it_changes_nothing_even_when_it_wants_to(reader: Any) -> None:
    for sql in CHANGES:
        with pytest.raises(DENIED):
            await reader.execute(sql)
    await reader.execute("SET default_transaction_read_only = off")
    for sql in CHANGES:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reader.execute(sql)
