"""The Solver Relay's websocket messages.

Both forms of the envelope are read: the relay sends ``method: "event"`` with ``params.data``; docs.near-intents.org
shows ``method: "subscribe"`` with the fields flat in ``params``.
"""

import re
from sys import intern
from typing import Literal

import msgspec

from cockpit.model.events import SwapDemand
from venue.protocol.tokens import TokenTable
from venue.relay.errors import MalformedMessageError
from venue.relay.quote_requests import NOTHING, RequestData, read_request
from venue.transport.bounds import is_name, optional_name
from venue.transport.jsonrpc import plain

MAX_MESSAGE = 64 * 1024
"""Bytes; a quote request has a few hundred. Anything longer is counted and never parsed."""
NO_TEXT = "an error without a text"


class _Data(RequestData):
    quote_hash: str | None = None
    intent_hash: str | None = None
    tx_hash: str | None = None
    event_type: str | None = None
    seq: int | str | None = None


class _Params(_Data):
    subscription: str | None = None
    data: _Data | None = None
    metadata: msgspec.Raw = NOTHING


class RelayMessage(msgspec.Struct, gc=False):
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
    message: RelayMessage, tokens: TokenTable, at_ns: int
) -> SwapDemand | QuoteStatus | Literal["other_pair"] | None:
    """Return the event of a message; None when it is not an event.

    A request for no market of the table is recognised by its two asset ids alone. Raises MalformedMessageError for an
    invalid one of a market.
    """
    params = message.params
    if params is None or message.method not in _EVENT_METHODS:
        return None
    data = params.data or params
    asset_in = data.defuse_asset_identifier_in
    if asset_in is None:
        return None if data.quote_hash is None else _read_status(data, data.quote_hash)
    asset_out = data.defuse_asset_identifier_out
    if asset_out is None or tokens.market(asset_in, asset_out) is None:
        return "other_pair"
    # One text for all of them: a quote keeps its tokens for as long as it lives.
    asset_in, asset_out = intern(asset_in), intern(asset_out)
    return read_request(data, params.metadata, asset_in=asset_in, asset_out=asset_out, at_ns=at_ns)


def _read_status(data: _Data, quote_hash: str) -> QuoteStatus:
    event = _STATUS_EVENTS.get(data.event_type)
    if event is None:
        raise MalformedMessageError("event_type", "the status is of an unknown type")
    if not is_name(quote_hash):
        raise MalformedMessageError("quote_hash", "the status has no usable quote_hash")
    return QuoteStatus(quote_hash, optional_name(data.intent_hash), optional_name(data.tx_hash), event)


def is_plain_status(message: RelayMessage) -> bool:
    """Return whether the message is a status of the plain stream, which says nothing of its type."""
    params = message.params
    data = None if params is None else params.data or params
    return data is not None and data.quote_hash is not None and data.event_type is None


def read_delivery(message: RelayMessage) -> Delivery | None:
    """Return subscription and sequence number of an event with guaranteed delivery; None without a usable one."""
    params = message.params
    if params is None or params.subscription is None or not is_name(params.subscription):
        return None
    seq = params.seq if params.seq is not None or params.data is None else params.data.seq
    if isinstance(seq, str):
        return Delivery(params.subscription, seq) if seq.isascii() and seq.isdigit() and len(seq) <= 20 else None
    return Delivery(params.subscription, seq) if seq is not None and 0 <= seq < 2**64 else None


class _ErrorBody(msgspec.Struct):
    code: int | str | None = None
    message: str | None = None


_decode_error = msgspec.json.Decoder(str | _ErrorBody).decode


_is_code = re.compile(r"-?[0-9]{1,9}").fullmatch


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
    code = int(body.code) if body.code is not None and _is_code(str(body.code)) else None
    return ErrorReply(plain(body.message or f"code {body.code}") or NO_TEXT, code)


def read_reply(message: RelayMessage) -> ErrorReply | None:
    """Return the error of a reply; None when it has only a result. With both, nothing can be said of the call."""
    error = read_error(message.error)
    if error is not None and _is_given(message.result):
        return ErrorReply(plain(f"a result and an error: {error.text}"))
    return error


def _is_given(raw: msgspec.Raw) -> bool:
    return bytes(raw) not in (b"", b"null")
