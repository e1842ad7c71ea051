"""A desk killed while it writes leaves complete batches behind, and every one that was acknowledged."""

import asyncio
import sys
from pathlib import Path

import pytest

from storage.sqlite.history import SqliteHistory
from tests.support.history import rows as facts
from tests.support.history.crash_child import SIZE

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("batches", [1, 4, 9])
async def test_sigkill_in_mid_write_loses_nothing_durable_and_leaves_nothing_half(tmp_path: Path, batches: int) -> None:
    path = tmp_path / "history.db"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.history.crash_child", str(path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    async with asyncio.timeout(60):
        for _ in range(batches):
            await child.stdout.readline()
        child.kill()
        acknowledged = batches + (await child.stdout.read()).count(b"\n")
        await child.wait()

    history = SqliteHistory(path)
    previous = await history.open(facts.run("run-2"))
    counts = await history.counts()
    await history.close(facts.START_NS)
    assert previous is not None
    assert not previous.clean
    assert facts.rows(path, "PRAGMA integrity_check") == [("ok",)]
    assert counts["swap_demand_events"] == counts["trade_decisions"]
    batches_stored, rest = divmod(counts["swap_demand_events"], SIZE)
    assert rest == 0
    assert acknowledged <= batches_stored <= acknowledged + 1
