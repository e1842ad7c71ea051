"""A hard stop against a relay and a node that lose, delay and lie, salts that are invalidated, takers and SIGKILL.

What may still settle stays signed, whatever one peer says; no fill is lost or counted twice; the relay is not called
about the same quotes twice within 15 s; and once the peers behave, the stop ends in under 40 s.
"""

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import base58
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cockpit.desk.quote_book.burning.hard_stop import PAUSE_S, HardStopRun
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.model.environment import Environment
from cockpit.model.snapshot import HardStopState
from storage.history import PreviousRun
from tests.support.amounts import btc_eure
from tests.support.desk.builders import Clock
from tests.support.desk.chain import Chain, ChainVerifier
from tests.support.desk.quoting_harness import SECRET, Counted
from tests.support.desk.restart_harness import DeskRun, MemoryHistory, results
from tests.support.recorder import MemoryRecorder
from tests.support.still_loop import StillLoop
from venue.near.rpc import Finality
from venue.protocol.amounts import NOTHING
from venue.protocol.nep413 import nep413_hash
from venue.protocol.nonce import decode_nonce, pack_nonce, unpack_nonce
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S
from venue.relay.messages import QuoteStatus
from venue.relay.rpc import IntentStatus, Published, PublishedMany, RelayRpc
from venue.signing.signer import Signer
from venue.transport.errors import RefusedError, UnreachableError

SALTS = tuple(bytes([number] * 4) for number in (1, 2, 3))
LIVES_MS = (20_000, 60_000, 90_000)
ENDS_WITHIN_S = 40
PUBLISH = (
    "run",
    "run",
    "late",
    "lose",
    "swallow",
    "drop",
    "internal",
    "Unauthorized",
    "gas overflow",
    "The length of a log message 16404 exceeds the limit 16384",
    "nonce was already used",
    "invalid salt",
    "deadline has expired",
    "something new",
)
"""How a publication ends: executed, later, taken and never executed; without an answer, executed or not; or refused."""
STATUS = ("truth", "truth", "truth", "not found", "pending", "down", "settled", "failed")
picks = st.integers(0, 10**6)
EVENTS = (
    "settle",
    "claim",
    "late",
    "salt",
    "lie",
    "clean",
    "node",
    "mended",
    "publish",
    "publish",
    "status",
    "stop",
    "send",
)
"""What may happen between the rounds of a hard stop."""
meanwhile = st.lists(st.tuples(st.sampled_from(EVENTS), picks, st.integers(1, 34)), max_size=7)


def salt_of(nonce: str) -> bytes:
    unpacked = unpack_nonce(decode_nonce(nonce))
    assert unpacked is not None
    return unpacked.salt


class Node(ChainVerifier):
    """The chain's views, and what one node may say of salts that is not true."""

    def __init__(self, chain: Chain) -> None:
        super().__init__(chain)
        self.lies: set[bytes] = set()

    async def is_valid_salt(self, salt: bytes, *, finality: Finality = "optimistic") -> bool:
        told = await super().is_valid_salt(salt, finality=finality)
        return told if salt not in self.lies else not told


class FakeRelay(RelayRpc):
    """Executes calls as a whole or not at all; the next ones end as told."""

    def __init__(self, chain: Chain, deadlines: dict[str, int]) -> None:
        self._chain = chain
        self._deadlines = deadlines
        self.publish = "run"
        self.status = "truth"
        self.burned: set[str] = set()
        self._late: list[list[str]] = []
        self._nonces: dict[str, list[str]] = {}
        self._outcomes: dict[str, str] = {}
        self.calls: dict[tuple[str, ...], list[int]] = {}

    async def publish_intent(self, signed: bytes, quote_hashes: Sequence[str] = ()) -> Published:
        many = await self.publish_intents([signed])
        return Published(many.status, "", many.reason)

    async def publish_intents(self, signed: Sequence[bytes]) -> PublishedMany:
        bodies = [json.loads(one)["payload"] for one in signed]
        assert all(json.loads(body["message"])["intents"] == [] for body in bodies)
        nonces = [body["nonce"] for body in bodies]
        first = nep413_hash(bodies[0]["message"].encode(), decode_nonce(nonces[0]), b"intents.near")
        name = base58.b58encode(first).decode()
        self._nonces[name] = nonces
        self._called(nonces)
        if self.publish == "drop":
            raise UnreachableError("no answer came")
        if self.publish in ("run", "swallow"):
            problem = self.execute(nonces)
            self._outcomes[name] = "failed" if problem else "settled"
            if self.publish == "swallow":
                raise UnreachableError("no answer came")
            return PublishedMany("FAILED", (), problem) if problem else PublishedMany("OK", (), "")
        if self.publish in ("late", "lose"):
            self._late += [nonces] if self.publish == "late" else []
            return PublishedMany("OK", (), "")
        if self.publish == "Unauthorized":
            raise RefusedError(self.publish)
        return PublishedMany("FAILED", (), self.publish)

    async def get_status(self, intent_hash: str) -> IntentStatus:
        self._called(self._nonces[intent_hash])
        if self.status == "down":
            raise UnreachableError("no answer came")
        told = self._outcomes.get(intent_hash, "not found") if self.status == "truth" else self.status
        if told == "settled":
            return IntentStatus("SETTLED", "tx")
        if told == "pending":
            return IntentStatus("PENDING", None)
        return IntentStatus("NOT_FOUND_OR_NOT_VALID", None, told == "failed")

    def execute(self, nonces: Sequence[str]) -> str:
        """Use all these nonces or none; return the contract's reason."""
        head = self._chain.head
        for nonce in nonces:
            if self._deadlines[nonce] < self._chain.clock():
                return "deadline has expired"
            if salt_of(nonce) in self._chain.dead_salts:
                return "invalid salt"
            if nonce in head.used:
                return "nonce was already used"
        for nonce in nonces:
            self._chain.advance(nonce=nonce)
            self.burned.add(nonce)
        return ""

    def come_late(self) -> None:
        for nonces in self._late:
            self.execute(nonces)
        self._late.clear()

    def _called(self, nonces: Sequence[str]) -> None:
        self.calls.setdefault(tuple(sorted(nonces)), []).append(self._chain.clock())


MOST_SENT = 80
"""Quotes: amounts are powers of three, and the Verifier has none of more than 128 bits."""


class HardStops(RuleBasedStateMachine):
    """One chain, one history, and runs of a desk that stop hard and are killed."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = StillLoop()
        self.clock = Clock()
        self.chain = Chain(self.clock)
        self.chain.head.balances = btc_eure(10**9, 10**15)
        self.history = MemoryHistory()
        self.node = Node(self.chain)
        self.deadlines: dict[str, int] = {}
        self.relay = FakeRelay(self.chain, self.deadlines)
        self.sent: list[Commitment] = []
        self.settled: list[Commitment] = []
        self.cleaned_until_ns = 0
        self.runs = 0
        self.task: asyncio.Task[None] | None = None
        self._begin(None)
        self._read()
        self.run.flush()

    def _begin(self, previous: PreviousRun | None) -> None:
        self.runs += 1
        self.run = DeskRun(self.clock, self.chain, self.history, self.runs)
        self.loop.run_until_complete(self.run.start(previous))
        self.relay.calls.clear()
        self.gate = asyncio.Event()
        self.paused = False
        self.asked_for_balances = False
        signer = Signer(
            SECRET, "maker.near", DEFAULT_TOKENS, ceiling=10**30, longest_ns=2**62, now_ns=lambda: 0, random=Counted()
        )
        self.burner = HardStopRun(
            "maker.near",
            self.run.book,
            signer,
            self.relay,
            self.node,
            env=Environment(wall_ns=self.clock, monotonic_ns=self.clock, new_id=lambda: "id"),
            recorder=_Durable(self.run),
            request_sync=self._ask_for_balances,
            pause=self._pause,
        )
        self.task = self.loop.create_task(self.burner.run())

    def _ask_for_balances(self) -> None:
        self.asked_for_balances = True

    async def _pause(self, seconds: float) -> None:
        self.gate.clear()
        self.paused = True
        await self.gate.wait()

    async def _spin(self) -> None:
        """Run the hard stop until it pauses, or has nothing to do."""
        for count in range(5_000):
            if count > 60 and (self.paused or not self.burner.active):
                return
            await asyncio.sleep(0)

    def _round(self) -> None:
        self.clock.pass_ms(int(PAUSE_S * 1_000))
        self.chain.advance()
        self.run.tick()
        self.paused = False
        self.gate.set()
        self.loop.run_until_complete(self._spin())
        if self.asked_for_balances:
            self.asked_for_balances = False
            self._read()

    def _read(self) -> None:
        self.loop.run_until_complete(self.run.inventory.sync("poll"))

    def _open(self) -> list[Commitment]:
        over = {one.quote_hash for one in self.settled}
        return [
            one
            for one in self.sent
            if one.quote_hash not in over and one.nonce not in self.relay.burned and one.deadline_ns >= self.clock()
        ]

    def _progress(self) -> HardStopState | None:
        return self.burner.progress()

    # What the desk and takers do.

    @precondition(lambda self: self.run.inventory.ledger.balance is not None)
    @rule(count=st.integers(1, 4), salt=st.integers(0, 2), life=st.sampled_from(LIVES_MS), refused=st.booleans())
    def send(self, count: int, salt: int, life: int, refused: bool) -> None:
        """Sign quotes; the relay keeps all of them, also those that it says it refuses."""
        if SALTS[salt] in self.chain.dead_salts or len(self.sent) + count > MOST_SENT:
            return
        for _ in range(count):
            number = len(self.sent)

            def nonce(deadline_ns: int, number: int = number) -> str:
                return base64.b64encode(pack_nonce(SALTS[salt], deadline_ns, number.to_bytes(15, "big"))).decode()

            made = self.run.send(
                str(number), amount_in=3**number + 7, amount_out=100 + 2**number, life_ms=life, nonce=nonce
            )
            self.deadlines[made.nonce] = made.deadline_ns
            self.sent.append(made)
            if refused:
                self.run.refuse(made)

    @rule(pick=picks, claimed=st.booleans())
    def settle(self, pick: int, claimed: bool) -> None:
        can = [one for one in self._open() if salt_of(one.nonce) not in self.chain.dead_salts]
        if not can:
            return
        made = can[pick % len(can)]
        self.chain.settle(made)
        self.settled.append(made)
        if claimed:
            self.run.book.on_status(QuoteStatus(made.quote_hash, "intent", "tx"))

    @rule()
    def stop_hard(self) -> None:
        self.burner.start()

    @precondition(lambda self: self.run.inventory.ledger.balance is not None)
    @rule(
        counts=st.lists(st.integers(0, 5), min_size=3, max_size=3),
        way=st.sampled_from(PUBLISH),
        told=st.sampled_from(STATUS),
        events=meanwhile,
    )
    def stop_hard_while(self, counts: list[int], way: str, told: str, events: list[tuple[str, int, int]]) -> None:
        """A whole stop, and what happens between its rounds: single steps hardly ever make one."""
        for salt, count in enumerate(counts):
            self.send(count, salt, LIVES_MS[-1], refused=count % 2 == 1)
        self.relay.publish, self.relay.status = way, told
        self.burner.start()
        for name, pick, rounds in events:
            self.rounds(rounds)
            self._happens(name, pick)
        self.rounds(5)

    def _happens(self, name: str, pick: int) -> None:
        match name:
            case "settle" | "claim":
                self.settle(pick, claimed=name == "claim")
            case "late":
                self.relay.come_late()
            case "salt":
                self.a_salt_is_invalidated(pick % 3)
            case "lie":
                self.node.lies ^= {SALTS[pick % 3]}
            case "clean":
                self.nonces_are_cleaned_up()
            case "node":
                self.chain.down = {("nonces", "salts", "balances")[pick % 3]}
            case "mended":
                self.chain.down, self.relay.publish, self.relay.status = set(), "run", "truth"
            case "publish":
                self.relay.publish = PUBLISH[pick % len(PUBLISH)]
            case "status":
                self.relay.status = STATUS[pick % len(STATUS)]
            case "stop":
                self.burner.start()
            case "send":
                self.send(1 + pick % 3, pick % 3, LIVES_MS[pick % 3], refused=pick % 2 == 1)

    @rule(count=st.integers(1, 40))
    def rounds(self, count: int) -> None:
        for _ in range(count):
            self._round()

    # What the peers do.

    @rule(way=st.sampled_from(PUBLISH))
    def publications_end(self, way: str) -> None:
        self.relay.publish = way

    @rule(told=st.sampled_from(STATUS))
    def statuses_are(self, told: str) -> None:
        self.relay.status = told

    @rule()
    def late_calls_arrive(self) -> None:
        self.relay.come_late()

    @rule(down=st.sets(st.sampled_from(["balances", "nonces", "salts", "block"])))
    def the_node_answers_no_more(self, down: set[str]) -> None:
        self.chain.down = down

    @rule(salt=st.integers(0, 2))
    def a_salt_is_invalidated(self, salt: int) -> None:
        if len(self.chain.dead_salts) < 2:
            self.chain.dead_salts.add(SALTS[salt])

    @rule(salt=st.integers(0, 2))
    def the_node_lies_about_a_salt(self, salt: int) -> None:
        self.node.lies ^= {SALTS[salt]}

    @rule()
    def nonces_are_cleaned_up(self) -> None:
        """Anybody may have the contract forget nonces past their deadline or with an invalidated salt.

        Fills that are not booked yet are spared: one that was forgotten so soon stays an unexplained difference.
        """
        head = self.chain.head
        waiting = {one.nonce for one in self.settled if self.run.book.reservations.is_signed(one.quote_hash)}
        gone = {
            nonce
            for nonce in head.used - waiting
            if salt_of(nonce) in self.chain.dead_salts or self.deadlines[nonce] < self.clock()
        }
        self.chain.advance()
        self.chain.head.used = head.used - gone
        self.cleaned_until_ns = max([self.cleaned_until_ns, *(self.deadlines[nonce] for nonce in gone)])

    @rule()
    def read(self) -> None:
        self._read()

    @rule(ms=st.integers(1, 5_000))
    def time_passes(self, ms: int) -> None:
        self.clock.pass_ms(ms)
        self.chain.advance()
        self.run.tick()

    @precondition(lambda self: self.clock() > self.cleaned_until_ns)
    @rule()
    def the_desk_is_killed(self) -> None:
        self._end()
        self.clock.pass_ms(1_000)
        self._begin(self.run.end(clean=False))

    def _end(self) -> None:
        assert self.task is not None
        self.task.cancel()
        self.loop.run_until_complete(asyncio.gather(self.task, return_exceptions=True))

    # What must always be.

    @invariant()
    def what_may_still_settle_is_signed_whatever_a_peer_says(self) -> None:
        held = {one.quote_hash for one in self.run.book.reservations.signed()}
        assert {one.quote_hash for one in self._open()} <= held

    @invariant()
    def calls_about_the_same_quotes_are_fifteen_seconds_apart(self) -> None:
        for nonces, times in self.relay.calls.items():
            gaps = [later - earlier for earlier, later in pairwise(times)]
            assert all(gap >= 15 * NS_PER_S for gap in gaps), (nonces, gaps)

    @invariant()
    def the_counts_add_up(self) -> None:
        stop = self._progress()
        if stop is not None:
            assert stop.burned + stop.settled + stop.expired + stop.left + stop.unburnable == stop.asked

    @invariant()
    def outcomes_are_recorded_once_and_happened(self) -> None:
        booked = Counter(results(self.history, "settled"))
        assert set(booked) <= {one.quote_hash for one in self.settled}
        assert all(count == 1 for count in booked.values())
        burned = {one.quote_hash for one in self.sent if one.nonce in self.relay.burned}
        assert set(results(self.history, "burned")) <= burned
        assert self.task is not None
        assert not self.task.done(), "the hard stop broke"

    def teardown(self) -> None:
        try:
            self._mend()
            self._stop_to_the_end()
            self._let_everything_expire()
        finally:
            self._end()
            self.loop.close()

    def _mend(self) -> None:
        self.relay.publish, self.relay.status = "run", "truth"
        self.chain.down, self.node.lies = set(), set()
        self.relay.come_late()
        for _ in range(3):
            self._read()

    def _stop_to_the_end(self) -> None:
        self.burner.start()
        began = self.clock()
        while self.burner.active and self.clock() - began < ENDS_WITHIN_S * NS_PER_S:
            self._round()
            self._read()
        stop = self._progress()
        assert not self.burner.active, stop
        left = {salt_of(one.nonce) for one in self._open()}
        assert left <= self.chain.dead_salts, "what can be burned was burned, or had ended"

    def _let_everything_expire(self) -> None:
        self.clock.pass_ms(100_000)
        for _ in range(6):
            self._round()
            self._read()
        self.run.tick()
        self.run.flush()
        assert sorted(results(self.history, "settled")) == sorted(one.quote_hash for one in self.settled)
        assert self.run.inventory.ledger.unexplained == NOTHING
        assert self.run.book.reservations.signed_count() == 0


class _Durable(MemoryRecorder):
    """What the hard stop waits for is on record; everything else is lost with the run."""

    def __init__(self, run: DeskRun) -> None:
        super().__init__([])
        self._run = run

    async def flush(self) -> None:
        self._run.flush()


HardStops.TestCase.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
TestHardStops = HardStops.TestCase


def test_fills_amid_a_stop_whose_desk_was_killed_are_told_from_its_burnings() -> None:
    # Every nonce is used then, by a fill or by its burning, and no record says by which: only the balances do.
    state = HardStops()
    rounds = [("settle", 0, 1), ("settle", 9_999, 11), ("settle", 0, 19), ("publish", 0, 1), *[("settle", 0, 1)] * 3]
    state.stop_hard_while(counts=[5, 5, 5], events=rounds, told="truth", way="gas overflow")
    assert len(state.settled) == 4
    state.the_desk_is_killed()
    state.teardown()
