"""Requests that somebody orders, one at a time, with what their taker is to do with the answers."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal

import msgspec

from venue.protocol.assets import Token
from venue.sandbox.base.described import about
from venue.sandbox.base.seeding import derive, derive_uuid
from venue.sandbox.flow.wallet import Wallet
from venue.sandbox.relay.auction import Answer
from venue.sandbox.relay.errors import AuctionRefusedError
from venue.sandbox.relay.quote_request import MAX_WAIT_MS, QuoteRequest
from venue.sandbox.relay.relay import Relay
from venue.sandbox.verifier.intents import taker_gives, taker_receives
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError

Amount = Annotated[
    Annotated[str, msgspec.Meta(min_length=1, max_length=64)] | int,
    about("", values='whole tokens as text, such as "0.02"'),
]
Outcome = Literal["published", "refused", "left", "unanswered", "too far from the price"]
_DIGITS = (-30, 18)


class AskOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request for quotes: ``asset_in`` is what the taker gives, each by symbol or token id.

    Exactly one of ``amount_in`` and ``amount_out`` in whole tokens, as text. ``take``: whether the taker executes the
    best answer, ``after_s`` seconds after the auction, if it is no worse than ``worst`` (the least amount out, or the
    most amount in, in whole tokens). ``max_wait_ms`` ends the auction, after 3 s without it.
    """

    asset_in: str
    asset_out: str
    amount_in: Amount | None = None
    amount_out: Amount | None = None
    deadline_ms: Annotated[int, msgspec.Meta(ge=0, le=3_600_000)] = 60_000
    take: Literal["best", "none"] = "best"
    worst: Amount | None = None
    after_s: Annotated[float, msgspec.Meta(ge=0, le=3_600)] = 0.0
    partner_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    max_wait_ms: Annotated[int, msgspec.Meta(ge=1, le=MAX_WAIT_MS)] | None = None

    def text(self) -> str:
        what = f"{self.amount_in} {self.asset_in} for {self.asset_out}"
        if self.amount_in is None:
            what = f"{self.asset_in} for {self.amount_out} {self.asset_out}"
        return f"ask {what}, take {self.take}"


class ReadOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order in base units."""

    token_in: Token
    token_out: Token
    amount_in: int | None
    amount_out: int | None
    worst: int | None


def read_order(order: AskOrder, tokens: Sequence[Token]) -> ReadOrder:
    """Read the order. Raises ValueError for tokens that there are not, and for amounts that cannot be."""
    token_in, token_out = _token(order.asset_in, tokens), _token(order.asset_out, tokens)
    if token_in == token_out:
        raise ValueError("asset_in and asset_out are the same token")
    if (order.amount_in is None) == (order.amount_out is None):
        raise ValueError("give exactly one of amount_in and amount_out")
    counter = token_out if order.amount_in is not None else token_in
    return ReadOrder(
        token_in=token_in,
        token_out=token_out,
        amount_in=None if order.amount_in is None else _units("amount_in", order.amount_in, token_in),
        amount_out=None if order.amount_out is None else _units("amount_out", order.amount_out, token_out),
        worst=None if order.worst is None else _units("worst", order.worst, counter),
    )


class AskedQuotes(msgspec.Struct, frozen=True, kw_only=True):
    """The answers, best first, as a taker is shown them, and what became of them."""

    quote_id: str
    answers: list[dict[str, object]]
    outcome: Outcome


class Asker:
    """Asks with ``wallets`` of the venue's own, in turns; the same seed and order of calls ask the same."""

    def __init__(
        self,
        *,
        relay: Relay,
        ledger: Ledger,
        seed: int,
        tokens: Sequence[Token],
        wallets: tuple[Wallet, ...],
        clock: Callable[[], int],
    ) -> None:
        self._relay = relay
        self._ledger = ledger
        self._seed = seed
        self._tokens = tokens
        self._wallets = wallets
        self._clock = clock
        self._number = 0
        self.counts: Counter[str] = Counter()

    async def ask(self, order: AskOrder) -> AskedQuotes:
        """Ask, deal as ordered, and return what came of it. Raises ValueError for an order that cannot be."""
        read = read_order(order, self._tokens)
        self._number += 1
        number = self._number
        request = QuoteRequest(
            quote_id=derive_uuid(self._seed, "ordered request", number),
            asset_in=read.token_in.token_id,
            asset_out=read.token_out.token_id,
            amount_in=read.amount_in,
            amount_out=read.amount_out,
            min_deadline_ms=order.deadline_ms,
            partner_id=order.partner_id,
            max_wait_ms=order.max_wait_ms,
        )
        answers = await self._relay.quote(request)
        outcome = await self._deal(order, read, answers, number)
        self.counts[outcome] += 1
        return AskedQuotes(quote_id=request.quote_id, answers=[one.option() for one in answers], outcome=outcome)

    async def _deal(self, order: AskOrder, read: ReadOrder, answers: list[Answer], number: int) -> Outcome:
        if not answers:
            return "unanswered"
        if order.take == "none" or not self._wallets:
            return "left"
        best = answers[0]
        if read.worst is not None and (
            best.amount_out < read.worst if read.amount_in is not None else best.amount_in > read.worst
        ):
            return "too far from the price"
        await asyncio.sleep(order.after_s)
        pips = self._ledger.fee_pips
        signed = self._wallets[number % len(self._wallets)].sign_diff(
            gives=(best.asset_in, taker_gives(best.amount_in, pips)),
            takes=(best.asset_out, taker_receives(best.amount_out, pips)),
            deadline_ns=max(best.deadline_ns, self._clock()),
            salt=self._ledger.current_salt(),
            random=derive(self._seed, "nonce", "ordered request", number)[:15],
        )
        try:
            self._relay.publish((best.quote_hash,), (signed.data,))
        except (AuctionRefusedError, ContractPanicError):
            return "refused"
        return "published"


def _token(name: str, tokens: Sequence[Token]) -> Token:
    token = next((one for one in tokens if name.lower() == one.symbol.lower() or name == one.token_id), None)
    if token is None:
        known = ", ".join(one.symbol for one in tokens)
        raise ValueError(f"there is no token {name[:80]}; known are {known}")
    return token


def _units(field: str, given: str | int, token: Token) -> int:
    try:
        amount = Decimal(given)
    except InvalidOperation:
        raise ValueError(f"{field}: {str(given)!r} is not an amount of {token.symbol}") from None
    # Before it is written out: a few characters can name a number that fills the memory.
    if not amount.is_finite() or amount <= 0 or not _DIGITS[0] <= amount.adjusted() <= _DIGITS[1]:
        raise ValueError(f"{field}: {str(given)!r} {token.symbol} is out of range")
    return token.to_units(amount)
