"""A desk and its alert service as processes: who is told when nobody looks, the desk's own death included."""

import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.e2e.conftest import Launch
from tests.support.alert_services import SECRET, AlertService, alert_service
from tests.support.processes.command import GOOD
from tests.support.processes.desk_process import DeskProcess, accepted
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC

WITHIN_S = 60


@pytest.fixture
def phone() -> Iterator[AlertService]:
    with alert_service() as service:
        yield service


@pytest.fixture
async def desk(tmp_path: Path, phone: AlertService) -> AsyncIterator[DeskProcess]:
    file = tmp_path / "alerts.toml"
    file.write_text(f'[targets.phone]\nurl = "{phone.url}"\n[[rules]]\nname = "all"\nto = ["phone"]\nrepeat_min = 0\n')
    file.chmod(0o600)
    heartbeat = f"http://127.0.0.1:{phone.port}/beat-{SECRET}"
    alerts = {"COCKPIT_ALERTS_FILE": str(file), "HEARTBEAT_URL": heartbeat, "HEARTBEAT_FAIL_URL": heartbeat}
    desk = DeskProcess(tmp_path, {**GOOD, **alerts})
    try:
        yield desk
    finally:
        await end(desk)


async def end(desk: DeskProcess) -> None:
    """Kill the desk and its alert service, which would try to tell of it."""
    children = psutil.Process(desk.process.pid).children() if desk.running else []
    await desk.close()
    for child in children:
        with suppress(psutil.NoSuchProcess):
            child.kill()


async def service_of(desk: DeskProcess) -> psutil.Process:
    def found() -> list[psutil.Process]:
        return [one for one in psutil.Process(desk.process.pid).children() if "cockpit.alerting" in one.cmdline()]

    await until(found, WITHIN_S)
    return found()[0]


async def test_a_desk_tells_its_start_its_disarming_and_its_own_death(desk: DeskProcess, phone: AlertService) -> None:
    await desk.start()
    await until(lambda: phone.count("desk started") >= 1, WITHIN_S)
    service = await service_of(desk)
    assert SECRET not in " ".join(service.cmdline())
    accepted(await desk.link.send("trade-executor", "disarm"))
    await until(lambda: phone.count("test: executor disarmed") >= 1, WITHIN_S)
    await until(lambda: f"/beat-{SECRET}" in phone.gets, WITHIN_S)
    shot = await desk.until(lambda shot: shot.alerts.state == "ok" and shot.alerts.delivered >= 2, WITHIN_S)
    assert [row.detail for row in shot.health if row.part == "alerts"] != []
    accepted(await desk.link.acknowledge_alerts())
    # The service of a dead one is started again, and an alert that was raised meanwhile is not lost.
    service.kill()
    await desk.until(lambda shot: shot.alerts.state == "down", WITHIN_S)
    await desk.until(lambda shot: shot.alerts.state == "ok", WITHIN_S)
    service = await service_of(desk)
    os.kill(desk.process.pid, signal.SIGKILL)
    await until(lambda: phone.count("The desk ended without being asked to") >= 1, WITHIN_S)
    await until(lambda: not service.is_running(), WITHIN_S)
    written = [
        path for path in desk.state_dir.rglob("*") if path.is_file() and path.name not in ("alerts.toml", "desk.env")
    ]
    assert {path.name for path in written} >= {"alerts.json", "desk.log", "history.sqlite"}
    assert [path.name for path in written if SECRET.encode() in path.read_bytes()] == []
    assert SECRET not in json.dumps(shot.alerts.detail)


@pytest.mark.slow
async def test_a_desk_that_is_stopped_tells_who_stopped_it(desk: DeskProcess, phone: AlertService) -> None:
    await desk.start()
    service = await service_of(desk)
    accepted(await desk.link.shutdown())
    await until(lambda: phone.count("desk stopped: test: ") >= 1, WITHIN_S)
    await until(lambda: not service.is_running(), WITHIN_S)
    assert phone.count("without being asked") == 0


@pytest.mark.slow
async def test_a_fill_and_a_deposit_on_the_venue_are_told_with_their_amounts(
    launch: Launch, control: Control, taker: Taker, tmp_path: Path, phone: AlertService
) -> None:
    file = tmp_path / "alerts.toml"
    file.write_text(f'[targets.phone]\nurl = "{phone.url}"\n[[rules]]\nname = "all"\nto = ["phone"]\nrepeat_min = 0\n')
    file.chmod(0o600)
    desk = await launch(COCKPIT_ALERTS_FILE=str(file))
    await desk.arm()
    await taker.deal(BTC.token_id, amount_in=100_000)
    await until(lambda: phone.count("fill: buy 0.001 BTC at ") >= 1, WITHIN_S)
    await control.deposit(BTC.token_id, 50_000)
    await until(lambda: phone.count("deposit: deposit of 0.0005 BTC") >= 1, WITHIN_S)
    await desk.disarm()
    await until(lambda: phone.count("disarmed: test: ") >= 1, WITHIN_S)
    await end(desk)
