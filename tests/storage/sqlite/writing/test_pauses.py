"""The process that writes a history pauses often while SQLite works, and not for long on a busy machine."""

from pathlib import Path

from cockpit.model.processor.pauses import MOST_PAUSED_S, SLICE_S, Pauses
from storage.rows import by_table
from storage.sqlite.history import SqliteHistory
from storage.sqlite.writing.child import STEPS
from storage.sqlite.writing.transaction import Group, connect, write
from tests.support.history import rows as facts

ROWS = 500


class Sleep:
    """Pauses that take so long, and work that takes a slice between two looks at the clock."""

    def __init__(self, each_s: float) -> None:
        self.each_s = each_s
        self.now = 0.0
        self.slept = 0.0
        self.pauses = 0

    def __call__(self, seconds: float) -> None:
        self.pauses += 1
        self.slept += self.each_s
        self.now += self.each_s

    def clock(self) -> float:
        self.now += SLICE_S
        return self.now

    def handler(self) -> Pauses:
        return Pauses(self, self.clock)


async def written(path: Path, sleep: Sleep) -> int:
    """Write so many rows in one transaction; returns how many were new."""
    history = SqliteHistory(path)
    await history.open(facts.run())
    await history.close(facts.START_NS)
    db = connect(path, 1.0)
    db.set_progress_handler(sleep.handler(), STEPS)
    events = [event for n in range(ROWS // 2) for event in (facts.demand(n), facts.decision(n))]
    groups: list[Group] = [
        (table.name, table.columns, [table.row("run-1", event) for event in of_table])
        for table, of_table in by_table(events)
    ]
    try:
        return write(db, groups, facts.START_NS, "run-1")
    finally:
        db.close()


async def test_it_may_pause_at_least_every_ten_rows(tmp_path: Path) -> None:
    sleep = Sleep(0.00001)
    assert await written(tmp_path / "history.db", sleep) == ROWS
    assert ROWS / 10 <= sleep.pauses <= ROWS


async def test_where_every_pause_takes_long_a_transaction_is_soon_done(tmp_path: Path) -> None:
    sleep = Sleep(0.009)
    assert await written(tmp_path / "history.db", sleep) == ROWS
    assert MOST_PAUSED_S * 0.9 <= sleep.slept <= MOST_PAUSED_S + sleep.each_s
