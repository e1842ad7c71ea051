"""The Solver Relay: broadcasts requests to makers, runs the auctions, and accepts published intents."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from venue.protocol.tokens import TokenTable
from venue.sandbox.base.bounded import tally
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.base.lies import GARBAGE, statuses, untrue_settlement
from venue.sandbox.base.runtime import Background
from venue.sandbox.base.seeding import derive_uuid
from venue.sandbox.config import Pace
from venue.sandbox.relay.auction import Answer, Auction, read_answer
from venue.sandbox.relay.errors import (
    EXPIRED,
    FAILED,
    GONE,
    GONE_TEXT,
    INVALID_PARAMS,
    NOT_VALID,
    AuctionRefusedError,
)
from venue.sandbox.relay.mempool import Mempool
from venue.sandbox.relay.quote_request import QuoteRequest, Window
from venue.sandbox.relay.quote_store import QuoteStore
from venue.sandbox.relay.responses import Decline, Response, read_decline
from venue.sandbox.relay.settlement import Progress, Settlement
from venue.sandbox.relay.subscriptions import Subscriptions
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.outcomes import Executed
from venue.sandbox.wire.errors import ContractPanicError

OTHER_PAIRS = "other", "pairs"
"""What is counted once there are too many pairs to count each."""

_ENDED = 2_000
"""Requests whose auctions are over and whose late answers are still understood."""


class Relay:
    """The relay's state: subscriptions, open auctions and the quotes that may still be settled.

    ``flat`` sends events in the documented flat form. ``offset_ns`` is the market's time.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        mempool: Mempool,
        seed: int,
        clock: Callable[[], int],
        offset_ns: Callable[[], int],
        background: Background,
        faults: FaultTable,
        settle_s: tuple[float, float],
        tokens: TokenTable,
        pace: Pace = "quick",
        status_after_s: float = 0.0,
        flat: bool = False,
    ) -> None:
        self._ledger = ledger
        self._seed = seed
        self._clock = clock
        self._offset_ns = offset_ns
        self._tokens = tokens
        self._faults = faults
        self._status_after_s = status_after_s
        self._ask_count = 0
        self._auctions: dict[str, Auction] = {}
        self._ended: dict[str, QuoteRequest] = {}
        self._quotes = QuoteStore()
        self._on_open: list[Callable[[Auction, int], None]] = []
        self.requests: Counter[tuple[str, str]] = Counter()
        self.counts: Counter[str] = Counter()
        self.subscriptions = Subscriptions(seed, clock, self.counts, flat=flat)
        self.settlement = Settlement(
            ledger=ledger,
            mempool=mempool,
            seed=seed,
            delay_s=settle_s,
            pace=pace,
            indexed_after_s=self._indexed_after_s,
            quotes_delay_s=lambda: self._faults.current.quotes_settle_s,
            background=background,
            clock=clock,
            announce=self._announce,
            progress=self._announce_progress,
        )

    def on_open(self, listener: Callable[[Auction, int], None]) -> None:
        """Call ``listener`` with every new auction and how long it lasts in ms, for makers inside the venue."""
        self._on_open.append(listener)

    def next_quote_id(self) -> str:
        """Return a new id for a request that comes without one."""
        self._ask_count += 1
        return derive_uuid(self._seed, "asked", self._ask_count)

    async def quote(
        self,
        request: QuoteRequest,
        *,
        window: Window | None = None,
        offset_ns: int | None = None,
        declines: list[Decline] | None = None,
    ) -> list[Answer]:
        """Broadcast the request and return its answers, best first, once the auction is over.

        It lasts as the ``window`` says, by default the request's own. The rivals quote around the mid of market time
        ``offset_ns``, now by default. ``declines`` is filled with the makers' declines. Raises
        AuctionRefusedError when the id is in use.
        """
        if request.quote_id in self._auctions:
            raise AuctionRefusedError(INVALID_PARAMS, "quote_id is in use")
        auction = Auction(request, self._offset_ns() if offset_ns is None else offset_ns)
        self._auctions[request.quote_id] = auction
        tally(self.requests, (request.asset_in, request.asset_out), OTHER_PAIRS)
        try:
            window = window or request.window
            asked_ns = self._clock() + self._faults.skew_ns
            self.subscriptions.broadcast("quote", request.data(), request.metadata(asked_ns))
            for listener in self._on_open:
                listener(auction, window.answered)
            await _pass(window, auction.answered)
        finally:
            self._ended[request.quote_id] = self._auctions.pop(request.quote_id).request
            if len(self._ended) > _ENDED:
                del self._ended[next(iter(self._ended))]
        self._quotes.forget(self._clock())
        if declines is not None:
            declines += auction.declines
        return auction.options()

    def answer(self, response: Response) -> Answer | Decline:
        """Enter a maker's ``quote_response`` into its auction; AuctionRefusedError with the reason otherwise."""
        auction = self._auctions.get(response.quote_id)
        if auction is None:
            self._keep_late(response)
            raise AuctionRefusedError(GONE, GONE_TEXT)
        decline = read_decline(response)
        if decline is not None:
            auction.decline(decline)
            return decline
        answer = read_answer(auction.request, response, self._clock())
        try:
            self._ledger.simulate_intents([answer.signed])
        except ContractPanicError as panic:
            raise AuctionRefusedError(NOT_VALID, str(panic)) from panic
        # Whatever the relay says of an answer, it has the signature: until the deadline it can be settled.
        self._quotes.add(answer)
        auction.enter(answer, refuse_worse=self._faults.current.relay_refuses_worse)
        if self._faults.current.relay_refuses_taken:
            raise AuctionRefusedError(GONE, GONE_TEXT)
        if self._faults.current.status_lies == "settled":
            self.subscriptions.broadcast("quote_status", untrue_settlement(answer.quote_hash))
        return answer

    def _keep_late(self, response: Response) -> None:
        # Too late for the auction, and signed all the same.
        request = self._ended.get(response.quote_id)
        if request is None or read_decline(response) is not None:
            return
        with contextlib.suppress(AuctionRefusedError):
            answer = read_answer(request, response, self._clock())
            self._quotes.add(answer)

    def publish(self, quote_hashes: Sequence[str], signed: Sequence[Mapping[str, object]]) -> tuple[str, ...]:
        """Settle the quotes against the takers' payloads, and return the payloads' hashes.

        Raises AuctionRefusedError for an unknown or expired quote and for payloads that were published before,
        ContractPanicError when the call could not succeed.
        """
        if not signed:
            raise AuctionRefusedError(INVALID_PARAMS, "nothing is signed")
        answers = []
        for quote_hash in quote_hashes:
            answer = self._quotes.get(quote_hash)
            if answer is None:
                raise AuctionRefusedError(GONE, GONE_TEXT)
            if answer.deadline_ns < self._clock():
                raise AuctionRefusedError(FAILED, EXPIRED)
            answers.append(answer)
        return self.settlement.publish(answers, signed)

    def active_requests(self) -> int:
        """Return the number of requests for a market of the table so far, both directions."""
        return sum(count for pair, count in self.requests.items() if self._tokens.market(*pair) is not None)

    def _indexed_after_s(self) -> float:
        fault = self._faults.current.status_after_s
        return self._status_after_s if fault is None else fault

    def _announce(self, answer: Answer, intent_hash: str, executed: Executed) -> None:
        data: dict[str, object] = {
            "quote_hash": answer.quote_hash,
            "intent_hash": intent_hash,
            "tx_hash": executed.tx_hash,
        }
        self.counts["statuses"] += 1
        lie = self._faults.current.status_lies
        if lie == "garbage":
            self.subscriptions.send_raw(text.encode() for text in GARBAGE)
        for told in [data] if lie is None else statuses(lie, data):
            self.subscriptions.broadcast("quote_status", told)
        self._announce_progress("quote_settle_successful", answer, intent_hash, executed.tx_hash)

    def _announce_progress(self, event_type: Progress, answer: Answer, intent_hash: str, tx_hash: str) -> None:
        data: dict[str, object] = {
            "event_type": event_type,
            "quote_hash": answer.quote_hash,
            "intent_hash": intent_hash,
            "tx_hash": tx_hash,
        }
        self.subscriptions.broadcast("quote_status_extended", data)


async def _pass(window: Window, answered: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    ends = loop.time() + window.most / 1000
    await asyncio.sleep(window.least / 1000)
    if not answered.is_set():
        await _wait(answered, ends - loop.time())
    if answered.is_set():
        await asyncio.sleep(max(0.0, min(window.grace / 1000, ends - loop.time())))


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
