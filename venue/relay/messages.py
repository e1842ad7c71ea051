"""The Solver Relay's websocket messages.

Both forms of the envelope are read: the relay sends ``method: "event"`` with ``params.data``; docs.near-intents.org
shows ``method: "subscribe"`` with the fields flat in ``params``. Amounts become ``int`` and are never read through a
float.
"""

import re
from typing import Literal

import msgspec

from cockpit.model.events import SwapDemand
from venue.protocol.assets import MAX_AMOUNT, Market
from venue.relay.errors import MalformedMessageError
from venue.transport.jsonrpc import plain

MAX_MESSAGE = 64 * 1024
"""Bytes; a quote request has a few hundred. Anything longer is counted and never parsed."""
NO_TEXT = "an error without a text"


class _Metadata(msgspec.Struct):
    traceparent: str | None = None
    partner_id: str | None = None


class _Data(msgspec.Struct):
    quote_id: str | None = None
    defuse_asset_identifier_in: str | None = None
    defuse_asset_identifier_out: str | None = None
    exact_amount_in: str | int | None = None
    exact_amount_out: str | int | None = None
    min_deadline_ms: int | str | None = None
    quote_hash: str | None = None
    intent_hash: str | None = None
    tx_hash: str | None = None
    event_type: str | None = None
    seq: int | str | None = None


class _Params(_Data):
    subscription: str | None = None
    data: _Data | None = None
    metadata: _Metadata | None = None


class RelayMessage(msgspec.Struct):
    """One JSON-RPC message from the relay; ``result`` and ``error`` stay undecoded until they are asked for."""

    id: int | str | None = None
    method: str | None = None
    params: _Params | None = None
    result: msgspec.Raw = msgspec.Raw(b"")
    error: msgspec.Raw = msgspec.Raw(b"")


StatusEvent = Literal["settled", "ready", "failed"]
_STATUS_EVENTS: dict[str | None, StatusEvent] = {
    None: "settled",
    "quote_settle_successful": "settled",
    "quote_ready_to_settle": "ready",
    "quote_settle_failed": "failed",
}
"""``event_type`` of the extended stream; the plain stream has none, and reports settlements alone."""


class QuoteStatus(msgspec.Struct, frozen=True):
    """What the relay reports of a quote, ours or another maker's.

    Only ``settled`` is a settlement. ``ready``: a taker chose the quote. ``failed``: one attempt to settle it failed;
    its signature is out until its deadline all the same.
    """

    quote_hash: str
    intent_hash: str | None
    tx_hash: str | None
    event: StatusEvent = "settled"


class Delivery(msgspec.Struct, frozen=True):
    """What names an event to the relay when it is acknowledged; ``seq`` in the form in which it came."""

    subscription: str
    seq: int | str


decode_message = msgspec.json.Decoder(RelayMessage).decode
"""Decode one frame; msgspec.DecodeError when it is not a JSON-RPC message."""

_EVENT_METHODS = ("event", "subscribe")


def read_event(
    message: RelayMessage, pair: Market, at_ns: int
) -> SwapDemand | QuoteStatus | Literal["other_pair"] | None:
    """Return the event of a message; None when it is not an event.

    A request for another pair is recognised by its two asset ids alone. Raises MalformedMessageError for an invalid
    request of the pair: no id, an amount outside 1 to 2^128 - 1, both or neither exact amounts, a deadline not ahead.
    """
    params = message.params
    if params is None or message.method not in _EVENT_METHODS:
        return None
    data = params.data or params
    asset_in = data.defuse_asset_identifier_in
    if asset_in is None:
        return None if data.quote_hash is None else _read_status(data, data.quote_hash)
    asset_out = data.defuse_asset_identifier_out
    base, quote = pair.base.token_id, pair.quote.token_id
    if not ((asset_in == base and asset_out == quote) or (asset_in == quote and asset_out == base)):
        return "other_pair"
    quote_id = data.quote_id
    if not quote_id or len(quote_id) > 128 or not quote_id.isprintable():
        raise MalformedMessageError("quote_id", "the request has no usable quote_id")
    amount_in, amount_out = data.exact_amount_in, data.exact_amount_out
    if (amount_in is None) == (amount_out is None):
        raise MalformedMessageError(
            "exact_amounts", "exactly one of exact_amount_in and exact_amount_out must be given"
        )
    deadline_ms = _read_deadline(data.min_deadline_ms)
    metadata = params.metadata
    return SwapDemand(
        at_ns=at_ns,
        quote_id=quote_id,
        asset_in=asset_in,
        asset_out=asset_out,
        amount_in=None if amount_in is None else read_amount(amount_in),
        amount_out=None if amount_out is None else read_amount(amount_out),
        min_deadline_ms=deadline_ms,
        partner_id=metadata.partner_id if metadata is not None else None,
        traceparent=metadata.traceparent if metadata is not None else None,
    )


def _read_status(data: _Data, quote_hash: str) -> QuoteStatus:
    event = _STATUS_EVENTS.get(data.event_type)
    if event is None:
        raise MalformedMessageError("event_type", "the status is of an unknown type")
    if not _is_name(quote_hash):
        raise MalformedMessageError("quote_hash", "the status has no usable quote_hash")
    intent_hash, tx_hash = (name if name and _is_name(name) else None for name in (data.intent_hash, data.tx_hash))
    return QuoteStatus(quote_hash, intent_hash, tx_hash, event)


_is_name = re.compile(r"[!-~]{1,128}").fullmatch


def read_delivery(message: RelayMessage) -> Delivery | None:
    """Return subscription and sequence number of an event with guaranteed delivery; None without a usable one."""
    params = message.params
    if params is None or params.subscription is None or not _is_name(params.subscription):
        return None
    seq = params.seq if params.seq is not None or params.data is None else params.data.seq
    if isinstance(seq, str):
        return Delivery(params.subscription, seq) if seq.isascii() and seq.isdigit() and len(seq) <= 20 else None
    return Delivery(params.subscription, seq) if seq is not None and 0 <= seq < 2**64 else None


def _read_deadline(raw: str | int | None) -> int:
    if isinstance(raw, str):
        if not (raw.isascii() and raw.isdigit()) or len(raw) > 13:
            raise MalformedMessageError("deadline", "min_deadline_ms must be a whole number of milliseconds")
        raw = int(raw)
    deadline_ms = 60_000 if raw is None else raw
    if not 0 < deadline_ms <= 10**12:
        raise MalformedMessageError("deadline", "min_deadline_ms must be above zero and at most 10^12")
    return deadline_ms


def read_amount(raw: str | int) -> int:
    """Return a positive u128 from decimal text or a bare JSON integer; MalformedMessageError otherwise."""
    if isinstance(raw, str):
        if not (raw.isascii() and raw.isdigit()) or len(raw) > 39:
            raise MalformedMessageError("amount", "an amount must be a decimal string of at most 39 digits")
        raw = int(raw)
    if not 0 < raw <= MAX_AMOUNT:
        raise MalformedMessageError("amount", "an amount must be from 1 to 2^128 - 1")
    return raw


class _ErrorBody(msgspec.Struct):
    code: int | str | None = None
    message: str | None = None


_decode_error = msgspec.json.Decoder(str | _ErrorBody).decode


class ErrorReply(msgspec.Struct, frozen=True):
    """An error of the relay: its text on one line, and its code where the relay gave one as a number."""

    text: str
    code: int | None = None


def read_error(raw: msgspec.Raw) -> ErrorReply | None:
    """Return a JSON-RPC error, a bare string or ``{code, message}``; None without an error."""
    if not _is_given(raw):
        return None
    try:
        body = _decode_error(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ErrorReply(plain(bytes(raw)[:300].decode("utf-8", "replace")))
    if isinstance(body, str):
        return ErrorReply(plain(body) or NO_TEXT)
    code = body.code if isinstance(body.code, int) else None
    return ErrorReply(plain(body.message or f"code {body.code}") or NO_TEXT, code)


def read_reply(message: RelayMessage) -> ErrorReply | None:
    """Return the error of a reply; None when it has only a result. With both, nothing can be said of the call."""
    error = read_error(message.error)
    if error is not None and _is_given(message.result):
        return ErrorReply(plain(f"a result and an error: {error.text}"))
    return error


def _is_given(raw: msgspec.Raw) -> bool:
    return bytes(raw) not in (b"", b"null")
