"""The alert service at the other end of a real socket, with apprise and real services on loopback."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.alerting.delivery.outbox import Patience
from cockpit.alerting.service import AlertService
from cockpit.alerting.state_file import NAME, peek_state
from cockpit.model.alerts.alert import Alert
from cockpit.model.alerts.channel import Acknowledge, Bye, FromDesk, Hello, Pulse, Report
from cockpit.model.alerts.state import AlertsState
from cockpit.model.environment import Environment
from tests.cockpit.alerting.builders import NOON, alert
from tests.support.alert_services import SECRET, alert_service
from tests.support.alert_services import AlertService as Outside
from tests.support.clocks import Suspendable
from tests.support.waiting import until as until_within


async def until(condition: Callable[[], object]) -> None:
    """Wait as long as a busy machine may take."""
    await until_within(condition, 60)


PATIENT = Patience(first_retry_s=0.05, last_retry_s=0.1, give_up_s=3_600, stalled_s=60)
QUICK = Patience(first_retry_s=0.05, last_retry_s=0.1, give_up_s=0.5, stalled_s=60)
STALLS = Patience(first_retry_s=0.05, last_retry_s=0.1, give_up_s=0.5, stalled_s=1)
RULE = '[[rules]]\nname = "all"\nto = ["phone"]\nrepeat_min = 0\n'


def targets(**services: Outside) -> str:
    return "".join(f'[targets.{name}]\nurl = "{service.url}"\n' for name, service in services.items())


class Desk:
    """The desk's end of the socket; ``state`` is what the service last reported."""

    def __init__(self, service: AlertService, writer: asyncio.StreamWriter) -> None:
        self.service = service
        self.state = AlertsState()
        self.confirmed = 0
        self.reports = 0
        self._writer = writer
        self._seq = 0

    def say(self, said: FromDesk) -> None:
        self._writer.write(msgspec.json.encode(said) + b"\n")

    def raise_alerts(self, *alerts: Alert, problem: str = "") -> None:
        self._seq += 1
        self.say(Pulse(seq=self._seq, at_ns=NOON, alerts=alerts, problem=problem))

    def hang_up(self) -> None:
        self._writer.close()

    async def read(self, reader: asyncio.StreamReader) -> None:
        while line := await reader.readline():
            report = msgspec.json.decode(line, type=Report)
            self.state, self.confirmed = report.state, max(self.confirmed, report.seq)
            self.reports += 1


@asynccontextmanager
async def serving(
    directory: Path,
    text: str,
    *,
    patience: Patience = PATIENT,
    hello: dict[str, Any] | None = None,
    env: Environment | None = None,
    **more: Any,
) -> AsyncIterator[tuple[Desk, "asyncio.Task[None]"]]:
    path = directory / "alerts.toml"
    path.write_text(text)
    path.chmod(0o600)
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    said = Hello(
        account="maker.near",
        mode="SANDBOX",
        run_id="r",
        state_dir=str(directory),
        **{"alerts_file": str(path), **(hello or {})},
    )
    service = AlertService(
        said, *await asyncio.open_connection(sock=theirs), env=env or Environment(), patience=patience, **more
    )
    running = asyncio.create_task(service.run())
    desk = Desk(service, writer)
    reading = asyncio.create_task(desk.read(reader))
    try:
        yield desk, running
    finally:
        writer.close()
        running.cancel()
        reading.cancel()
        await asyncio.gather(running, reading, return_exceptions=True)


async def test_an_alert_arrives_with_mode_account_and_text(tmp_path: Path) -> None:
    with alert_service() as phone:
        async with serving(tmp_path, targets(phone=phone) + RULE) as (desk, _):
            desk.raise_alerts(alert("disarm", text="reference stale"))
            await until(lambda: phone.received)
            assert phone.texts[0].startswith("[SANDBOX] maker.near: disarmed: reference stale\n")
            await until(lambda: desk.confirmed == 1 and desk.state.delivered == 1)
            assert desk.state.state == "ok"


async def test_a_service_that_comes_back_gets_what_it_missed_with_its_count(tmp_path: Path) -> None:
    with alert_service() as phone:
        phone.manner = "refuses"
        async with serving(tmp_path, targets(phone=phone) + RULE) as (desk, _):
            for _ in range(5):
                desk.raise_alerts(alert(count=100))
            await until(lambda: phone.calls > 2 and desk.confirmed == 5)
            assert desk.state.pending >= 1
            phone.manner = "takes"
            await until(lambda: phone.count("500 times") == 1)


async def test_what_no_service_took_is_listed_and_survives_a_restart(tmp_path: Path) -> None:
    with alert_service() as phone:
        phone.manner = "hangs up"
        text = targets(phone=phone) + RULE
        async with serving(tmp_path, text, patience=QUICK) as (desk, _):
            desk.raise_alerts(alert(text="history is down", count=3))
            await until(lambda: any("history is down" in row.text for row in desk.state.rows))
            assert desk.state.state == "degraded"
        async with serving(tmp_path, text) as (desk, _):
            await until(lambda: any(row.count == 3 for row in desk.state.rows))
            (row,) = (row for row in desk.state.rows if row.count == 3)
            assert (row.target, row.reason) == ("phone", "no connection to the service")
            desk.say(Acknowledge(at_ns=NOON))
            # Seen is not forgotten.
            await until(lambda: desk.state.state == "ok")
            assert row in desk.state.rows
        kept = peek_state(tmp_path)
        assert kept is not None
        assert row in kept.undelivered
        assert SECRET not in (tmp_path / NAME).read_text()
        assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


async def test_a_stalled_service_holds_up_no_other_and_is_itself_an_alert(tmp_path: Path) -> None:
    with alert_service() as phone, alert_service() as mail:
        phone.manner = "stalls"
        text = targets(phone=phone, mail=mail) + RULE.replace('"phone"', '"phone", "mail"')
        async with serving(tmp_path, text, patience=STALLS) as (desk, _):
            desk.raise_alerts(alert(text="first"))
            await until(lambda: mail.count("first") > 0)
            await until(lambda: "no answer within 1 s" in str(desk.state.rows))
            desk.raise_alerts(alert(text="second"))
            await until(lambda: mail.count("second") > 0)


async def test_others_are_told_that_a_target_fails_and_that_it_works_again(tmp_path: Path) -> None:
    with alert_service() as phone, alert_service() as mail:
        phone.manner = "refuses"
        text = targets(phone=phone, mail=mail) + RULE.replace('"phone"', '"phone", "mail"')
        async with serving(tmp_path, text) as (desk, _):
            desk.raise_alerts(alert(text="broken"))
            await until(lambda: mail.count("Alerts to phone fail: the service answered HTTP 500") == 1)
            await until(lambda: desk.state.state == "degraded" and "phone" in desk.state.detail)
            phone.manner = "takes"
            await until(lambda: mail.count("Alerts to phone arrive again") == 1)
            assert phone.count("Alerts to phone fail") == 0


async def test_what_was_in_hand_when_the_service_died_is_sent_by_the_next_one(tmp_path: Path) -> None:
    with alert_service() as phone:
        phone.manner = "refuses"
        text = targets(phone=phone) + RULE
        async with serving(tmp_path, text) as (desk, running):
            desk.raise_alerts(alert(text="broken"))
            await until(lambda: desk.confirmed == 1)
            running.cancel()
        phone.manner = "takes"
        async with serving(tmp_path, text):
            await until(lambda: phone.count("broken") == 1)


async def test_a_desk_that_is_lost_is_told_after_its_end(tmp_path: Path) -> None:
    with alert_service() as phone:
        async with serving(tmp_path, targets(phone=phone) + RULE) as (desk, running):
            desk.raise_alerts()
            desk.hang_up()
            await until(lambda: phone.count("The desk ended without being asked to") == 1)
            await asyncio.wait_for(running, 30)


async def test_a_desk_that_stops_as_asked_is_no_fault(tmp_path: Path) -> None:
    with alert_service() as phone:
        async with serving(tmp_path, targets(phone=phone) + RULE) as (desk, running):
            desk.say(Bye(at_ns=NOON, reason="marie: shutdown"))
            desk.hang_up()
            await asyncio.wait_for(running, 30)
            assert phone.count("marie: shutdown") == 1
            assert phone.count("without being asked") == 0


async def test_a_service_that_is_hurried_keeps_what_nobody_took_and_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cockpit.alerting.service.LINGER_HURRIED_S", 0.2)
    with alert_service() as phone:
        phone.manner = "refuses"
        text = targets(phone=phone) + RULE
        async with serving(tmp_path, text) as (desk, running):
            desk.hang_up()
            await until(lambda: phone.calls > 0)
            assert not running.done()
            desk.service.hurry()
            await asyncio.wait_for(running, 30)
        phone.manner = "takes"
        async with serving(tmp_path, text):
            await until(lambda: phone.count("The desk ended without being asked to") == 1)


async def test_a_service_whose_directory_is_gone_goes_with_its_desk(tmp_path: Path) -> None:
    directory = tmp_path / "state"
    directory.mkdir()
    with alert_service() as phone:
        phone.manner = "refuses"
        async with serving(directory, targets(phone=phone) + RULE) as (desk, running):
            await until(lambda: desk.state.state == "ok")
            shutil.rmtree(directory)
            desk.hang_up()
            await asyncio.wait_for(running, 30)


async def test_a_machine_that_was_suspended_makes_no_desk_silent(tmp_path: Path) -> None:
    clock = Suspendable()
    with alert_service() as phone:
        async with serving(tmp_path, targets(phone=phone) + RULE, env=clock.env, silent_s=30) as (desk, _):
            desk.raise_alerts()
            await until(lambda: desk.reports > 0)
            clock.suspended_for(57)
            reports = desk.reports
            await until(lambda: desk.reports > reports + 1)
            desk.raise_alerts(alert("disarm", text="the desk was away for 57 s"))
            await until(lambda: phone.count("the desk was away") == 1)
            assert phone.count("has not answered") == 0


async def test_a_desk_that_falls_silent_is_told_and_its_return_too(tmp_path: Path) -> None:
    with alert_service() as phone:
        async with serving(tmp_path, targets(phone=phone) + RULE, silent_s=0.3) as (desk, _):
            await until(lambda: phone.count("The desk has not answered") == 1)
            while not phone.count("The desk answers again"):
                desk.raise_alerts()
                await asyncio.sleep(0.02)


async def test_escalation_goes_to_the_other_target_unless_it_is_acknowledged(tmp_path: Path) -> None:
    with alert_service() as phone, alert_service() as mail:
        text = targets(phone=phone, mail=mail) + RULE + 'escalate_to = ["mail"]\nescalate_min = 1\n'
        async with serving(tmp_path, text) as (desk, _):
            desk.raise_alerts(alert())
            await until(lambda: desk.state.unacknowledged == 1)
            desk.say(Acknowledge(at_ns=NOON))
            await until(lambda: desk.state.unacknowledged == 0)
            assert mail.received == []


async def test_the_death_of_the_desk_escalates_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.alerting.alerts_file.MS_PER_MIN", 1_500)
    with alert_service() as phone, alert_service() as mail:
        text = targets(phone=phone, mail=mail) + RULE + 'escalate_to = ["mail"]\nescalate_min = 1\n'
        async with serving(tmp_path, text) as (desk, running):
            desk.hang_up()
            await until(lambda: phone.count("The desk ended without being asked to") == 1)
            await until(lambda: mail.count("The desk ended without being asked to") == 1)
            await asyncio.wait_for(running, 60)


async def test_a_changed_file_counts_at_once_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    with alert_service() as phone, alert_service() as mail:
        async with serving(tmp_path, targets(phone=phone) + RULE) as (desk, _):
            path = tmp_path / "alerts.toml"
            path.write_text("[[rules]]\n" + targets(phone=phone))
            await until(lambda: desk.state.state == "degraded" and "name" in desk.state.detail)
            assert SECRET not in desk.state.detail
            desk.raise_alerts(alert(text="one"))
            await until(lambda: phone.count("one") == 1)
            path.write_text(targets(mail=mail) + RULE.replace("phone", "mail"))
            await until(lambda: desk.state.state == "ok")
            desk.raise_alerts(alert(text="two"))
            await until(lambda: mail.count("two") == 1)


async def test_without_a_usable_file_an_alert_is_listed_as_undelivered(tmp_path: Path) -> None:
    async with serving(tmp_path, "nonsense") as (desk, _):
        desk.raise_alerts(alert(text="broken"))
        await until(lambda: desk.state.state == "down" and any(row.text == "broken" for row in desk.state.rows))


async def test_a_desk_that_says_what_cannot_be_read_is_a_lost_one(tmp_path: Path) -> None:
    with alert_service() as phone:
        async with serving(tmp_path, targets(phone=phone) + RULE) as (desk, _):
            desk._writer.write(b"\xff" * 100_000 + b"\n")
            await until(lambda: phone.count("The desk ended without being asked to") == 1)


async def test_the_heartbeat_comes_while_the_desk_is_healthy_and_says_fail_when_not(tmp_path: Path) -> None:
    with alert_service() as phone, alert_service() as watchdog:
        urls = {
            "heartbeat_url": f"http://127.0.0.1:{watchdog.port}/ok",
            "heartbeat_fail_url": f"http://127.0.0.1:{watchdog.port}/fail",
        }
        text = targets(phone=phone) + RULE
        async with serving(tmp_path, text, hello=urls, heartbeat_s=0.1) as (desk, _):
            desk.raise_alerts()
            await until(lambda: watchdog.gets.count("/ok") > 2)
            desk.raise_alerts(problem="history-writer: the disk is full")
            await until(lambda: watchdog.gets[-1] == "/fail")
            desk.raise_alerts()
            await until(lambda: watchdog.gets[-1] == "/ok")
            desk.hang_up()
            await until(lambda: watchdog.gets[-1] == "/fail")


async def test_a_heartbeat_that_is_not_taken_is_an_alert_without_its_url(tmp_path: Path) -> None:
    with alert_service() as phone:
        with alert_service() as gone:
            url = f"http://127.0.0.1:{gone.port}/{SECRET}"
        text = targets(phone=phone) + RULE
        async with serving(tmp_path, text, hello={"heartbeat_url": url}, heartbeat_s=0.05) as (desk, _):
            desk.raise_alerts()
            await until(lambda: phone.count("The heartbeat URL fails: it cannot be reached") == 1)
            await until(lambda: desk.state.state == "degraded" and "heartbeat" in desk.state.detail)
            assert SECRET not in desk.state.detail + phone.texts[0].replace(phone.url, "")


KILLED_WHILE_WRITING = """
import os, pathlib, signal, sys
from cockpit.alerting.state_file import KeptState, write_state
os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)
write_state(pathlib.Path(sys.argv[1]), KeptState())
"""


def left_by_a_killed_one(directory: Path) -> Path:
    killed = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(directory)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    (left,) = directory.iterdir()
    return left


async def test_a_service_clears_what_killed_ones_left_beside_its_file_and_nothing_else(tmp_path: Path) -> None:
    left = left_by_a_killed_one(tmp_path)
    dead = left.name.split(".")[1]
    others = {
        f"alerts.{os.getppid()}.new": "a process that runs",
        "alerts.1.new": "another user's process, if not root's",
        f"alerts.{dead}.new.bak": "another name",
        f"alerts.0{dead}.new": "no process id",
        "alerts.99999999999999999999.new": "no process id either",
        f"other.{dead}.new": "another program's",
    }
    for name in others:
        (tmp_path / name).touch()
    with alert_service() as phone:
        async with serving(tmp_path, targets(phone=phone) + RULE) as (desk, _):
            desk.raise_alerts(alert())
            await until(lambda: phone.received)
            assert not left.exists()
            assert [name for name in others if not (tmp_path / name).exists()] == []


async def test_a_file_on_disk_that_cannot_be_read_is_set_aside_and_said(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("{")
    with alert_service() as phone:
        async with serving(tmp_path, targets(phone=phone) + RULE) as (desk, _):
            desk.raise_alerts(alert())
            await until(lambda: phone.received)
            assert (tmp_path / "alerts.unreadable").exists()
