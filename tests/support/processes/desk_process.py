"""A desk in its own process, used through its control API."""

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec

from cockpit.client.desk_client import ConnectionLost, DeskClient, Outcome
from cockpit.model.commands import ARMABLE, Armable, Part, Result
from cockpit.model.snapshot import PartHealth, Snapshot
from cockpit.processes.launch import is_listening
from tests.support.processes.processes import Process, bare_environment
from tests.support.waiting import PATIENCE_S, until

SETTINGS: Mapping[str, str] = {
    "STRATEGY_MAX_NOTIONAL_EURE": "500",
    "STRATEGY_MAX_PROMISED_EURE": "1000000",
    "STRATEGY_MAX_ASSET_SHARE": "1",
    "STRATEGY_MAX_QUOTES_PER_SECOND": "100000",
    "STRATEGY_MAX_FILLS_PER_HOUR": "100000",
    "STRATEGY_MAX_LOSS_PER_DAY_EURE": "100000",
    "STRATEGY_PRICING": "fixed",
    "STRATEGY_HALF_SPREAD_BPS": "8",
    "STRATEGY_MAX_SKEW_BPS": "6",
    "STRATEGY_MIN_EDGE_BPS": "2",
    "INVENTORY_POLL_MS": "500",
    "QUOTE_DEADLINE_MS": "20000",
    "QUOTE_DEADLINE_SLACK_MS": "1000",
    "LIVE_AFTER_SHADOW_DECISIONS": "0",
    "QUOTE_DEATH_MARGIN_MS": "0",
    "COCKPIT_LOG_LEVEL": "DEBUG",
}

_Stream = AsyncGenerator[Snapshot | ConnectionLost, None]


class DeskProcess:
    """``cockpit desk`` with a state directory of its own; start it again on the same directory with ``start``."""

    def __init__(self, state_dir: Path, settings: Mapping[str, str]) -> None:
        self.state_dir = state_dir
        self.env_file = state_dir / "desk.env"
        self.settings = {**SETTINGS, **settings, "COCKPIT_STATE_DIR": str(state_dir)}
        self.settings.pop("SANDBOX_CONTROL_URL", None)
        with os.fdopen(os.open(self.env_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.writelines(f"{name}={value}\n" for name, value in self.settings.items())
        self.socket_path = state_dir / "desk.sock"
        self.link = DeskClient(self.socket_path, actor="test", new_id=lambda: os.urandom(8).hex())
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        assert self._process is not None
        return self._process

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.running

    async def start(self) -> None:
        """Start the process and wait until it answers."""
        process = self.spawn()
        await until(lambda: is_listening(self.socket_path) or not process.running, 30, "the desk answers")
        assert process.running, process.output()

    def spawn(self) -> Process:
        """Start the process without waiting for it."""
        arguments = ["desk", "--env-file", str(self.env_file)]
        self._process = Process(arguments, self.state_dir / "desk.log", bare_environment())
        return self._process

    async def close(self) -> None:
        """Close the connection; a desk that still runs is killed."""
        await self.link.close()
        if self._process is not None and self._process.running:
            self._process.kill()

    async def until(self, holds: Callable[[Snapshot], bool], within_s: float = PATIENCE_S, what: str = "") -> Snapshot:
        """Wait for a snapshot for which ``holds``."""
        newest: Snapshot | None = None
        try:
            async with asyncio.timeout(within_s), aclosing(cast(_Stream, self.link.snapshots())) as stream:
                async for item in stream:
                    if isinstance(item, Snapshot):
                        newest = item
                        if holds(item):
                            return item
        except TimeoutError:
            pass
        raise AssertionError(
            f"not within {within_s:g} s: {what or holds.__code__.co_firstlineno}; last: {_diagnosis(newest)}"
        )

    async def snapshot(self) -> Snapshot:
        """Return the next snapshot of the stream."""
        return await self.until(lambda _: True)

    async def get(self, path: str) -> httpx.Response:
        """Ask the control API."""
        transport = httpx.AsyncHTTPTransport(uds=str(self.socket_path))
        async with httpx.AsyncClient(transport=transport, base_url="http://desk", timeout=PATIENCE_S) as client:
            return await client.get(path)

    async def health(self, part: Part) -> PartHealth:
        return msgspec.json.decode((await self.get(f"/{part}/healthz")).content, type=PartHealth)

    async def ready(self) -> Snapshot:
        """Wait until the executor may be armed and the reference may be traded on."""
        return await self.until(lambda shot: not shot.executor_blocked and shot.market.usable, what="ready")

    async def arm(self, *parts: Armable) -> None:
        """Arm these parts, all of them by default; AssertionError when one is refused."""
        await self.ready()
        for part in parts or ARMABLE:
            accepted(await self.link.send(part, "arm"))

    async def disarm(self) -> None:
        for part in reversed(ARMABLE):
            accepted(await self.link.send(part, "disarm"))

    def children(self) -> list[int]:
        """Return the processes that the desk has started: the one that writes its history."""
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Return rows of the history, read while the desk runs."""
        path = self.state_dir / "history.sqlite"
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=10)) as db:
            return db.execute(query, values).fetchall()

    def count(self, query: str, *values: object) -> int:
        """Return the first number of the answer."""
        return int(self.rows(query, *values)[0][0])


def _diagnosis(shot: Snapshot | None) -> str:
    if shot is None:
        return "no snapshot from the desk"
    health = [f"{h.part} {h.state} {h.detail} {h.last_error} {h.counters}" for h in shot.health]
    return "\n".join((f"{shot.counts}", shot.strategy_why, shot.executor_why, shot.executor_blocked, *health))


def accepted(outcome: Outcome) -> Result:
    """Assert that the command was accepted."""
    assert isinstance(outcome, Result), outcome
    assert outcome.accepted, outcome
    return outcome


def refused(outcome: Outcome) -> str:
    """Assert that the command was refused; returns the reason."""
    assert isinstance(outcome, Result), outcome
    assert not outcome.accepted, outcome
    return outcome.reason
