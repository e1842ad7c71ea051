"""What the Verifier shows of the account: its balance of every token in the table, and which quotes were executed."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from cockpit.desk.quote_book.commitment import Commitment
from cockpit.model.environment import Environment
from venue.protocol.amounts import TokenAmounts
from venue.protocol.tokens import TokenTable
from venue.verifier import NonceState, Verifier


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """Balances at a block height; ``requested_ns``: when they were asked for, UTC."""

    amounts: TokenAmounts
    height: int
    requested_ns: int


class BalanceReader:
    """Asks the Verifier anew each time. Every method raises VenueError when it cannot be read."""

    def __init__(self, account: str, tokens: TokenTable, verifier: Verifier, env: Environment) -> None:
        self._account = account
        self._verifier = verifier
        self._wall_ns = env.wall_ns
        self._tokens = tokens.token_ids
        self.counters: Counter[str] = Counter()

    async def read(self) -> Reading:
        requested_ns = self._wall_ns()
        balances = await self._verifier.balances(self._account, self._tokens)
        self.counters["readings"] += 1
        amounts = TokenAmounts(dict(zip(self._tokens, balances.amounts, strict=True)))
        return Reading(amounts=amounts, height=balances.block_height, requested_ns=requested_ns)

    async def used_nonces(self, commitments: Iterable[Commitment]) -> dict[str, int]:
        """Return the quotes whose nonce is used, by quote hash, with the height of the block it holds for."""
        return {name: state.block_height for name, state in (await self.nonces(commitments)).items() if state.used}

    async def confirmed_nonces(self, commitments: Iterable[Commitment]) -> dict[str, int]:
        """Return the quotes whose nonce two endpoints show used, or the only one, by quote hash, with the block."""
        asked = list(commitments)
        heights = await self._verifier.confirmed_nonces(self._account, [one.nonce for one in asked])
        return {one.quote_hash: heights[one.nonce] for one in asked if one.nonce in heights}

    async def nonces(self, commitments: Iterable[Commitment]) -> dict[str, NonceState]:
        """Return whether the nonce of each quote is used, by quote hash."""
        asked = list(commitments)
        states = await self._verifier.nonces(self._account, [one.nonce for one in asked])
        self.counters["nonces_asked"] += len(asked)
        return {one.quote_hash: states[one.nonce] for one in asked}
