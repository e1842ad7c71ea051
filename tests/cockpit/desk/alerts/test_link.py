"""The desk's end of the alert service: whatever the service does, the desk neither waits nor loses an alert."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest

from cockpit.desk.alerts import link as link_module
from cockpit.desk.alerts.feed import AlertFeed
from cockpit.desk.alerts.link import MAX_UNSENT, ServiceLink, service_environ
from cockpit.model.alerts.channel import MAX_LINE, Acknowledge, Bye, FromDesk, Hello, Pulse, Report
from cockpit.model.alerts.state import AlertsState
from cockpit.model.environment import Environment
from tests.support.clocks import Suspendable
from tests.support.processes.command import GOOD
from tests.support.waiting import until as until_within


async def until(condition: Callable[[], object]) -> None:
    """Wait as long as a busy machine may take."""
    await until_within(condition, 60)


HELLO = Hello(account="maker.near", mode="SANDBOX", run_id="r", state_dir="/nowhere")


class Service:
    """The other end, in the hands of a test."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.ended = False
        self.killed = False
        self._read = b""

    def poll(self) -> int | None:
        return 0 if self.ended else None

    def kill(self) -> None:
        self.killed = self.ended = True

    def wait(self) -> int:
        return 0

    def die(self) -> None:
        self.ended = True
        self.end.close()

    def heard(self) -> list[FromDesk]:
        with contextlib.suppress(BlockingIOError):
            while part := self.end.recv(1 << 20):
                self._read += part
        lines = self._read.split(b"\n")[:-1]
        return [msgspec.json.decode(line, type=FromDesk) for line in lines]

    def pulses(self) -> list[Pulse]:
        return [said for said in self.heard() if isinstance(said, Pulse)]

    def report(self, seq: int) -> None:
        self.end.send(msgspec.json.encode(Report(seq=seq, state=AlertsState(configured=True))) + b"\n")


class Linked:
    def __init__(self) -> None:
        self.feed = AlertFeed(Environment(), configured=True)
        self.services: list[Service] = []

    def start(self, channel: socket.socket) -> Service:
        end = channel.dup()
        end.setblocking(False)
        self.services.append(Service(end))
        return self.services[-1]

    async def service(self, number: int = 0) -> Service:
        await until(lambda: len(self.services) > number)
        return self.services[number]


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EVERY_S", "READ_EVERY_S", "LONGEST_PAUSE_S"):
        monkeypatch.setattr(link_module, name, 0.02)


@asynccontextmanager
async def linked(
    silent_s: float = 60, env: Environment | None = None
) -> AsyncIterator[tuple[Linked, Callable[[], object]]]:
    found = Linked()
    running = asyncio.create_task(
        ServiceLink(HELLO, found.feed, env=env or Environment(), start=found.start, silent_s=silent_s).run()
    )
    try:
        yield found, running.cancel
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for service in found.services:
            service.end.close()


async def test_the_service_hears_who_the_desk_is_then_its_alerts_once() -> None:
    async with linked() as (found, _):
        found.feed.note("fault", "critical", "broken")
        service = await found.service()
        await until(lambda: len(service.pulses()) > 3)
        assert service.heard()[0] == HELLO
        assert [alert.text for pulse in service.pulses() for alert in pulse.alerts] == ["broken"]


async def test_what_a_dead_service_did_not_confirm_is_told_to_the_next_one() -> None:
    async with linked() as (found, _):
        found.feed.note("fault", "critical", "broken")
        first = await found.service()
        await until(lambda: any(pulse.alerts for pulse in first.pulses()))
        first.die()
        second = await found.service(1)
        await until(lambda: any(pulse.alerts for pulse in second.pulses()))
        seq = second.pulses()[-1].seq
        second.report(seq)
        await until(lambda: found.feed.unconfirmed == 0)


async def test_a_silent_service_is_ended_and_started_again() -> None:
    async with linked(silent_s=0.2) as (found, _):
        first = await found.service()
        await found.service(1)
        assert first.killed
        assert "did not answer" in found.feed.state.detail


async def test_a_machine_that_was_suspended_for_a_while_ends_no_service() -> None:
    clock = Suspendable()
    async with linked(env=clock.env) as (found, _):
        service = await found.service()
        await until(service.pulses)
        clock.suspended_for(3_600)
        seen = len(service.pulses())
        await until(lambda: service.killed or len(service.pulses()) > seen + 2)
        assert not service.killed


async def test_a_service_that_reads_nothing_costs_a_bounded_buffer_and_no_waiting() -> None:
    async with linked() as (found, _):
        await found.service()
        slowest = 0.0
        for number in range(2_000):
            began = time.thread_time()
            found.feed.note("fault", "info", f"{number} {'x' * 200}", subject=str(number))
            found.feed.note("deposit", "info", f"{number} {'x' * 200}", subject=str(number))
            slowest = max(slowest, time.thread_time() - began)
            if number % 200 == 0:
                await asyncio.sleep(0.02)
        assert found.feed.unconfirmed < 200
        assert slowest < 0.5


async def test_a_service_that_floods_or_babbles_is_read_slowly_or_ended() -> None:
    async with linked() as (found, _):
        first = await found.service()
        while not first.killed:
            with contextlib.suppress(BlockingIOError, BrokenPipeError):
                first.end.send(b"x" * MAX_LINE)
            await asyncio.sleep(0.001)
        second = await found.service(1)
        second.end.send(b"{}\n")
        await found.service(2)
        assert found.feed.state.state == "down"


async def test_a_service_that_cannot_be_started_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    def fail(channel: socket.socket) -> Service:
        tries.append(channel)
        raise OSError(12, "Cannot allocate memory")

    feed = AlertFeed(Environment(), configured=True)
    monkeypatch.setattr(asyncio, "sleep", _soon)
    running = asyncio.create_task(ServiceLink(HELLO, feed, env=Environment(), start=fail).run())
    await until(lambda: len(tries) > 2)
    running.cancel()
    assert feed.state.state == "down"
    assert "Cannot allocate memory" in feed.state.detail


async def test_a_desk_that_stops_says_everything_before_it_goes() -> None:
    async with linked() as (found, cancel):
        service = await found.service()
        found.feed.note("fault", "critical", "first")
        await until(lambda: any(pulse.alerts for pulse in service.pulses()))
        found.feed.note("disarm", "critical", "second")
        found.feed.stop_reason = "marie: shutdown"
        cancel()
        await until(lambda: any(isinstance(said, Bye) for said in service.heard()))
        assert [alert.text for pulse in service.pulses() for alert in pulse.alerts] == ["first", "second"]
        bye = service.heard()[-1]
        assert isinstance(bye, Bye)
        assert bye.reason == "marie: shutdown"


async def test_an_acknowledgement_is_passed_on() -> None:
    async with linked() as (found, _):
        service = await found.service()
        found.feed.acknowledge("marie")
        await until(lambda: any(isinstance(said, Acknowledge) and said.actor == "marie" for said in service.heard()))


def test_the_service_gets_no_setting_no_key_and_no_proxy() -> None:
    given = {**GOOD, "POSTGRES_URL": "x", "https_proxy": "x", "PATH": "/bin", "PYTHONPATH": ":relative:/lib/own"}
    assert service_environ(given) == {"PATH": "/bin", "PYTHONPATH": "/lib/own"}


def test_the_buffer_of_unsent_lines_is_smaller_than_a_batch_can_grow() -> None:
    assert MAX_UNSENT < MAX_LINE


_sleep = asyncio.sleep


async def _soon(seconds: float) -> None:
    await _sleep(min(seconds, 0.01))
