"""What several NEAR RPC endpoints say, each asked alone: for what must not rest on the word of one.

With one endpoint configured its word and the local clock are all there is; then the clock waits longer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from cockpit.model.environment import Environment
from venue.near.agreement import ENOUGH, answers
from venue.near.blocks import Block
from venue.near.outcomes import TxOutcome
from venue.near.rpc import NearRpc
from venue.protocol.units import NS_PER_S
from venue.transport.errors import UnreachableError, VenueError
from venue.verifier import NonceState, Verifier

T = TypeVar("T")

MARGIN_NS = 10 * NS_PER_S
"""By how much the local clock must be past a deadline: it may be half a second off, blocks a little more."""
ALONE_NS = 3_600 * NS_PER_S
"""The same with a single endpoint."""


class Witnesses:
    """The endpoints, each alone. ``clock_right``: whether the local clock is judged to be right."""

    def __init__(self, rpc: NearRpc, contract: str, env: Environment, clock_right: Callable[[], bool]) -> None:
        self._alone = tuple((one, Verifier(one, contract)) for one in rpc.witnesses)
        self._wall_ns = env.wall_ns
        self._clock_right = clock_right
        self.needed = min(ENOUGH, len(self._alone))

    async def why_not_over(self, expires_ns: int) -> str:
        """Return why what expires then, by block time (UTC ns), may still execute; empty when it cannot.

        That is so when the local clock and enough endpoints are past it.
        """
        problem = self._clock_problem(expires_ns)
        return problem or self._short(await self._past(expires_ns), "show a final block past its deadline")

    async def why_not_dead(self, account: str, nonce: str, expires_ns: int) -> str:
        """Return why an intent may still be executed, or may have been; empty when enough endpoints show that its nonce
        is unused at a block past its deadline, and none that it was used."""
        problem = self._clock_problem(expires_ns)
        if problem:
            return problem
        found = await answers(
            _nonce_past(verifier, account, nonce, block) for _, verifier, block in await self._past(expires_ns)
        )
        if any(state.used for state, _ in found):
            return "an endpoint shows its nonce used"
        unused = [state for state, block in found if state.block_height >= block.height]
        return self._short(unused, "show its nonce unused past its deadline")

    async def nonces(self, account: str, nonce: str) -> list[NonceState]:
        """Return what each endpoint says of the nonce as of its final block; UnreachableError when none answers."""
        states = await answers(v.nonce(account, nonce, finality="final") for _, v in self._alone)
        if not states:
            raise UnreachableError("no NEAR RPC endpoint says whether the nonce is used")
        return states

    async def why_key_nonce_free(self, account: str, public_key: str, nonce: int) -> str:
        """Return why the access key's nonce may still be free; empty when enough endpoints show it used."""
        keys = await answers(one.access_key(account, public_key) for one, _ in self._alone)
        used = [key for key in keys if key is not None and key.nonce >= nonce]
        return self._short(used, "show its access-key nonce used")

    async def why_not_so(self, outcome: TxOutcome, tx_hash: str, account: str) -> str:
        """Return why this final outcome of a transaction is not certain; empty when enough endpoints tell the same."""
        found = await answers(one.transaction(tx_hash, account) for one, _ in self._alone)
        same = [one for one in found if one is not None and _meaning(one) == _meaning(outcome)]
        return self._short(same, "report this outcome")

    def _clock_problem(self, expires_ns: int) -> str:
        margin_ns = MARGIN_NS if len(self._alone) > 1 else ALONE_NS
        left_ns = expires_ns + margin_ns - self._wall_ns()
        if left_ns > 0:
            return f"the local clock is past its deadline in {-(-left_ns // NS_PER_S)} s"
        return "" if self._clock_right() else "the local clock is not known to be right"

    async def _past(self, expires_ns: int) -> list[tuple[NearRpc, Verifier, Block]]:
        blocks = await asyncio.gather(*(_or_none(one.block("final")) for one, _ in self._alone))
        pairs = zip(self._alone, blocks, strict=True)
        return [(*one, block) for one, block in pairs if block is not None and block.timestamp_ns > expires_ns]

    def _short(self, found: Sequence[object], what: str) -> str:
        if len(found) >= self.needed:
            return ""
        return f"{len(found)} of {self.needed} NEAR RPC endpoints {what}"


def _meaning(outcome: TxOutcome) -> tuple[object, ...]:
    return outcome.state, outcome.final, outcome.reverted, outcome.value, outcome.resolved


async def _nonce_past(verifier: Verifier, account: str, nonce: str, block: Block) -> tuple[NonceState, Block]:
    return await verifier.nonce(account, nonce, finality="final"), block


async def _or_none(call: Awaitable[T]) -> T | None:
    try:
        return await call
    except VenueError:
        return None
