"""The relay's part in a hard stop: hand a batch in, ask for its status, and what the answers say."""

from collections import Counter
from collections.abc import Sequence

from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.burning.burn_batches import Batch, salt_of
from cockpit.desk.quote_book.burning.burn_refusals import blamed
from cockpit.desk.quote_book.burning.salts import Salts
from cockpit.desk.quote_book.quote import Quote
from cockpit.model.environment import Environment
from venue.relay.rpc import Published, PublishedMany, RelayRpc
from venue.signing.errors import RefusedToSignError
from venue.signing.signer import Signer
from venue.transport.errors import RefusedError, VenueError


class BurnCalls:
    """Calls the relay about batches. ``detail``: what the newest answer was, for a person."""

    def __init__(self, book: QuoteBook, signer: Signer, relay: RelayRpc, salts: Salts, env: Environment) -> None:
        self._book = book
        self._signer = signer
        self._relay = relay
        self._salts = salts
        self._wall_ns = env.wall_ns
        self._monotonic_ns = env.monotonic_ns
        self._signed: dict[str, tuple[bytes, str]] = {}
        self.detail = ""
        self.counters: Counter[str] = Counter()

    def forget(self) -> None:
        """Drop the signed intents: nothing more is to be burned."""
        self._signed.clear()

    async def call(self, batch: Batch) -> None:
        """Publish the batch, or ask for its status where it was accepted at the last call. Raises no VenueError."""
        publishes = batch.publishes(self._wall_ns())
        if not publishes and not batch.intent_hash:
            return  # Its quotes ended since it was found to be due.
        # A call that breaks off counts: it may have arrived.
        batch.called_ns = self._monotonic_ns()
        if publishes:
            await self._publish(batch)
        else:
            batch.next = "publish"
            await self._ask(batch)

    async def _publish(self, batch: Batch) -> None:
        quotes = [quote for quote in batch.burnable(self._wall_ns()) if quote.burning and self._sign(quote)]
        if not quotes:
            return
        signed = [self._signed[quote.commitment.quote_hash] for quote in quotes]
        batch.published(quotes, signed[0][1])
        self.counters["published"] += len(quotes)
        try:
            answer = await self._publish_signed([body for body, _ in signed])
            reason = "" if answer.accepted else answer.reason or "no reason given"
            batch.repeated = answer.status != "OK"
        except RefusedError as exc:
            reason = str(exc)
        except VenueError as exc:
            # It may have arrived: the nonces, or the same call again, will show.
            self.detail = str(exc)
            return
        if not reason:
            batch.next, self.detail = "ask", "published; waiting for the chain"
            return
        self.detail = f"the relay refused a call of {len(quotes)}: {reason}"
        self.counters["refused"] += 1
        batch.in_flight = False
        self._blame(batch, quotes, reason)

    async def _publish_signed(self, bodies: Sequence[bytes]) -> Published | PublishedMany:
        if len(bodies) == 1:
            return await self._relay.publish_intent(bodies[0])
        return await self._relay.publish_intents(bodies)

    def _blame(self, batch: Batch, quotes: Sequence[Quote], reason: str) -> None:
        match blamed(reason):
            case "nonce":
                batch.suspect = True
            case "salt":
                self._salts.doubt(map(salt_of, quotes))
            case "call":
                batch.failed = True
            case "other":
                pass

    def _sign(self, quote: Quote) -> bool:
        name = quote.commitment.quote_hash
        if name not in self._signed:
            try:
                signed = self._signer.sign_burning(quote.commitment.nonce)
            except RefusedToSignError as exc:
                self.detail = str(exc)
                return False
            self._signed[name] = (signed.sent, signed.hash)
        return True

    async def _ask(self, batch: Batch) -> None:
        # The relay's reports distinguish equal fills and burnings, where balances cannot.
        self.counters["asked"] += 1
        try:
            status = await self._relay.get_status(batch.intent_hash)
        except VenueError as exc:
            # The chain is asked in any case, and the call is made again.
            self.detail = str(exc)
            return
        if status.status == "SETTLED":
            for quote in batch.quotes:
                self._book.burn_reported(quote.commitment.quote_hash, status.tx_hash)
            batch.suspect = True
        elif status.failed:
            batch.in_flight, batch.failed, batch.suspect = False, not batch.repeated, True
            self.detail = f"a call of {len(batch.quotes)} failed on the chain"
        if status.status == "NOT_FOUND_OR_NOT_VALID":
            # A salt may have been invalidated since it was asked about.
            self._salts.doubt(map(salt_of, batch.quotes))
