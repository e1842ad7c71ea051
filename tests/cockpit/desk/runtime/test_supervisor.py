import asyncio
import logging

import pytest

from cockpit.desk.runtime import supervisor
from cockpit.desk.runtime.supervisor import ENDED, Supervisor
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """No pause before a restart."""
    monkeypatch.setattr(supervisor, "RESTART_AFTER_S", 0.0)


async def test_a_worker_that_fails_is_counted_logged_and_restarted(caplog: pytest.LogCaptureFixture) -> None:
    supervised, well = Supervisor(), asyncio.Event()
    runs: list[int] = []

    async def worker() -> None:
        runs.append(len(runs))
        if len(runs) < 3:
            raise ValueError(f"attempt {len(runs)}\nfailed")
        await well.wait()

    with caplog.at_level(logging.ERROR):
        supervised.start("relay", worker)
        await until(lambda: len(runs) == 3)
    assert supervised.restarts == {"relay": 2}
    assert supervised.errors == {"relay": "ValueError: attempt 2 failed"}
    assert [record.getMessage() for record in caplog.records] == ["relay failed and is restarted"] * 2
    await supervised.stop()


async def test_a_worker_that_returns_or_is_cancelled_has_failed_too() -> None:
    supervised = Supervisor()
    runs: list[str] = []

    async def returns() -> None:
        runs.append("returns")

    async def cancelled() -> None:
        runs.append("cancelled")
        raise asyncio.CancelledError

    supervised.start("returns", returns)
    supervised.start("cancelled", cancelled)
    await until(lambda: runs.count("returns") > 2 and runs.count("cancelled") > 2)
    assert supervised.restarts["returns"] >= 2
    assert supervised.restarts["cancelled"] >= 2
    assert supervised.errors == {"returns": ENDED, "cancelled": "it was cancelled"}
    await asyncio.wait_for(supervised.stop(), 60)


async def test_a_failing_worker_does_not_affect_the_others() -> None:
    supervised = Supervisor()
    beats: list[int] = []

    async def broken() -> None:
        raise RuntimeError("broken")

    async def steady() -> None:
        while True:
            beats.append(1)
            await asyncio.sleep(0)

    supervised.start("steady", steady)
    supervised.start("broken", broken)
    await until(lambda: supervised.restarts["broken"] >= 3)
    before = len(beats)
    await until(lambda: len(beats) > before)
    assert supervised.restarts["steady"] == 0
    await supervised.stop()


async def test_stop_waits_until_every_worker_has_ended() -> None:
    supervised = Supervisor()
    ended: list[int] = []

    async def worker() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(1)

    for name in ("one", "two"):
        supervised.start(name, worker)
    await asyncio.sleep(0)
    await supervised.stop()
    assert len(ended) == 2
    assert supervised.restarts == {}
