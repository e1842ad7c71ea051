"""Starts the alert service and talks to it: once a second, never waiting for it, whatever it does."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from cockpit.desk.alerts.feed import AlertFeed
from cockpit.model.alerts.alert import MAX_TEXT
from cockpit.model.alerts.channel import MAX_LINE, Acknowledge, Bye, FromDesk, Hello, Pulse, Report
from cockpit.model.alerts.silence import Silence
from cockpit.model.environment import Environment
from venue.protocol.units import NS_PER_S

log = logging.getLogger(__name__)

EVERY_S = 1.0
READ_EVERY_S = 0.1
"""Between two lines that are read: a service that floods costs the desk no more than this."""
SILENT_S = 60.0
LONGEST_PAUSE_S = 60.0
MAX_UNSENT = 64 * 1024
KEPT_ENV = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "TZDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "PGPASSFILE",
    "PGPASSWORD",
)
"""All that the service gets of the desk's environment: it needs no key, and no proxy decides where alerts go."""


class ServiceProcess(Protocol):
    """The process of the service, as ``subprocess.Popen`` has it."""

    def poll(self) -> int | None: ...

    def kill(self) -> None: ...

    def wait(self) -> int: ...


Start = Callable[[socket.socket], ServiceProcess]


def start_service(channel: socket.socket) -> ServiceProcess:
    """Start the service with the socket as its standard input, in a session of its own: it outlives a killed desk."""
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "cockpit.alerting"],
        stdin=channel.fileno(),
        stdout=subprocess.DEVNULL,
        env=service_environ(os.environ),
        start_new_session=True,
    )


def service_environ(environ: Mapping[str, str]) -> dict[str, str]:
    kept = {name: environ[name] for name in KEPT_ENV if name in environ}
    paths = [path for path in environ.get("PYTHONPATH", "").split(os.pathsep) if os.path.isabs(path)]
    return kept | ({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})


class ServiceLink:
    """``run`` until it is cancelled; a service that ends or no longer answers is started again."""

    def __init__(
        self,
        hello: Hello,
        feed: AlertFeed,
        *,
        env: Environment,
        start: Start = start_service,
        silent_s: float = SILENT_S,
    ) -> None:
        self._hello = hello
        self._feed = feed
        self._env = env
        self._start = start
        self._silent_ns = int(silent_s * NS_PER_S)
        self._silence = Silence(env)

    async def run(self) -> None:
        pause_s = 1.0
        while True:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                with theirs:
                    # A fork takes milliseconds, which a quote would wait for.
                    process = await asyncio.to_thread(self._start, theirs)
            except OSError as error:
                ours.close()
                self._down(f"the alert service cannot be started: {error.strerror}")
            else:
                began_ns = self._env.monotonic_ns()
                why = await self._talk(ours, process)
                self._down(f"the alert service {why}; it is started again")
                if self._env.monotonic_ns() - began_ns > LONGEST_PAUSE_S * NS_PER_S:
                    pause_s = 1.0
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _down(self, why: str) -> None:
        log.error("%s", why)
        self._feed.state = msgspec.structs.replace(self._feed.state, state="down", detail=why[:MAX_TEXT])

    async def _talk(self, ours: socket.socket, process: ServiceProcess) -> str:
        """Talk until the service ends or is silent; return which. A desk that ends leaves it to its work."""
        reader, writer = await asyncio.open_connection(sock=ours, limit=MAX_LINE)
        self._write(writer, self._hello)
        self._silence.heard()
        listening = asyncio.create_task(self._listen(reader))
        sent_seq, acknowledged_ns = 0, 0
        why = ""
        try:
            while not why:
                if acknowledged_ns != self._feed.acknowledged_ns and self._has_room(writer):
                    acknowledged_ns = self._feed.acknowledged_ns
                    self._write(writer, Acknowledge(at_ns=acknowledged_ns, actor=self._feed.acknowledged_by))
                if self._has_room(writer):
                    sent_seq = self._pulse(writer, sent_seq)
                await asyncio.wait({listening}, timeout=EVERY_S)
                if listening.done() or process.poll() is not None:
                    why = "ended"
                elif self._silence.look() > self._silent_ns:
                    why = f"did not answer for {self._silent_ns // NS_PER_S} s"
        except asyncio.CancelledError:
            self._last_words(writer, sent_seq)
            self._write(writer, Bye(at_ns=self._env.wall_ns(), reason=self._feed.stop_reason[:MAX_TEXT]))
            raise
        finally:
            listening.cancel()
            writer.close()
        process.kill()
        await asyncio.to_thread(process.wait)
        return why

    def _has_room(self, writer: asyncio.StreamWriter) -> bool:
        return writer.transport.get_write_buffer_size() < MAX_UNSENT

    def _pulse(self, writer: asyncio.StreamWriter, sent_seq: int) -> int:
        """Send the sign of life, with a batch of alerts unless it was sent already; return the batch's number."""
        seq, alerts = self._feed.batch
        unsent = alerts if seq != sent_seq else ()
        self._write(writer, Pulse(seq=seq, at_ns=self._env.wall_ns(), problem=self._feed.problem, alerts=unsent))
        return seq

    def _last_words(self, writer: asyncio.StreamWriter, sent_seq: int) -> None:
        """Send all that was not sent yet; nobody will confirm it any more."""
        while True:
            sent_seq = self._pulse(writer, sent_seq)
            self._feed.confirmed(sent_seq)
            if not self._feed.unconfirmed:
                return

    def _write(self, writer: asyncio.StreamWriter, said: FromDesk) -> None:
        writer.write(msgspec.json.encode(said) + b"\n")

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Take the service's reports until it ends, or says something that cannot be read."""
        try:
            while line := await reader.readline():
                report = msgspec.json.decode(line, type=Report)
                self._silence.heard()
                self._feed.confirmed(report.seq)
                self._feed.state = report.state
                await asyncio.sleep(READ_EVERY_S)
        except (OSError, ValueError):
            return
