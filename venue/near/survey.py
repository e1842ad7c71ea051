"""Asks every endpoint for its newest block, and tells which of their heights are believed."""

import asyncio
import logging
from collections.abc import Sequence

from cockpit.model.environment import Environment
from venue.near.blocks import Block, read_block
from venue.near.heads import Heads, Named, time_problem
from venue.protocol.units import NS_PER_S
from venue.transport.errors import UnreachableError, VenueError
from venue.transport.jsonrpc import JsonRpc

log = logging.getLogger(__name__)

ANSWER_S = 2.0
"""An endpoint that takes longer is not waited for."""
UNATTENDED_NS = 120 * NS_PER_S
"""Ask without a cause after so long; the venue clock asks more often."""
AGAIN_NS = NS_PER_S
"""Not asked twice within this time: one survey serves all calls of a moment."""


class Survey:
    """What the endpoints say of the chain's height, judged together."""

    def __init__(self, endpoints: Sequence[JsonRpc], env: Environment) -> None:
        self._endpoints = tuple(endpoints)
        self._wall_ns = env.wall_ns
        self._monotonic_ns = env.monotonic_ns
        self._heads = Heads()
        self._lock = asyncio.Lock()
        self._asked_ns: int | None = None
        self._disbelieved: dict[str, str] = {}

    @property
    def dissent(self) -> str:
        """Which endpoints are not believed now, and why; empty without one."""
        return "; ".join(f"{host}: {why}" for host, why in self._disbelieved.items())

    def is_plausible(self, height: int) -> bool:
        """Return whether the chain can have reached a height that was believed before."""
        return self._heads.is_plausible(height, self._monotonic_ns())

    async def problem(self, endpoint: JsonRpc, height: int) -> str:
        """Return why this height of the endpoint's answer is not believed, empty when it is.

        Ask the others first when it contradicts what is known.
        """
        now = self._monotonic_ns()
        if self._heads.problem(height, now) or self._heads.is_old(now, UNATTENDED_NS):
            async with self._lock:
                now = self._monotonic_ns()
                if self._heads.problem(height, now) or self._heads.is_old(now, UNATTENDED_NS):
                    await self._ask(endpoint, height)
        found = self._heads.problem(height, self._monotonic_ns())
        self._note(endpoint, found)
        return found

    def time_problem(self, endpoint: JsonRpc, block: Block) -> str:
        """Return why the time of the endpoint's newest block is not believed, empty when it is."""
        found = time_problem(block.timestamp_ns, self._wall_ns())
        if found:
            self._note(endpoint, found)
        return found

    async def ask(self) -> tuple[Block, ...]:
        """Ask every endpoint for its newest block and return what they answered, whether believed or not."""
        async with self._lock:
            return await self._ask()

    async def newest(self) -> int | None:
        """Ask every endpoint and return the highest block that is believed; None when none answers."""
        heights = [block.height for block in await self.ask()]
        now = self._monotonic_ns()
        return max((height for height in heights if not self._heads.problem(height, now)), default=None)

    async def _ask(self, endpoint: JsonRpc | None = None, height: int = 0) -> tuple[Block, ...]:
        named: dict[int, Named] = {}
        found: list[Block | None] = []
        if endpoint is not None:
            # Its word until its block tells.
            named[self._endpoints.index(endpoint)] = Named(height, self._wall_ns())
        if endpoint is None or len(self._endpoints) > 1:
            now = self._monotonic_ns()
            if endpoint is not None and self._asked_ns is not None and now - self._asked_ns < AGAIN_NS:
                return ()
            found = await asyncio.gather(*map(_newest, self._endpoints))
            self._asked_ns = self._monotonic_ns()
        for index, block in enumerate(found):
            if block is not None:
                named[index] = Named(block.height, block.timestamp_ns)
        if named:
            wrong = self._heads.agree(named, self._monotonic_ns(), self._wall_ns())
            for index in named:
                self._note(self._endpoints[index], wrong.get(index, ""))
        return tuple(block for block in found if block is not None)

    def _note(self, endpoint: JsonRpc, why: str) -> None:
        if not why:
            self._disbelieved.pop(endpoint.host, None)
            return
        if endpoint.host not in self._disbelieved:
            log.warning("%s is not believed: %s", endpoint.host, why)
        self._disbelieved[endpoint.host] = why


async def _newest(endpoint: JsonRpc) -> Block | None:
    try:
        async with asyncio.timeout(ANSWER_S):
            raw = await endpoint.call("block", {"finality": "optimistic"})
    except (TimeoutError, VenueError):
        return None
    try:
        return read_block(raw, endpoint.host)
    except UnreachableError as error:
        endpoint.count_failure(error)
        return None
