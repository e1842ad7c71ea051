"""What a start and pruning read is found by indexes: ten million rows make neither slow."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import asyncpg

from storage import queries
from storage.rows import TABLES
from storage.sqlite import runs
from tests.support.history import rows as facts
from tests.support.history.engines import PostgresEngine, SqliteEngine

SMALL = {"liquidity_actions", "prepared_withdrawals", "decision_rules", "runs"}
"""Money in and out, and what is set by hand. The journal is not small: programs give commands, too."""

BIG = {table.name for table in TABLES} - SMALL
NOT_AT_A_START = ("COUNTS", "COUNTED", "PRUNED_TABLES", "PRUNE_STEP_ROWS", "PREPARED")


def asked() -> Iterator[str]:
    for name, value in vars(queries).items():
        if name.isupper() and name[0] != "_" and name not in NOT_AT_A_START:
            yield from value.values() if isinstance(value, dict) else (value,) if isinstance(value, str) else ()
    yield "SELECT COALESCE(MAX(deadline_ns), 0) FROM execute_trade_commands"


async def filled(engine: SqliteEngine | PostgresEngine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write([event for n in range(300) for event in facts.one_of_each(n)])
    await history.close(facts.START_NS)


async def test_sqlite_finds_all_of_it_by_index(sqlite: SqliteEngine) -> None:
    await filled(sqlite)
    seen = 0
    with closing(sqlite3.connect(sqlite.path)) as db:
        db.execute("ANALYZE")
        for sql in (*asked(), runs.LONGEST_ALLOWED):
            plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", (0,) * sql.count("?"))]
            aliases = dict(re.findall(r"(?:FROM|JOIN) (\w+) (?:AS )?([a-z])\b", sql))
            names = BIG | {alias for table, alias in aliases.items() if table in BIG}
            scans = [step for step in plan if step.startswith("SCAN") and "INDEX" not in step]
            assert [step for step in scans if step.split()[1] in names] == [], sql
            seen += 1
    assert seen > 10


async def test_postgres_can_find_all_of_it_by_index(postgres: PostgresEngine) -> None:
    await filled(postgres)
    db = await asyncpg.connect(postgres.url)
    await db.execute("SET enable_seqscan = off")
    await db.execute("SET plan_cache_mode = force_generic_plan")
    for number, sql in enumerate(asked()):
        await db.execute(f"PREPARE asked_{number} AS {queries.postgres(sql)}")
        values = ", ".join(["'0'"] * sql.count("?"))
        rows = await db.fetch(f"EXPLAIN EXECUTE asked_{number}{f'({values})' if values else ''}")
        plan = "\n".join(row[0] for row in rows)
        assert {name for name in re.findall(r"Seq Scan on (\w+)", plan) if name in BIG} == set(), plan
        if "quote_hash = c.quote_hash" in sql:
            assert "Index Cond: (quote_hash = c.quote_hash)" in plan or "Index Cond: (c.quote_hash = " in plan, plan
        if "operator_actions" in sql and re.search(r"\bcommand\b", sql):
            index = "operator_actions_by_time" if sql.startswith("DELETE") else "Index Cond: ((command = "
            assert index in plan, plan
    await db.close()
