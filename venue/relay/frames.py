"""The messages that a maker sends to the Solver Relay."""

from typing import Literal

import msgspec

from cockpit.model.events import SwapDemand
from venue.relay.messages import Delivery


class SignedPayload(msgspec.Struct, frozen=True):
    """The NEP-413 payload on the wire."""

    message: str
    nonce: str
    recipient: str


class SignedData(msgspec.Struct, frozen=True, kw_only=True):
    """A signed message as the relay and the Verifier accept it."""

    standard: Literal["nep413"] = "nep413"
    payload: SignedPayload
    signature: str
    public_key: str


class _AmountOut(msgspec.Struct, frozen=True):
    amount_out: str


class _AmountIn(msgspec.Struct, frozen=True):
    amount_in: str


class _Answer(msgspec.Struct, frozen=True):
    quote_id: str
    quote_output: _AmountOut | _AmountIn
    signed_data: SignedData


DeclineType = Literal[
    "NO_LIQUIDITY",
    "INSUFFICIENT_AMOUNT",
    "UNEXPECTED_ERROR",
    "DEADLINE_EXCEEDED",
    "PRICE_DIFFERENCE_TOO_LARGE",
    "SAME_TOKEN",
    "UNSUPPORTED_TOKENS",
    "MARKET_LIMIT",
    "STALE_DATA",
]
"""Why a maker does not quote, as in the vendor's solver SDK."""


class Decline(msgspec.Struct, frozen=True, omit_defaults=True):
    """``quote_output`` of an answer that declines. ``min_amount``: base units of what the request fixed, as text."""

    type: DeclineType
    min_amount: str | None = None
    time_to_liquidity_ms: int | None = None


class _DeclineAnswer(msgspec.Struct, frozen=True):
    quote_id: str
    quote_output: Decline


class _Call(msgspec.Struct, frozen=True, kw_only=True):
    jsonrpc: Literal["2.0"] = "2.0"
    id: int
    method: str
    params: tuple[object, ...]


_encode = msgspec.json.Encoder().encode


def subscribe_frame(request_id: int, params: tuple[object, ...]) -> bytes:
    """Build the request that opens a stream; its result is the subscription's id."""
    return _encode(_Call(id=request_id, method="subscribe", params=params))


def acknowledge_frame(request_id: int, delivery: Delivery) -> bytes:
    """Build the message after which the relay does not deliver the event again."""
    return _encode(_Call(id=request_id, method="acknowledge", params=(delivery.subscription, delivery.seq)))


def decline_frame(request_id: int, quote_id: str, decline: Decline) -> bytes:
    """Build an answer that declines a request; nothing in it is signed."""
    return _encode(_Call(id=request_id, method="quote_response", params=(_DeclineAnswer(quote_id, decline),)))


def quote_frame(request_id: int, request: SwapDemand, *, amount_in: int, amount_out: int, signed: SignedData) -> bytes:
    """Build the answer to a quote request: the amount the request left open, and the signed token_diff."""
    output = _AmountIn(str(amount_in)) if request.amount_in is None else _AmountOut(str(amount_out))
    return _encode(_Call(id=request_id, method="quote_response", params=(_Answer(request.quote_id, output, signed),)))
