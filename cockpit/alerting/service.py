"""The life of the alert service: it listens to its desk, and outlives it for as long as somebody must be told."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path

import httpx
import msgspec

from cockpit.alerting import messages
from cockpit.alerting.delivery.outbox import NS_PER_S, Patience
from cockpit.alerting.digest import make_digest
from cockpit.alerting.dispatcher import Dispatcher, Maker
from cockpit.alerting.message import AlertMessage
from cockpit.alerting.quiet_hours import next_time
from cockpit.alerting.single import only_one
from cockpit.alerting.watchdog import EVERY_S, OutsideWatchdog
from cockpit.model.alerts.alert import MAX_TEXT, Alert, AlertKind, Severity
from cockpit.model.alerts.channel import MAX_LINE, Acknowledge, Bye, FromDesk, Hello, Pulse, Report
from cockpit.model.alerts.silence import Silence
from cockpit.model.environment import Environment

STEP_S = 0.2
REPORT_S = 1.0
RELOAD_S = 5.0
SILENT_S = 30.0
LINGER_S = 1_200.0
"""How long it still tries to tell somebody after the desk was lost."""
LINGER_HURRIED_S = 10.0
"""The same once the service manager, which ends both, has sent SIGTERM."""
LINGER_BYE_S = 30.0
"""The same after the desk ended as it was asked to: what is left is sent by the next service."""
WATCHDOG_FAILS = 3


class AlertService:
    """``run`` ends once the desk has ended and nothing more can be told. ``replaced`` says that a newer one waits."""

    def __init__(
        self,
        hello: Hello,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        env: Environment,
        patience: Patience | None = None,
        make: Maker | None = None,
        silent_s: float = SILENT_S,
        heartbeat_s: float = EVERY_S,
    ) -> None:
        self._hello = hello
        self._reader = reader
        self._writer = writer
        self._env = env
        self._wake = asyncio.Event()
        loop = asyncio.get_running_loop()
        patience = patience or Patience()
        self._dispatcher = Dispatcher(
            Path(hello.alerts_file) if hello.alerts_file else None,
            Path(hello.state_dir),
            mode=hello.mode,
            account=hello.account,
            env=env,
            patience=patience,
            wake=partial(_call, loop, self._wake.set),
            make=make,
        )
        self._watchdog = OutsideWatchdog(hello.heartbeat_url, hello.heartbeat_fail_url, env=env, every_s=heartbeat_s)
        self._silent_ns = int(silent_s * NS_PER_S)
        self._seq = 0
        self._pulse: Pulse | None = None
        self._silence = Silence(env)
        self._silent = False
        self._lost_ns: int | None = None
        self._bye = False
        self._replaced = False
        self._hurried = False
        self._digest: asyncio.Task[AlertMessage] | None = None
        self._digest_at: int | None = None

    def replace(self) -> None:
        """End soon: another service of this desk waits, and sends what is left."""
        self._replaced = True
        self._wake.set()

    def hurry(self) -> None:
        """Outlive the desk for a short time only; the next service sends what is left."""
        self._hurried = True

    async def run(self) -> None:
        listening = asyncio.create_task(self._listen())
        beating = asyncio.create_task(self._beat())
        reported_ns = reloaded_ns = 0
        try:
            while not self._over():
                now = self._env.monotonic_ns()
                if now - reloaded_ns >= RELOAD_S * NS_PER_S:
                    reloaded_ns = now
                    self._dispatcher.reload()
                self._watch_desk()
                self._watch_digest()
                self._dispatcher.step()
                if now - reported_ns >= REPORT_S * NS_PER_S:
                    reported_ns = now
                    self._dispatcher.save()
                    self._report()
                self._wake.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(STEP_S):
                        await self._wake.wait()
        finally:
            listening.cancel()
            beating.cancel()
            self._dispatcher.save()
            self._writer.close()

    def _over(self) -> bool:
        if self._replaced:
            return True
        if self._lost_ns is None:
            return False
        lost_s = LINGER_S + self._dispatcher.longest_escalation_s
        linger_s = LINGER_HURRIED_S if self._hurried else LINGER_BYE_S if self._bye else lost_s
        if not Path(self._hello.state_dir).is_dir():
            # A desk that was only tried out; nothing can be kept for a next one.
            return True
        gone_s = (self._env.monotonic_ns() - self._lost_ns) / NS_PER_S
        # A second at least: what was raised last is told by the next step.
        done = self._dispatcher.idle and (self._bye or not self._dispatcher.unacknowledged)
        return gone_s >= linger_s or (gone_s >= 1 and done)

    async def _listen(self) -> None:
        """Take what the desk says until it ends. A line that cannot be read ends the connection."""
        try:
            while line := await self._reader.readline():
                self._take(msgspec.json.decode(line, type=FromDesk))
        except (OSError, ValueError):
            # Also of a line that is too long.
            pass
        self._lost_ns = self._env.monotonic_ns()
        if not self._bye:
            self._raise("silent", "critical", messages.DESK_LOST)
        self._wake.set()

    def _take(self, said: FromDesk) -> None:
        if isinstance(said, Pulse):
            self._pulse = said
            self._silence.heard()
            if said.seq > self._seq:
                self._seq = said.seq
                for alert in said.alerts:
                    self._dispatcher.add(alert)
        elif isinstance(said, Acknowledge):
            self._dispatcher.acknowledge(said.at_ns)
        elif isinstance(said, Bye):
            self._bye = True
            self._raise("stop", "info", said.reason or "the desk stopped")

    def _watch_desk(self) -> None:
        if self._lost_ns is not None:
            return
        silent_ns = self._silence.look()
        if silent_ns >= self._silent_ns and not self._silent:
            self._silent = True
            self._raise("silent", "critical", messages.DESK_SILENT.format(seconds=silent_ns // NS_PER_S))
        elif silent_ns < self._silent_ns and self._silent:
            self._silent = False
            self._raise("silent", "info", messages.DESK_BACK)

    def _watch_digest(self) -> None:
        plan = self._dispatcher.rules.digest
        if self._digest is not None and self._digest.done():
            done, self._digest = self._digest, None
            failed = done.exception()
            if failed is None and plan is not None:
                self._dispatcher.send(done.result(), plan.to)
            elif failed is not None:
                self._dispatcher.raise_own("warning", f"The digest failed with {type(failed).__name__}.", "digest")
        if plan is None or self._digest is not None or self._lost_ns is not None:
            return
        now = self._env.wall_ns()
        # The first one comes at the next such time; one that was missed meanwhile comes late, once.
        since = self._dispatcher.digest_ns if 0 < self._dispatcher.digest_ns <= now else now
        self._dispatcher.digest_ns = since
        due = next_time(plan.at, plan.zone, since)
        if now >= due:
            self._dispatcher.digest_ns = now
            work = asyncio.to_thread(make_digest, self._hello, self._dispatcher.heading, now)
            self._digest = asyncio.create_task(work)

    async def _beat(self) -> None:
        if not self._hello.heartbeat_url:
            return
        async with httpx.AsyncClient(trust_env=False) as client:
            told = False
            while True:
                pulse = self._pulse
                healthy = pulse is not None and not pulse.problem and not self._silent and self._lost_ns is None
                if pulse is not None and not self._bye:
                    await self._watchdog.step(client, healthy=healthy)
                failing = self._watchdog.failures >= WATCHDOG_FAILS
                if failing and not told:
                    problem = self._watchdog.problem
                    self._dispatcher.raise_own("warning", f"The heartbeat URL fails: {problem}.", "heartbeat")
                told = failing
                await asyncio.sleep(STEP_S)

    def _raise(self, kind: AlertKind, severity: Severity, text: str) -> None:
        now = self._env.wall_ns()
        self._dispatcher.add(Alert(kind=kind, severity=severity, text=text[:MAX_TEXT], first_ns=now, last_ns=now))

    def _report(self) -> None:
        """Tell the desk how it goes, unless it does not read."""
        state = self._dispatcher.state()
        if self._watchdog.problem:
            state = msgspec.structs.replace(
                state,
                state="degraded" if state.state == "ok" else state.state,
                detail=f"heartbeat: {self._watchdog.problem}; {state.detail}"[:MAX_TEXT],
            )
        transport = self._writer.transport
        if self._lost_ns is None and not transport.is_closing() and transport.get_write_buffer_size() == 0:
            seq = self._seq if self._dispatcher.saved else 0
            self._writer.write(msgspec.json.encode(Report(seq=seq, state=state)) + b"\n")


def _call(loop: asyncio.AbstractEventLoop, what: Callable[[], object]) -> None:
    # A thread may answer after the loop has ended.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(what)


async def serve(channel: socket.socket, *, env: Environment) -> None:
    """Serve the desk at the other end of the socket; its first line says who it is."""
    reader, writer = await asyncio.open_connection(sock=channel, limit=MAX_LINE)
    hello = msgspec.json.decode(await reader.readline(), type=FromDesk)
    if not isinstance(hello, Hello):
        raise TypeError("expected the desk's name first")
    with only_one(Path(hello.state_dir)) as lock:
        await lock.wait()
        service = AlertService(hello, reader, writer, env=env)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, service.hurry)
        following = asyncio.create_task(lock.watch(service.replace))
        try:
            await service.run()
        finally:
            following.cancel()
