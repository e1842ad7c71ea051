"""A headless sandbox run: venue and desk run for a while, then ledger and history are compared."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

import httpx
import msgspec

from cockpit.client.desk_client import ConnectionLost, DeskClient
from cockpit.model.commands import ARMABLE, Result
from cockpit.model.snapshot import Snapshot
from cockpit.processes.echo import echo, echo_json
from cockpit.processes.errors import ProcessStartError, SandboxRunError
from cockpit.processes.sandbox_report import SandboxReport, account_for
from cockpit.processes.sandbox_run import SandboxRun, VenueFlags
from storage.sqlite.reader import SqliteReader
from venue.protocol.tokens import TokenTable

WAIT_S = 30.0
QUIET_S = 4.0
"""Longer than an auction and a settlement of the sandbox together: after it nothing is in flight."""
UNATTENDED: Mapping[str, str] = {"DESK_WHEN_ALONE": "keep"}
"""No cockpit watches a headless run."""


class _SnapshotFollower:
    """Follows a desk's stream and keeps the newest snapshot."""

    def __init__(self, link: DeskClient) -> None:
        self._link = link
        self._snapshot: Snapshot | None = None
        self._reason = "no data from the desk"
        self._arrived = asyncio.Event()

    async def follow(self) -> None:
        async for item in self._link.snapshots():
            if isinstance(item, ConnectionLost):
                self._reason = item.reason
                continue
            self._snapshot = item
            self._arrived.set()

    async def next(self) -> Snapshot:
        """Wait for a newer snapshot. Raises SandboxRunError if none comes for 30 s."""
        self._arrived.clear()
        try:
            await asyncio.wait_for(self._arrived.wait(), WAIT_S)
        except TimeoutError:
            raise SandboxRunError(f"no data from the desk for {WAIT_S:g} s: {self._reason}") from None
        assert self._snapshot is not None
        return self._snapshot

    async def until(self, holds: Callable[[Snapshot], bool], what: str) -> Snapshot:
        """Wait for a snapshot for which ``holds``. Raises SandboxRunError after 30 s."""
        try:
            async with asyncio.timeout(WAIT_S):
                while True:
                    snapshot = await self.next()
                    if holds(snapshot):
                        return snapshot
        except TimeoutError:
            seen = self._snapshot
            why = self._reason if seen is None else seen.executor_blocked or seen.market.detail or "no reason given"
            raise SandboxRunError(f"the desk was not {what} within {WAIT_S:g} s: {why}") from None


async def run_headless(
    run: SandboxRun,
    flags: VenueFlags,
    environ: Mapping[str, str],
    own: Mapping[str, str],
    *,
    seconds: float,
    arm: bool,
    as_json: bool,
) -> int:
    """Run and print the report. Exit code 0: every base unit is explained; 1: not; 2: the run failed.

    The traders start only once the desk listens, so that the same seed gives it the same requests from the first on.
    SIGTERM and SIGHUP end desk and venue first; the exit code is then 143 or 129.
    """
    ended_by: list[signal.Signals] = []
    running = asyncio.current_task()
    assert running is not None

    def end(number: signal.Signals) -> None:
        ended_by.append(number)
        running.cancel()

    for number in (signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, end, number)
    paused = msgspec.structs.replace(flags, settings=(*flags.settings, "start_paused=true"))
    try:
        await run.start(paused, environ, {**own, **UNATTENDED}, headless=True)
        report = await _trade(run, seconds, arm)
    except asyncio.CancelledError:
        if ended_by:
            return 128 + ended_by[0]
        raise
    except (SandboxRunError, ProcessStartError) as exc:
        echo(f"cockpit sandbox: {exc}", err=True)
        return 2
    except httpx.HTTPError as exc:
        echo(f"cockpit sandbox: no answer from the venue: {type(exc).__name__} {exc}", err=True)
        return 2
    if as_json:
        echo_json(report.as_json())
    else:
        echo(report.as_text(run.tokens()))
    return 0 if report.explained else 1


async def _trade(run: SandboxRun, seconds: float, arm: bool) -> SandboxReport:
    link = DeskClient(run.socket_path, actor="headless", new_id=lambda: os.urandom(8).hex())
    newest = _SnapshotFollower(link)
    following = asyncio.create_task(newest.follow())
    control = run.venue_env()["SANDBOX_CONTROL_URL"]
    try:
        async with httpx.AsyncClient(base_url=control, trust_env=False) as client:
            await newest.until(lambda shot: shot.relay == "ok" and shot.market.usable, "listening")
            start_traders = partial(client.post, "/traders", json={"running": True})
            if arm:
                await _arm(link, newest, start_traders)
            else:
                await start_traders()
            await asyncio.sleep(seconds)
            for part in reversed(ARMABLE):
                await link.send(part, "disarm")
            await client.post("/traders", json={"running": False})
            last = await _settled(client, newest, run.tokens())
            state = (await client.get("/state")).json()
            takers = (await client.get("/takers", params={"account": state["account"]})).json()
    finally:
        following.cancel()
        await link.close()
        for problem in await run.end():
            echo(problem, err=True)
    account, tokens = state["account"], run.tokens()
    opening, closing = _amounts(state["opening"][account]), _amounts(state["balances"][account])
    with SqliteReader(run.history_path) as reader:
        return account_for(
            seconds,
            last.counts,
            reader,
            tokens,
            opening=opening,
            closing=closing,
            asked=_asked(state["requests"]["pairs"], tokens),
            takers=takers,
        )


def _asked(pairs: Sequence[Mapping[str, Any]], tokens: TokenTable) -> dict[str, int]:
    """Return the requests of the venue by market, both directions together."""
    counts = {market.name: 0 for market in tokens.markets}
    for pair in pairs:
        market = tokens.market(pair["asset_in"], pair["asset_out"])
        if market is not None:
            counts[market.name] += pair["count"]
    return counts


def _amounts(balances: Mapping[str, Any]) -> dict[str, int]:
    return {token: int(amount) for token, amount in balances.items()}


async def _arm(link: DeskClient, newest: _SnapshotFollower, start_traders: Callable[[], Awaitable[object]]) -> None:
    await newest.until(lambda shot: not shot.executor_blocked and shot.market.usable, "ready to be armed")
    for part in ARMABLE:
        outcome = await link.send(part, "arm")
        if not isinstance(outcome, Result) or not outcome.accepted:
            raise SandboxRunError(f"{part} could not be armed: {outcome.reason}")
        if part == "strategy-engine":
            await start_traders()
            await newest.until(_ready_for_live, "seen deciding in SHADOW")


def _ready_for_live(shot: Snapshot) -> bool:
    return shot.rung == "SHADOW" and all(row.passed for row in shot.interlocks)


async def _settled(client: httpx.AsyncClient, newest: _SnapshotFollower, tokens: TokenTable) -> Snapshot:
    """Wait until settlements have stopped and the desk has confirmed all of them."""
    loop = asyncio.get_running_loop()
    seen, since = -1, loop.time()
    deadline = since + WAIT_S
    while True:
        snapshot = await newest.next()
        state = (await client.get("/state")).json()
        fills = sum(fill["account"] == state["account"] for fill in state["fills"])
        if fills != seen:
            seen, since = fills, loop.time()
        confirmed = snapshot.counts.settled >= fills and _agrees(
            snapshot, _amounts(state["balances"][state["account"]]), tokens
        )
        if (confirmed and loop.time() - since > QUIET_S) or loop.time() > deadline:
            return snapshot


def _agrees(snapshot: Snapshot, ledger: Mapping[str, int], tokens: TokenTable) -> bool:
    held = {token.symbol: token.to_decimal(ledger.get(token.token_id, 0)) for token in tokens.tokens}
    return all(row.balance == held[row.symbol] and not row.unexplained for row in snapshot.inventory.rows)
