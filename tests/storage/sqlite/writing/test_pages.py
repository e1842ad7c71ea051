"""How many bytes a history's process writes for its rows: each page once into the WAL, and seldom more."""

from pathlib import Path
from uuid import UUID

import msgspec

from storage.sqlite.history import SqliteHistory
from storage.sqlite.writing.in_process import WritingProcess
from storage.sqlite.writing.transaction import CHECKPOINT_PAGES, connect
from tests.support.history import rows as facts

PAGE = 4096
DEFAULT_PAGES = 1_000
"""From which on SQLite by itself copies the WAL into the file."""


def written_by(pid: int) -> int:
    """Bytes handed to the system by the process, into whatever file."""
    lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("wchar:"))


def random_id(n: int) -> str:
    """As the venue's: so many rows change a page each in the index of them."""
    return str(UUID(int=n * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128))


async def test_a_page_is_written_once_until_the_wal_is_long(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    made: list[WritingProcess] = []

    def process(path: Path, busy_timeout_s: float) -> WritingProcess:
        made.append(WritingProcess(path, busy_timeout_s))
        return made[-1]

    history = SqliteHistory(path, writing=process)
    await history.open(facts.run())
    assert made[0].pid is not None
    wal = path.with_name("history.db-wal")
    n, before, size = 0, written_by(made[0].pid), wal.stat().st_size
    while wal.stat().st_size < size + 2 * DEFAULT_PAGES * PAGE:
        assert n < 20_000, "the WAL was copied into the file already"
        batch = [msgspec.structs.replace(facts.demand(m), quote_id=random_id(m)) for m in range(n, n + 500)]
        await history.write(batch)
        n += 500
    grown = wal.stat().st_size - size
    took = written_by(made[0].pid) - before
    await history.close(facts.START_NS)
    assert grown <= took <= grown * 1.2


async def test_all_who_write_let_the_wal_grow_as_long(tmp_path: Path) -> None:
    history = SqliteHistory(tmp_path / "history.db")
    await history.open(facts.run())
    db = connect(tmp_path / "history.db", 1.0)
    assert db.execute("PRAGMA wal_autocheckpoint").fetchone() == (CHECKPOINT_PAGES,)
    db.close()
    assert await history._rows("PRAGMA wal_autocheckpoint") == [(CHECKPOINT_PAGES,)]
    await history.close(facts.START_NS)
