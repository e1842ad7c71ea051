"""What is asked of a history while something reads it, and how the databases find it: by index, or row after row."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import asyncpg

from storage.queries import postgres
from storage.reader import Reader

_BY_CHOICE = ("enable_seqscan", "enable_bitmapscan", "enable_mergejoin", "enable_hashjoin")


class Asking:
    """A reader that keeps each question asked of another one, with the values of the first time."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.asked: dict[str, tuple[object, ...]] = {}

    def rows(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The other one's rows."""
        self.asked.setdefault(sql, values)
        return self._reader.rows(sql, *values)


def sqlite_steps(path: Path, asked: Mapping[str, tuple[object, ...]]) -> Iterator[tuple[str, str]]:
    """Each question's steps in SQLite's words; one that begins with SCAN and names a table or index reads all of it."""
    db = sqlite3.connect(path)
    try:
        for sql, values in asked.items():
            yield from ((sql, row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {sql}", values))
    finally:
        db.close()


async def postgres_wholes(url: str, asked: Mapping[str, tuple[object, ...]]) -> list[tuple[str, str]]:
    """Each question beside a table of which PostgreSQL must read all rows, or an index from end to end.

    The planner reads small tables whole by choice; it is told not to where it can do otherwise.
    """
    db = await asyncpg.connect(url, server_settings=dict.fromkeys(_BY_CHOICE, "off"))
    try:
        found = []
        for number, (sql, values) in enumerate(asked.items()):
            await db.execute(f"PREPARE asked_{number} AS {postgres(sql)}")
            given = f"({', '.join(map(_literal, values))})" if values else ""
            told = await db.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE asked_{number}{given}")
            found += [(sql, table) for table in _wholes(json.loads(told)[0]["Plan"], limited=False)]
        return found
    finally:
        await db.close()


def _wholes(node: Mapping[str, Any], *, limited: bool) -> Iterator[str]:
    """``limited``: only the first rows are wanted, so that an index without a filter is left after a few."""
    limited = limited or node["Node Type"] == "Limit"
    by_index = node["Node Type"] in ("Index Scan", "Index Only Scan")
    whole = by_index and "Index Cond" not in node and ("Filter" in node or not limited)
    if node["Node Type"] == "Seq Scan" or whole:
        yield node["Relation Name"]
    for inner in node.get("Plans", ()):
        # What sorts or counts needs every row, whatever is done with the result.
        yield from _wholes(inner, limited=limited and node["Node Type"] not in ("Sort", "Aggregate"))


def _literal(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
