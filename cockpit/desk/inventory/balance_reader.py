"""The account's balances of the pair, and which of its quotes were executed, as the Verifier shows them."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from cockpit.desk.quote_book.reservations import Commitment
from cockpit.model.environment import Environment
from venue.protocol.assets import Market, PairAmounts
from venue.verifier import Verifier


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Balances at a block height; ``requested_ns``: when they were asked for, UTC."""

    amounts: PairAmounts
    height: int
    requested_ns: int


class BalanceReader:
    """Asks the Verifier anew each time. Every method raises VenueError when it cannot be read."""

    def __init__(self, account: str, pair: Market, verifier: Verifier, env: Environment) -> None:
        self._account = account
        self._verifier = verifier
        self._wall_ns = env.wall_ns
        self._tokens = (pair.base.token_id, pair.quote.token_id)
        self.counters: Counter[str] = Counter()

    async def read(self) -> Reading:
        requested_ns = self._wall_ns()
        balances = await self._verifier.balances(self._account, self._tokens)
        self.counters["readings"] += 1
        base, quote = balances.amounts
        return Reading(amounts=PairAmounts(base, quote), height=balances.block_height, requested_ns=requested_ns)

    async def used_nonces(self, commitments: Iterable[Commitment]) -> dict[str, int]:
        """Return the quotes whose nonce is used, by quote hash, with the height of the block it holds for."""
        asked = list(commitments)
        heights = await self._verifier.used_nonces(self._account, [one.nonce for one in asked])
        return {one.quote_hash: heights[one.nonce] for one in asked if one.nonce in heights}
