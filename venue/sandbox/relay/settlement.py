"""A published intent's way to settlement: status, the chain's delay, the call on the ledger, the fills."""

import asyncio
import math
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Literal

import base58
import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.base.bounded import Newest
from venue.sandbox.base.runtime import Background
from venue.sandbox.base.seeding import derive, rng
from venue.sandbox.config import Pace
from venue.sandbox.relay.auction import Answer
from venue.sandbox.relay.errors import FAILED, AuctionRefusedError
from venue.sandbox.relay.mempool import Mempool
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.outcomes import Executed
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.intent_types import TokenDiff
from venue.sandbox.wire.payload import SignedMessage, as_signed, open_signed
from venue.sandbox.wire.standards import Signed

Progress = Literal["quote_ready_to_settle", "quote_settle_successful", "quote_settle_failed"]
"""``event_type`` of ``quote_status_extended``."""
Status = Literal["PENDING", "TX_BROADCASTED", "SETTLED", "NOT_FOUND_OR_NOT_VALID"]

MOST_INTENTS = 50_000
"""Intents whose status the relay knows: the newest."""
MOST_FILLS = 50_000
"""Fills that are told: the newest."""

ALREADY_PROCESSED = "already processed"
"""The relay's reason for intents that it has from an earlier call: they are taken."""

PRODUCTION_S = ((0.0, 0.8), (0.5, 2.0), (0.9, 10.0), (0.99, 356.0), (1.0, 600.0))
"""From publishing to settlement at the real venue: share of the settlements, and the seconds within which they came.
The median and the two after it were measured, the ends are assumed."""


def production_delay_s(share: float) -> float:
    """Return the seconds within which this share of the real settlements (0 to 1) came."""
    for (low, least), (high, most) in pairwise(PRODUCTION_S):
        if share <= high:
            return math.exp(math.log(least) + (share - low) / (high - low) * math.log(most / least))
    return PRODUCTION_S[-1][1]


class Fill(msgspec.Struct, frozen=True, kw_only=True):
    """A ``token_diff`` that the ledger executed, with its payload, its transaction and every balance it moved.

    Amounts are signed base units from the account's side, as text. ``intent_hash`` is the taker's.
    """

    account: str
    quote_hash: str
    intent_hash: str
    tx_hash: str
    height: int
    at_ns: int
    diff: dict[str, str]


class Published(msgspec.Struct, frozen=True):
    """The status of a published intent; ``tx_hash`` is known from TX_BROADCASTED on."""

    status: Status
    tx_hash: str | None = None
    reason: str = ""


_UNKNOWN = Published("NOT_FOUND_OR_NOT_VALID")


class Settlement:
    """Settles published intents with the first block after a seeded delay: between the two of ``delay_s``, or as long
    as production takes.

    ``indexed_after_s``: for so long after its publication the status of an intent is not known. ``quotes_delay_s``: the
    delay of settlements of quotes, None for that of all intents.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        mempool: Mempool,
        seed: int,
        delay_s: tuple[float, float],
        pace: Pace,
        indexed_after_s: Callable[[], float],
        quotes_delay_s: Callable[[], tuple[float, float] | None] = lambda: None,
        background: Background,
        clock: Callable[[], int],
        announce: Callable[[Answer, str, Executed], None],
        progress: Callable[[Progress, Answer, str, str], None],
    ) -> None:
        self._ledger = ledger
        self._mempool = mempool
        self._seed = seed
        self._delay_s = delay_s
        self._pace = pace
        self._indexed_after_s = indexed_after_s
        self._quotes_delay_s = quotes_delay_s
        self._background = background
        self._clock = clock
        self._announce = announce
        self._progress = progress
        self._started = 0
        self._published: Newest[str, Published] = Newest(MOST_INTENTS)
        self._published_ns: Newest[str, int] = Newest(MOST_INTENTS)
        self.fills: deque[Fill] = deque(maxlen=MOST_FILLS)
        self.counts: Counter[str] = Counter()

    def status(self, intent_hash: str) -> Published:
        """Return the intent's status; NOT_FOUND_OR_NOT_VALID for one that is unknown or not indexed yet."""
        indexed_ns = self._published_ns.get(intent_hash, 0) + int(self._indexed_after_s() * NS_PER_S)
        if intent_hash in self._published_ns and self._clock() < indexed_ns:
            return _UNKNOWN
        return self._published.get(intent_hash, _UNKNOWN)

    def publish(self, answers: Sequence[Answer], signed: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
        """Check the makers' quotes with the takers' payloads, start to settle, and return the takers' intent hashes.

        Raises ContractPanicError with the contract's text when the call could not succeed now, AuctionRefusedError for
        intents that were published before.
        """
        taken = as_signed(signed)
        messages = [open_signed(item) for item in taken]
        hashes = tuple(message.intent_hash for message in messages)
        if all(self._published.get(name, _UNKNOWN).status != "NOT_FOUND_OR_NOT_VALID" for name in hashes):
            raise AuctionRefusedError(FAILED, ALREADY_PROCESSED)
        payloads = [*(answer.signed for answer in answers), *taken]
        report = self._ledger.simulate_intents(payloads)
        if "invariant_violated" in report:
            raise ContractPanicError(
                "invariant violated: " + msgspec.json.encode(report["invariant_violated"]).decode()
            )
        self._mark(hashes, Published("PENDING"))
        for name in hashes:
            self._published_ns[name] = self._clock()
        for answer in answers:
            self._progress("quote_ready_to_settle", answer, hashes[-1], "")
        self._background.spawn(self._settle(tuple(answers), messages, payloads), f"settlement of {hashes[-1]}")
        return hashes

    async def _settle(
        self, answers: Sequence[Answer], messages: Sequence[SignedMessage], payloads: Sequence[Signed]
    ) -> None:
        hashes = tuple(message.intent_hash for message in messages)
        self._started += 1
        delay = self._delay(self._started, of_quotes=bool(answers))
        await asyncio.sleep(delay * 0.4)
        tx_hash = base58.b58encode(derive(self._seed, "transaction", *hashes)).decode()
        self._mark(hashes, Published("TX_BROADCASTED", tx_hash))
        await asyncio.sleep(delay * 0.6)
        try:
            executed = await self._mempool.execute(payloads, tx_hash=tx_hash)
        except ContractPanicError as panic:
            self.counts["failed"] += 1
            # One of them may have settled in another call, which this one repeats.
            left = [name for name in hashes if self._published.get(name, _UNKNOWN).status != "SETTLED"]
            self._mark(left, Published("NOT_FOUND_OR_NOT_VALID", tx_hash, str(panic)))
            for answer in answers:
                self._progress("quote_settle_failed", answer, hashes[-1], tx_hash)
            return
        self.counts["settled"] += 1
        self._mark(hashes, Published("SETTLED", executed.tx_hash))
        at_ns = self._clock()
        for message in (*(open_signed(answer.signed) for answer in answers), *messages):
            self._record(message, hashes[-1], executed, at_ns)
        for answer in answers:
            self._announce(answer, hashes[-1], executed)

    def _delay(self, number: int, *, of_quotes: bool) -> float:
        chance = rng(self._seed, "settle", number)
        fault = self._quotes_delay_s() if of_quotes else None
        if fault is not None:
            return chance.uniform(*fault)
        return production_delay_s(chance.random()) if self._pace == "production" else chance.uniform(*self._delay_s)

    def _record(self, message: SignedMessage, intent_hash: str, executed: Executed, at_ns: int) -> None:
        for intent in message.intents:
            if isinstance(intent, TokenDiff):
                fill = Fill(
                    account=message.signer_id,
                    quote_hash=message.intent_hash,
                    intent_hash=intent_hash,
                    tx_hash=executed.tx_hash,
                    height=executed.height,
                    at_ns=at_ns,
                    diff={str(token): str(int(delta)) for token, delta in intent.diff.items()},
                )
                self.fills.append(fill)

    def _mark(self, hashes: Sequence[str], state: Published) -> None:
        for name in hashes:
            self._published[name] = state
