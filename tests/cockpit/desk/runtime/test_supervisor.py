import asyncio
import logging

import pytest

from cockpit.desk.runtime import supervisor
from cockpit.desk.runtime.supervisor import Supervisor
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause before a restart."""
    monkeypatch.setattr(supervisor, "RESTART_AFTER_S", 0.0)


async def test_a_worker_that_fails_is_counted_told_and_started_again(caplog: pytest.LogCaptureFixture) -> None:
    keeper, well = Supervisor(), asyncio.Event()
    runs: list[int] = []

    async def worker() -> None:
        runs.append(len(runs))
        if len(runs) < 3:
            raise ValueError(f"attempt {len(runs)}\nfailed")
        await well.wait()

    with caplog.at_level(logging.ERROR):
        keeper.start("relay", worker)
        await until(lambda: len(runs) == 3)
    assert keeper.restarts == {"relay": 2}
    assert keeper.errors == {"relay": "ValueError: attempt 2 failed"}
    assert [record.getMessage() for record in caplog.records] == ["relay failed and is started again"] * 2
    await keeper.stop()


async def test_one_workers_failure_does_not_touch_the_others() -> None:
    keeper = Supervisor()
    beats: list[int] = []

    async def broken() -> None:
        raise RuntimeError("broken")

    async def steady() -> None:
        while True:
            beats.append(1)
            await asyncio.sleep(0)

    keeper.start("steady", steady)
    keeper.start("broken", broken)
    await until(lambda: keeper.restarts["broken"] >= 3)
    before = len(beats)
    await until(lambda: len(beats) > before)
    assert keeper.restarts["steady"] == 0
    await keeper.stop()


async def test_stop_waits_until_every_worker_has_let_go() -> None:
    keeper = Supervisor()
    gone: list[int] = []

    async def worker() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            gone.append(1)

    for name in ("one", "two"):
        keeper.start(name, worker)
    await asyncio.sleep(0)
    await keeper.stop()
    assert len(gone) == 2
    assert keeper.restarts == {}
