"""Which queries a report makes, and whether the databases answer them by index or by full scans."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg

from storage.queries import postgres
from storage.reader import Reader

_BY_CHOICE = ("enable_seqscan", "enable_bitmapscan", "enable_mergejoin", "enable_hashjoin")


class QueryRecorder:
    """A reader that passes queries on and keeps each with the values of its first use."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.asked: dict[str, tuple[object, ...]] = {}

    def rows(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        self.asked.setdefault(sql, values)
        return self._reader.rows(sql, *values)


def sqlite_steps(path: Path, asked: Mapping[str, tuple[object, ...]]) -> Iterator[tuple[str, str]]:
    """Return the steps of each query's plan in SQLite; a step that starts with SCAN reads a whole table or index."""
    db = sqlite3.connect(path)
    try:
        for sql, values in asked.items():
            yield from ((sql, row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values))
    finally:
        db.close()


async def postgres_full_scans(url: str, asked: Mapping[str, tuple[object, ...]]) -> list[tuple[str, str]]:
    """Each query with a table that PostgreSQL must read whole, or an index from end to end.

    The planner reads small tables whole by choice; that is switched off here wherever there is an alternative.
    """
    db = await asyncpg.connect(url, server_settings=dict.fromkeys(_BY_CHOICE, "off"))
    try:
        found = []
        for number, (sql, values) in enumerate(asked.items()):
            await db.execute(f"PREPARE asked_{number} AS {postgres(sql)}")
            given = f"({', '.join(map(_literal, values))})" if values else ""
            plan = await db.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked_{number}{given}")
            found += [(sql, table) for table in _full_scans(json.loads(plan)[0]["Plan"], limited=False)]
        return found
    finally:
        await db.close()


def _full_scans(node: Mapping[str, Any], *, limited: bool) -> Iterator[str]:
    """``limited``: only the first rows are wanted, so that an index without a filter is read only in part."""
    limited = limited or node["Node Type"] == "Limit"
    by_index = node["Node Type"] in ("Index Scan", "Index Only Scan")
    full = by_index and "Index Cond" not in node and ("Filter" in node or not limited)
    if node["Node Type"] == "Seq Scan" or full:
        yield node["Relation Name"]
    for inner in node.get("Plans", ()):
        # What sorts or counts needs every row, whatever is done with the result.
        yield from _full_scans(inner, limited=limited and node["Node Type"] not in ("Sort", "Aggregate"))


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
