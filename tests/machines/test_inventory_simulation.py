"""Whatever the relay reports or leaves out, the desk never commits more than the chain holds for it."""

import asyncio
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.errors import NotCoveredError
from tests.support.amounts import btc_eure
from tests.support.desk.chain import OPENING, InventoryHarness
from venue.protocol.amounts import NOTHING
from venue.protocol.tokens import BTC, EURE

Step = tuple[Literal["send", "settle", "report", "lie", "refuse", "dust", "sync", "lag", "wait", "fail", "accept"], int]

steps: st.SearchStrategy[Step] = st.tuples(
    st.sampled_from(
        ["send", "send", "settle", "report", "lie", "dust", "sync", "sync", "lag", "wait", "fail", "accept"]
    ),
    st.integers(0, 10**6),
)


class Simulation:
    """A chain that settles quotes at random, and an inventory that must find them."""

    def __init__(self) -> None:
        self.desk = InventoryHarness()
        self.live: dict[str, Commitment] = {}
        self.executed: list[Commitment] = []
        self.sent: list[Commitment] = []
        self.dust = 0

    async def play(self, script: list[Step]) -> None:
        """Play the script, then let everything expire and be found."""
        desk = self.desk
        await desk.inventory.sync("opening")
        for name, number in script:
            await self._step(name, number)
            self._drop_expired()
            self._check()
        desk.chain.behind = 0
        desk.chain.down.clear()
        for _ in range(3):
            desk.block_after(100)
            desk.book.tick(desk.clock())
            self._drop_expired()
            await desk.inventory.sync("poll")
            self._check()
        await desk.inventory.sync("poll")
        self._settled_exactly()

    async def _step(self, name: str, number: int) -> None:
        desk, chain = self.desk, self.desk.chain
        if name == "send":
            try:
                # Powers of three: no two sets of fills add up to the same.
                amount_in, life_ms = 10 * 3 ** len(self.sent), 1_000 + number % 9_000
                made = desk.send(amount_in=amount_in, amount_out=1 + number % 20_011, life_ms=life_ms)
            except NotCoveredError:
                return
            self.sent.append(made)
            self.live[made.quote_hash] = made
        elif name in ("settle", "report"):
            if self.live:
                made = list(self.live.values())[number % len(self.live)]
                del self.live[made.quote_hash]
                self.executed.append(made)
                chain.settle(made)
                if name == "report":
                    desk.claim(made)
        elif name == "lie":
            if self.sent:
                desk.claim(self.sent[number % len(self.sent)])
        elif name == "dust":
            self.dust += 1
            chain.advance(1, 0)
        elif name == "accept":
            inventory = desk.inventory
            named = inventory.ledger.unexplained if number % 4 else btc_eure(number, 0)
            before = inventory.ledger.unexplained
            if inventory.accept(named) == "":
                assert named == before
                assert inventory.ledger.unexplained == NOTHING
        elif name == "wait":
            desk.block_after(number % 4)
            desk.book.tick(desk.clock())
        elif name == "lag":
            chain.behind = number % 3
        elif name == "fail":
            chain.down = {("balances", "nonces", "block")[number % 3]}
        else:
            await desk.inventory.sync("poll")
            chain.down.clear()
            chain.behind = 0

    def _drop_expired(self) -> None:
        """The chain settles nothing past its deadline."""
        now = self.desk.clock()
        for made in [made for made in self.live.values() if made.deadline_ns < now]:
            del self.live[made.quote_hash]

    def _check(self) -> None:
        desk = self.desk
        assert desk.inventory.ledger.balance is not None
        available = desk.inventory.ledger.balance[EURE.token_id] - desk.reservations.reserved(EURE.token_id)
        owed = sum(made.amount_out for made in self.live.values())
        assert available <= desk.chain.head.balances[EURE.token_id] - owed, (
            "the desk counts more available than the chain holds"
        )

    def _settled_exactly(self) -> None:
        desk, inventory = self.desk, self.desk.inventory
        booked = sorted(name for name, outcome in desk.outcomes() if outcome == "settled")
        assert booked == sorted(made.quote_hash for made in self.executed)
        assert inventory.ledger.filled == btc_eure(
            sum(made.amount_in for made in self.executed),
            -sum(made.amount_out for made in self.executed),
        )
        assert inventory.ledger.unexplained == btc_eure(self.dust - inventory.ledger.accepted[BTC.token_id], 0)
        assert inventory.ledger.accepted[EURE.token_id] == 0
        assert inventory.ledger.balance == btc_eure(
            OPENING[BTC.token_id] + inventory.ledger.filled[BTC.token_id] + self.dust,
            OPENING[EURE.token_id] + inventory.ledger.filled[EURE.token_id],
        )
        assert len(desk.reservations) == 0


@settings(max_examples=300)
@given(st.lists(steps, max_size=40))
def test_never_more_committed_than_the_chain_holds_and_every_fill_found(script: list[Step]) -> None:
    asyncio.run(Simulation().play(script))
