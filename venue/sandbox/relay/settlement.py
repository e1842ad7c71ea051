"""A published intent's way to settlement: status, the chain's delay, the call on the ledger, the fills."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import base58
import msgspec

from venue.sandbox.base.runtime import Background
from venue.sandbox.base.seeding import derive, rng
from venue.sandbox.relay.auction import Answer
from venue.sandbox.verifier.ledger import Executed, Ledger
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.payload import SignedMessage, TokenDiff, open_payload

Status = Literal["PENDING", "TX_BROADCASTED", "SETTLED", "NOT_FOUND_OR_NOT_VALID"]


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


class Settlement:
    """Settles published intents after a seeded delay between the two of ``delay_s``."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        seed: int,
        delay_s: tuple[float, float],
        background: Background,
        clock: Callable[[], int],
        announce: Callable[[Answer, str, Executed], None],
    ) -> None:
        self._ledger = ledger
        self._seed = seed
        self._delay_s = delay_s
        self._background = background
        self._clock = clock
        self._announce = announce
        self._started = 0
        self._published: dict[str, Published] = {}
        self.fills: list[Fill] = []
        self.counts: Counter[str] = Counter()

    def status(self, intent_hash: str) -> Published:
        """Return the intent's status; NOT_FOUND_OR_NOT_VALID for an unknown one."""
        return self._published.get(intent_hash, Published("NOT_FOUND_OR_NOT_VALID"))

    def publish(self, answers: Sequence[Answer], signed: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
        """Check the makers' quotes with the takers' payloads, start to settle, and return the takers' intent hashes.

        Raises ContractPanicError with the contract's text when the call could not succeed now.

        """
        messages = [open_payload(item) for item in signed]
        hashes = tuple(message.intent_hash for message in messages)
        if all(self.status(name).status != "NOT_FOUND_OR_NOT_VALID" for name in hashes):
            return hashes
        payloads = [*(answer.signed for answer in answers), *signed]
        report = self._ledger.simulate_intents(payloads)
        if "invariant_violated" in report:
            raise ContractPanicError(
                "invariant violated: " + msgspec.json.encode(report["invariant_violated"]).decode()
            )
        self._mark(hashes, Published("PENDING"))
        self._background.spawn(self._settle(tuple(answers), messages, payloads), f"settlement of {hashes[-1]}")
        return hashes

    async def _settle(
        self, answers: Sequence[Answer], messages: Sequence[SignedMessage], payloads: Sequence[Mapping[str, object]]
    ) -> None:
        hashes = tuple(message.intent_hash for message in messages)
        self._started += 1
        delay = rng(self._seed, "settle", self._started).uniform(*self._delay_s)
        await asyncio.sleep(delay * 0.4)
        tx_hash = base58.b58encode(derive(self._seed, "transaction", *hashes)).decode()
        self._mark(hashes, Published("TX_BROADCASTED", tx_hash))
        await asyncio.sleep(delay * 0.6)
        try:
            executed = self._ledger.execute_intents(payloads, tx_hash=tx_hash)
        except ContractPanicError as panic:
            self.counts["failed"] += 1
            self._mark(hashes, Published("NOT_FOUND_OR_NOT_VALID", tx_hash, str(panic)))
            return
        self.counts["settled"] += 1
        self._mark(hashes, Published("SETTLED", executed.tx_hash))
        at_ns = self._clock()
        for message in (*(open_payload(answer.signed) for answer in answers), *messages):
            self._record(message, hashes[-1], executed, at_ns)
        for answer in answers:
            self._announce(answer, hashes[-1], executed)

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
        self._published.update(dict.fromkeys(hashes, state))
