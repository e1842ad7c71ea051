"""One request's auction: the request, the makers' answers, and every reason to refuse an answer."""

import asyncio

import msgspec

from venue.protocol.units import NS_PER_MS
from venue.sandbox.relay.errors import GONE, GONE_TEXT, INVALID_PARAMS, NOT_VALID, AuctionRefusedError
from venue.sandbox.relay.quote_request import MAX_WAIT_MS, QuoteRequest, Window, window_of
from venue.sandbox.relay.responses import Decline, Output, Response
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.intent_types import TokenDiff
from venue.sandbox.wire.payload import SignedMessage, as_signed, open_signed
from venue.sandbox.wire.scalars import parse_amount, parse_token_id
from venue.sandbox.wire.standards import Signed
from venue.sandbox.wire.timestamps import format_timestamp

MAX_ANSWERS = 1_000
"""Answers to one request that are taken."""
MAX_DECLINES = 100
MAX_DEADLINE_MS = 7 * 24 * 3_600_000
"""The longest life of a quote that a taker may ask for."""


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Params of the RPC ``quote``."""

    asset_in: str = msgspec.field(name="defuse_asset_identifier_in")
    asset_out: str = msgspec.field(name="defuse_asset_identifier_out")
    exact_amount_in: str | None = None
    exact_amount_out: str | None = None
    min_deadline_ms: int = 60_000
    wait_ms: int | None = None
    min_wait_ms: int | None = None
    max_wait_ms: int | None = None
    protocol_fee_included: bool | None = None
    trusted_metadata: dict[str, object] | None = None

    def request(self, quote_id: str) -> QuoteRequest:
        """Return the request to broadcast; AuctionRefusedError when its assets or amounts are invalid."""
        if (self.exact_amount_in is None) == (self.exact_amount_out is None):
            raise AuctionRefusedError(INVALID_PARAMS, "exactly one of exact_amount_in and exact_amount_out is expected")
        try:
            amounts = [
                None if text is None else parse_amount(text) for text in (self.exact_amount_in, self.exact_amount_out)
            ]
            for token_id in (self.asset_in, self.asset_out):
                parse_token_id(token_id)
        except ValueError as error:
            raise AuctionRefusedError(INVALID_PARAMS, str(error)) from error
        if 0 in amounts or self.asset_in == self.asset_out or not 0 <= self.min_deadline_ms <= MAX_DEADLINE_MS:
            raise AuctionRefusedError(INVALID_PARAMS, "two assets, an amount above zero and a deadline are expected")
        return QuoteRequest(
            quote_id=quote_id,
            asset_in=self.asset_in,
            asset_out=self.asset_out,
            amount_in=amounts[0],
            amount_out=amounts[1],
            min_deadline_ms=self.min_deadline_ms,
            min_wait_ms=self.min_wait_ms,
            max_wait_ms=self.max_wait_ms,
            protocol_fee_included=self.protocol_fee_included,
            trusted=self.trusted_metadata,
        )

    def window(self) -> Window:
        """Return how long the auction lasts; ``wait_ms``, which is deprecated, sets it to the millisecond."""
        if self.wait_ms is None:
            return window_of(self.min_wait_ms, self.max_wait_ms, leg=self.protocol_fee_included is True)
        least = min(max(0, self.wait_ms), MAX_WAIT_MS)
        most = least if self.max_wait_ms is None else min(max(least, self.max_wait_ms), MAX_WAIT_MS)
        return Window(least, 0, most)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A maker's signed answer: it receives ``amount_in`` and gives ``amount_out``, base units."""

    maker: str
    quote_hash: str
    asset_in: str
    asset_out: str
    amount_in: int
    amount_out: int
    deadline_ns: int
    signed: Signed

    def option(self) -> dict[str, object]:
        """Return the answer as ``quote`` shows it to the taker."""
        return {
            "quote_hash": self.quote_hash,
            "defuse_asset_identifier_in": self.asset_in,
            "defuse_asset_identifier_out": self.asset_out,
            "amount_in": str(self.amount_in),
            "amount_out": str(self.amount_out),
            "expiration_time": format_timestamp(self.deadline_ns),
        }


def read_answer(request: QuoteRequest, response: Response, now_ns: int) -> Answer:
    """Read a ``quote_response``; AuctionRefusedError when it is not signed or does not match the request."""
    try:
        (signed,) = as_signed([response.signed_data or {}])
        message = open_signed(signed)
    except ContractPanicError as panic:
        raise AuctionRefusedError(NOT_VALID, str(panic)) from panic
    amount_in, amount_out = _amounts(request, response.quote_output)
    if _diff(message) != {request.asset_in: amount_in, request.asset_out: -amount_out}:
        raise AuctionRefusedError(NOT_VALID, "signed token_diff does not match the quote")
    if message.deadline_ns < now_ns + request.min_deadline_ms * NS_PER_MS:
        raise AuctionRefusedError(
            NOT_VALID, f"deadline is too early, at least {request.min_deadline_ms} ms are expected"
        )
    return Answer(
        maker=message.signer_id,
        quote_hash=message.intent_hash,
        asset_in=request.asset_in,
        asset_out=request.asset_out,
        amount_in=amount_in,
        amount_out=amount_out,
        deadline_ns=message.deadline_ns,
        signed=signed,
    )


def _amounts(request: QuoteRequest, output: Output) -> tuple[int, int]:
    exact_in = request.amount_in is not None
    text, other = (output.amount_out, output.amount_in) if exact_in else (output.amount_in, output.amount_out)
    name = "amount_out" if exact_in else "amount_in"
    if text is None:
        raise AuctionRefusedError(INVALID_PARAMS, f"quote_output must hold {name}")
    try:
        counter = parse_amount(text)
        exact = None if other is None else parse_amount(other)
    except ValueError as error:
        raise AuctionRefusedError(INVALID_PARAMS, f"quote_output: {error}") from error
    # Makers of several programs state both amounts. The documents name one, and do not forbid the other.
    if exact not in (None, request.amount_in if exact_in else request.amount_out):
        raise AuctionRefusedError(INVALID_PARAMS, "quote_output holds another amount than the request")
    if request.amount_in is not None:
        return request.amount_in, counter
    assert request.amount_out is not None
    return counter, request.amount_out


def _diff(message: SignedMessage) -> dict[str, int]:
    if len(message.intents) != 1 or not isinstance(message.intents[0], TokenDiff):
        raise AuctionRefusedError(NOT_VALID, "a quote is signed as exactly one token_diff")
    return {str(token): int(delta) for token, delta in message.intents[0].diff.items()}


class Auction:
    """The answers to one request, best first. ``offset_ns`` is the market time whose mid the rivals quote around."""

    def __init__(self, request: QuoteRequest, offset_ns: int) -> None:
        self.request = request
        self.offset_ns = offset_ns
        self.answered = asyncio.Event()
        self._answers: dict[str, Answer] = {}
        self.declines: list[Decline] = []

    def enter(self, answer: Answer, *, refuse_worse: bool = False) -> None:
        """Add the answer. AuctionRefusedError past the bound; with ``refuse_worse`` when one as good is present."""
        if refuse_worse and self._answers and self._rank(answer) >= self._rank(self.options()[0]):
            raise AuctionRefusedError(GONE, GONE_TEXT)
        if len(self._answers) >= MAX_ANSWERS:
            raise AuctionRefusedError(INVALID_PARAMS, "too many answers to one request")
        self._answers[answer.quote_hash] = answer
        self.answered.set()

    def decline(self, decline: Decline) -> None:
        """Add a decline; it does not end the auction earlier."""
        if len(self.declines) < MAX_DECLINES:
            self.declines.append(decline)

    def options(self) -> list[Answer]:
        """Return all answers, the taker's best first, and the earlier of equal ones."""
        return sorted(self._answers.values(), key=self._rank)

    def _rank(self, answer: Answer) -> int:
        return -answer.amount_out if self.request.amount_in is not None else answer.amount_in
