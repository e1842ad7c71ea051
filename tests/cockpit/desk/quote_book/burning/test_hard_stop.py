"""Burning against a relay that loses, repeats and refuses, and takers who are faster: every outcome is found."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.desk.quote_book.book import SALT_INVALID
from cockpit.desk.quote_book.burning.hard_stop import HardStopRun
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.model.environment import Environment
from cockpit.model.events import OperatorAction
from tests.support.amounts import btc_eure
from tests.support.desk.builders import SALT
from tests.support.desk.chain import ChainVerifier, InventoryHarness
from tests.support.desk.quoting_harness import SECRET, Counted
from tests.support.recorder import MemoryRecorder
from venue.protocol.amounts import NOTHING
from venue.protocol.tokens import BTC_EURE, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_S
from venue.relay.rpc import IntentStatus, Published, PublishedMany, RelayRpc
from venue.signing.signer import Signer
from venue.transport.errors import UnreachableError

WAYS = (
    "run",
    "run",
    "run",
    "repeated",
    "drop",
    "swallow",
    "late",
    "refuse",
    "settle first",
    "settle in between",
    "break",
    "down",
)


class Unreliable(RelayRpc):
    """A relay whose next calls end in the ways given, and all later ones well."""

    def __init__(self, watched: InventoryHarness, ways: list[str], quotes: dict[str, Commitment]) -> None:
        self._watched = watched
        self._ways = ways
        self._quotes = quotes
        self._late: list[list[str]] = []
        self.settled: list[Commitment] = []
        self.burned: set[str] = set()

    async def publish_intent(self, signed: bytes, quote_hashes: Sequence[str] = ()) -> Published:
        many = await self.publish_intents([signed])
        return Published(many.status, "", many.reason)

    async def publish_intents(self, signed: Sequence[bytes]) -> PublishedMany:
        bodies = [json.loads(one) for one in signed]
        assert all(json.loads(body["payload"]["message"])["intents"] == [] for body in bodies)
        nonces = [body["payload"]["nonce"] for body in bodies]
        assert len(set(nonces)) == len(nonces)
        way = self._ways.pop(0) if self._ways else "run"
        self._watched.chain.down = {"nonces"} if way == "down" else set()
        if way == "break":
            raise RuntimeError("the client broke")
        if way == "refuse":
            return PublishedMany("FAILED", (), "internal")
        if way == "settle first":
            self._settle(nonces[0])
        if way != "drop" and any(nonce in self._watched.chain.head.used for nonce in nonces):
            return PublishedMany("FAILED", (), "nonce was already used")
        if way == "settle in between":
            self._settle(nonces[-1])
        elif way == "late":
            self._late.append(nonces)
        elif way != "drop":
            self._burn(nonces)
        if way in ("drop", "swallow", "late"):
            raise UnreachableError("no answer came")
        if way == "repeated":
            return PublishedMany("FAILED", (), "already processed")
        return PublishedMany("OK", (), "")

    async def get_status(self, intent_hash: str) -> IntentStatus:
        # A relay that has not indexed an intent yet answers so too: without FAILED it is no end.
        return IntentStatus("NOT_FOUND_OR_NOT_VALID", None)

    def come_late(self) -> None:
        """Let what is in flight arrive: all of a call or nothing."""
        for nonces in self._late:
            if not any(nonce in self._watched.chain.head.used for nonce in nonces):
                self._burn(nonces)
        self._late.clear()

    def _burn(self, nonces: Sequence[str]) -> None:
        for nonce in nonces:
            self._watched.chain.advance(nonce=nonce)
            self.burned.add(self._quotes[nonce].quote_hash)

    def _settle(self, nonce: str) -> None:
        if nonce not in self._watched.chain.head.used:
            self._watched.chain.settle(self._quotes[nonce])
            self.settled.append(self._quotes[nonce])


async def _play(count: int, ways: list[str], claimed: bool) -> None:
    watched = InventoryHarness()
    watched.chain.head.balances = btc_eure(10**9, 10**12)
    await watched.inventory.sync("opening")
    signer = Signer(
        SECRET, "maker.near", DEFAULT_TOKENS, ceiling=10**30, longest_ns=2**62, now_ns=lambda: 0, random=Counted()
    )
    quotes: dict[str, Commitment] = {}
    for number in range(count):
        made = _quote(watched, signer, number)
        quotes[made.nonce] = made
    journal: list[OperatorAction] = []
    durable = 0

    class Recorder(MemoryRecorder):
        async def flush(self) -> None:
            nonlocal durable
            durable = len(watched.results)

    relay = Unreliable(watched, ways, quotes)
    ids = iter(range(100))
    burner = HardStopRun(
        "maker.near",
        watched.book,
        signer,
        relay,
        ChainVerifier(watched.chain),
        env=Environment(wall_ns=watched.clock, monotonic_ns=watched.clock, new_id=lambda: str(next(ids))),
        recorder=Recorder(journal),
        request_sync=lambda: None,
        pause=_no_pause(watched, relay, claimed),
    )
    assert burner.start() == count
    running = asyncio.create_task(_kept_up(burner))
    async with asyncio.timeout(20):
        while not journal:  # noqa: ASYNC110 - the hard stop reports its end in the journal alone
            await asyncio.sleep(0)
    running.cancel()
    settled = {one.quote_hash for one in relay.settled}
    assert {name for name, outcome in watched.outcomes() if outcome == "settled"} == settled
    assert {name for name, outcome in watched.outcomes() if outcome == "burned"} == relay.burned - settled
    assert settled | relay.burned == {one.quote_hash for one in quotes.values()}
    assert watched.reservations.reserved(EURE.token_id) == 0
    assert watched.inventory.ledger.unexplained == NOTHING
    assert durable >= count, "what is burned is on record before it is published"


async def _kept_up(burner: HardStopRun) -> None:
    """Start it again whenever it fails, as the desk does."""
    while True:
        with suppress(RuntimeError):
            await burner.run()


def _no_pause(watched: InventoryHarness, relay: Unreliable, claimed: bool) -> Callable[[float], Awaitable[None]]:
    async def pause(seconds: float) -> None:
        """Let time pass and the chain advance, and read the balances."""
        watched.clock.now_ns += int(seconds * NS_PER_S) + NS_PER_S
        relay.come_late()
        if claimed:
            for made in relay.settled:
                watched.claim(made)
        watched.chain.advance()
        watched.chain.down.clear()
        await watched.inventory.sync("poll")
        await asyncio.sleep(0)

    return pause


def _quote(watched: InventoryHarness, signer: Signer, number: int) -> Commitment:
    base, quote = BTC_EURE.base.token_id, BTC_EURE.quote.token_id
    amounts = (2**number + 5, 1_000 + 3**number)
    signed = signer.sign_quote(
        asset_in=base,
        amount_in=amounts[0],
        asset_out=quote,
        amount_out=amounts[1],
        deadline_ns=watched.clock() + 300 * NS_PER_S,
        salt=SALT,
    )
    return watched.send(amount_in=amounts[0], amount_out=amounts[1], life_ms=300_000, nonce=signed.nonce)


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 9), st.lists(st.sampled_from(WAYS), max_size=8), st.booleans())
def test_every_quote_ends_as_the_chain_has_it(count: int, ways: list[str], claimed: bool) -> None:
    asyncio.run(_play(count, ways, claimed))


class Invalidating(Unreliable):
    """Takes the first call, and the salt is invalidated before it is executed."""

    async def publish_intents(self, signed: Sequence[bytes]) -> PublishedMany:
        chain = self._watched.chain
        if SALT in chain.dead_salts:
            return PublishedMany("FAILED", (), "invalid salt")
        chain.dead_salts.add(SALT)
        return PublishedMany("OK", (), "")


async def test_a_salt_that_is_invalidated_during_the_stop_ends_it_and_releases_nothing() -> None:
    watched = InventoryHarness()
    watched.chain.head.balances = btc_eure(10**9, 10**12)
    await watched.inventory.sync("opening")
    signer = Signer(
        SECRET, "maker.near", DEFAULT_TOKENS, ceiling=10**30, longest_ns=2**62, now_ns=lambda: 0, random=Counted()
    )
    quotes = {made.nonce: made for made in (_quote(watched, signer, number) for number in range(3))}
    journal: list[OperatorAction] = []
    relay = Invalidating(watched, [], quotes)
    burner = HardStopRun(
        "maker.near",
        watched.book,
        signer,
        relay,
        ChainVerifier(watched.chain),
        env=Environment(wall_ns=watched.clock, monotonic_ns=watched.clock, new_id=lambda: "id"),
        recorder=MemoryRecorder(journal),
        request_sync=lambda: None,
        pause=_no_pause(watched, relay, False),
    )
    burner.start()
    began = watched.clock()
    running = asyncio.create_task(burner.run())
    async with asyncio.timeout(20):
        while not journal:  # noqa: ASYNC110 - the hard stop reports its end in the journal alone
            await asyncio.sleep(0)
    running.cancel()
    assert watched.clock() - began < 40 * NS_PER_S
    assert "3 with an invalidated salt" in journal[0].reason
    assert watched.reservations.reserved(EURE.token_id) == sum(one.amount_out for one in quotes.values())
    progress = burner.progress()
    assert progress is not None
    assert (progress.unburnable, progress.left, burner.active) == (3, 0, False)
    assert {quote.detail for quote in watched.book.recent} == {SALT_INVALID}
