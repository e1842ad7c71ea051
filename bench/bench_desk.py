"""A real desk with its settings file, armed through its control API, and a real cockpit attached to it."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

import msgspec
from websockets.asyncio.client import unix_connect
from websockets.exceptions import ConnectionClosed

from bench.tty import SIZE, ProgramTerminal
from cockpit.client.unix_http import unix_client
from cockpit.config.settings import NAMES
from cockpit.model.commands import Result
from cockpit.model.snapshot import Snapshot
from cockpit.processes.launch import end_process, is_listening, spawn, wait_until_ready

WITHIN_S = 30.0
UNBOUND: Mapping[str, str] = {
    "STRATEGY_MAX_PROMISED_EURE": "1000000000",
    "STRATEGY_MAX_QUOTES_PER_SECOND": "100000",
    "STRATEGY_MAX_FILLS_PER_HOUR": "1000000",
    "STRATEGY_MAX_LOSS_PER_DAY_EURE": "1000000",
}
"""Limits that a bench's requests do not reach."""


def bare_environment() -> dict[str, str]:
    """Return the environment without the program's settings, so that only the settings file counts."""
    return {name: value for name, value in os.environ.items() if name not in NAMES}


def cockpit_command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "cockpit", *arguments]


class BenchDesk:
    """The desk of one state directory; ``settings`` are the lines of its settings file, ``module`` what is run."""

    def __init__(self, directory: Path, settings: Mapping[str, str], *, module: str = "cockpit") -> None:
        self._directory = directory
        self._module = module
        self.env_file = directory / "bench.env"
        self.socket_path = directory / "desk.sock"
        # A desk of the bench is alone, armed at once and unbound on purpose, unless the settings say otherwise.
        own = {"DESK_WHEN_ALONE": "keep", "LIVE_AFTER_SHADOW_DECISIONS": "0", **UNBOUND}
        lines = {**own, **settings, "COCKPIT_STATE_DIR": str(directory)}
        with os.fdopen(os.open(self.env_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in lines.items() if name in NAMES)
        self._client = unix_client(self.socket_path, 5)
        self._watching: asyncio.Task[None] | None = None
        self.desk: subprocess.Popen[bytes] | None = None
        self.cockpit: ProgramTerminal | None = None

    async def __aenter__(self) -> "BenchDesk":
        log_file = self._directory / "desk.log"
        self.desk = spawn(["desk", "--env-file", str(self.env_file)], log_file, bare_environment(), module=self._module)
        await wait_until_ready(self.desk, "the desk", log_file, lambda: is_listening(self.socket_path))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watching is not None:
            self._watching.cancel()
        if self.cockpit is not None:
            await self.cockpit.end()
        await self._client.aclose()
        if self.desk is not None:
            await end_process(self.desk.pid)

    def open(self, size: tuple[int, int] = SIZE) -> ProgramTerminal:
        """Return a cockpit attached in a terminal of this size; the caller ends it."""
        return ProgramTerminal(cockpit_command("--env-file", str(self.env_file)), bare_environment(), size)

    async def attach(self) -> float:
        """Attach a cockpit in a terminal; seconds from the command until it showed the desk's state."""
        self.cockpit = self.open()
        took = await self.cockpit.until("SANDBOX", "ARMED")
        self.cockpit.forget()
        return took

    def watch(self) -> None:
        """Receive snapshots as a cockpit does, without painting."""
        self._watching = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        try:
            async with unix_connect(str(self.socket_path), "ws://desk/stream", max_size=None) as stream:
                async for _ in stream:
                    pass
        except ConnectionClosed:
            return

    async def state(self) -> Snapshot:
        return msgspec.json.decode((await self._client.get("/state")).content, type=Snapshot)

    async def scrape(self) -> str:
        """Return the desk's metrics in the form that a Prometheus asks for."""
        accept = "application/openmetrics-text;version=1.0.0"
        return (await self._client.get("/metrics", headers={"Accept": accept})).raise_for_status().text

    async def until(self, holds: Callable[[Snapshot], bool], what: str) -> Snapshot:
        """Return the first state for which ``holds``; TimeoutError, with what blocks the desk, after 30 s."""
        deadline = time.monotonic() + WITHIN_S
        while not holds(shot := await self.state()):
            if time.monotonic() > deadline:
                why = shot.executor_blocked or shot.market.detail or "no reason shown"
                raise TimeoutError(f"the desk was not {what} within {WITHIN_S:g} s: {why}")
            await asyncio.sleep(0.1)
        return shot

    async def arm(self) -> None:
        """Arm strategy and executor as soon as the desk allows it."""
        await self.until(lambda shot: not shot.executor_blocked and shot.market.usable, "ready to be armed")
        for part in ("strategy-engine", "trade-executor"):
            answer = await self._client.post(f"/{part}/arm", json={"actor": "bench"})
            result = msgspec.json.decode(answer.content, type=Result)
            if not result.accepted:
                raise RuntimeError(f"{part} could not be armed: {result.reason}")
