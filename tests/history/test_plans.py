"""What a report, a trace and a replay read, they find by an index: no table is read from one end to the other."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bench.reading import build, plans
from cockpit.trading import trading_report
from storage import recorded
from storage.reading import SqliteReader, find_run
from storage.rows import TABLES

WHOLE = tuple(f"SCAN {name}" for name in (*(table.name for table in TABLES), "r", "c", "d", "s", "p", "m"))


async def test_no_table_is_read_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    await build(path, 2_000)
    told = plans(path)
    with closing(sqlite3.connect(path)) as db:
        told += [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {recorded._RECORDED}", (0, 1))]
    steps = [line.split(maxsplit=1)[1] if line.startswith("_") else line for line in told]
    assert len(steps) > 20
    assert [step for step in steps if f"{step} ".startswith(tuple(f"{scan} " for scan in WHOLE))] == []


async def test_a_built_history_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    await build(path, 2_000)
    with SqliteReader(path) as reader:
        told = trading_report(reader, find_run(reader, "last").span)
    assert (told.demands, told.decisions, told.sent, sum(side.fills for side in told.sides)) == (600, 600, 300, 10)
    assert dict(told.not_quoted).keys() == {"notional", "covered", "deadline"}
