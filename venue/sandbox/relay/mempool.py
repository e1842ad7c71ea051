"""Calls that wait for the next block: what a reader sees of them changes block by block, as on the real chain."""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.outcomes import Executed
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.standards import Signed

BLOCK_S = 0.6
"""Between two blocks of the real chain, seconds (2026)."""
CLEAN_EVERY = 1_000
"""Blocks between two clean-ups of the nonces, which the real contract leaves to its garbage collectors."""
NONCES_KEPT_NS = 3_600 * NS_PER_S
"""How long after its deadline a used nonce stays at least."""


class _Waiting(msgspec.Struct, frozen=True):
    payloads: Sequence[Signed | Mapping[str, object]]
    tx_hash: str
    outcome: asyncio.Future[Executed]


class Mempool:
    """Executes calls together, in their order, every ``block_s`` seconds. Without ``run`` nothing is executed."""

    def __init__(self, ledger: Ledger, block_s: float = BLOCK_S) -> None:
        self._ledger = ledger
        self._block_s = block_s
        self._waiting: list[_Waiting] = []
        self._blocks = 0

    async def execute(self, payloads: Sequence[Signed | Mapping[str, object]], *, tx_hash: str) -> Executed:
        """Execute the payloads in the next block. Raises ContractPanicError."""
        call = _Waiting(payloads, tx_hash, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        return await call.outcome

    def make_block(self) -> None:
        """Add a block with every call that waits; an empty one without any."""
        waiting, self._waiting = self._waiting, []
        with self._ledger.one_block():
            for call in waiting:
                # Whoever waited for it may have ended with the venue.
                if call.outcome.done():
                    continue
                try:
                    call.outcome.set_result(self._ledger.execute_intents(call.payloads, tx_hash=call.tx_hash))
                except ContractPanicError as panic:
                    call.outcome.set_exception(panic)
        self._blocks += 1
        if self._blocks % CLEAN_EVERY == 0:
            self._ledger.forget_nonces(self._ledger.clock() - NONCES_KEPT_NS)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._block_s)
            self.make_block()
