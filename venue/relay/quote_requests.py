"""What a quote request says: tokens, amounts, deadline, auction window, who asks and why.

What decides about money must be well formed, or the request is refused as malformed. Everything else is optional and
may come in any shape: what cannot be read is unknown. Sources: docs.near-intents.org (WebSocket reference) and the
vendor's solvers, which find ``trusted_metadata`` in the request; for others it is in ``metadata``.
"""

from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from cockpit.model.events import SwapDemand
from venue.protocol.assets import MAX_AMOUNT
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.relay.errors import MalformedMessageError
from venue.transport.bounds import is_line, optional_line

MAX_WAIT_MS = 3_600_000
"""An auction window beyond this is unknown; the relay itself ends every auction after 3 s."""

OLDEST_NS = 3_600 * NS_PER_S
"""A request that claims to be older than this when it arrives states no usable time."""

ROUTER_PARTNER = "router-solver"
ROUTER_SOURCE = "router"

_MAX_UPSTREAM = 4
"""How many routers a request may have come through: each wraps the metadata of the one before."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOTHING = msgspec.Raw(b"")
_decode = msgspec.json.Decoder().decode


class RequestData(msgspec.Struct, gc=False):
    """A request's fields on the wire; ``trusted_metadata`` stays undecoded in requests for other pairs."""

    quote_id: str | None = None
    defuse_asset_identifier_in: str | None = None
    defuse_asset_identifier_out: str | None = None
    exact_amount_in: str | int | None = None
    exact_amount_out: str | int | None = None
    min_deadline_ms: int | str | None = None
    min_wait_ms: Any = None
    max_wait_ms: Any = None
    protocol_fee_included: Any = None
    trusted_metadata: msgspec.Raw = NOTHING


def read_request(data: RequestData, metadata: msgspec.Raw, *, asset_in: str, asset_out: str, at_ns: int) -> SwapDemand:
    """Return the request for these two tokens that arrived ``at_ns``, UTC.

    Raises MalformedMessageError without an id, with an amount outside 1 to 2^128 - 1, with both or neither exact
    amounts, or with a deadline that is not ahead.
    """
    quote_id = data.quote_id
    if not quote_id or not is_line(quote_id):
        raise MalformedMessageError("quote_id", "the request has no usable quote_id")
    amount_in, amount_out = data.exact_amount_in, data.exact_amount_out
    if (amount_in is None) == (amount_out is None):
        raise MalformedMessageError(
            "exact_amounts", "exactly one of exact_amount_in and exact_amount_out must be given"
        )
    said = _object(metadata)
    partner_id, asked = optional_line(said.get("partner_id")), said.get("quote_timestamp")
    fee_included = _flag(data.protocol_fee_included)
    router_leg = fee_included is True or partner_id == ROUTER_PARTNER
    trusted = said.get("trusted_metadata") or _value(data.trusted_metadata)
    dry, source, quote_type, trusted_partner_id, slippage_bps = _read_trusted(trusted) if trusted else _SAYSNOTHING
    return SwapDemand(
        at_ns=at_ns,
        quote_id=quote_id,
        asset_in=asset_in,
        asset_out=asset_out,
        amount_in=None if amount_in is None else read_amount(amount_in),
        amount_out=None if amount_out is None else read_amount(amount_out),
        min_deadline_ms=_read_deadline(data.min_deadline_ms),
        partner_id=partner_id,
        traceparent=optional_line(said.get("traceparent")),
        dry=dry,
        router_leg=router_leg or source == ROUTER_SOURCE,
        asked_ns=None if asked is None else read_asked(asked, at_ns),
        min_wait_ms=_whole(data.min_wait_ms, MAX_WAIT_MS),
        max_wait_ms=_whole(data.max_wait_ms, MAX_WAIT_MS),
        protocol_fee_included=fee_included,
        source=source,
        quote_type=quote_type,
        trusted_partner_id=trusted_partner_id,
        slippage_bps=slippage_bps,
    )


def read_amount(raw: str | int) -> int:
    """Return a positive u128 from decimal text or a bare JSON integer; MalformedMessageError otherwise."""
    if isinstance(raw, str):
        if not (raw.isascii() and raw.isdigit()) or len(raw) > 39:
            raise MalformedMessageError("amount", "an amount must be a decimal string of at most 39 digits")
        raw = int(raw)
    if not 0 < raw <= MAX_AMOUNT:
        raise MalformedMessageError("amount", "an amount must be from 1 to 2^128 - 1")
    return raw


def _read_deadline(raw: str | int | None) -> int:
    if isinstance(raw, str):
        if not (raw.isascii() and raw.isdigit()) or len(raw) > 13:
            raise MalformedMessageError("deadline", "min_deadline_ms must be a whole number of milliseconds")
        raw = int(raw)
    deadline_ms = 60_000 if raw is None else raw
    if not 0 < deadline_ms <= 10**12:
        raise MalformedMessageError("deadline", "min_deadline_ms must be above zero and at most 10^12")
    return deadline_ms


def read_asked(raw: object, at_ns: int) -> int | None:
    """Return when the relay asked, UTC ns, of a request that arrived ``at_ns``.

    Read are ISO 8601 and numbers, also as text, of seconds, milliseconds, microseconds or nanoseconds since the epoch.
    None when it cannot be read, lies ahead of ``at_ns``, or more than ``OLDEST_NS`` before it.
    """
    asked_ns = _timestamp_ns(raw)
    return asked_ns if asked_ns is not None and at_ns - OLDEST_NS <= asked_ns <= at_ns else None


def _timestamp_ns(raw: object) -> int | None:
    if isinstance(raw, str):
        if not raw.isascii() or len(raw) > 40:
            return None
        if not raw.isdigit():
            return _iso_ns(raw)
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float) or not 10**9 <= raw < 10**19:
        return None
    for least, each_ns in ((10**17, 1), (10**14, 1_000), (10**11, NS_PER_MS)):
        if raw >= least:
            return int(raw) * each_ns
    return int(raw * NS_PER_S)


def _iso_ns(raw: str) -> int | None:
    try:
        at = datetime.fromisoformat(raw)
    except ValueError:
        try:
            seconds = float(raw)
        except ValueError:
            return None
        return int(seconds * NS_PER_S) if 10**9 <= seconds < 10**11 else None
    since = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 10**6 + since.microseconds) * 1_000


class _Trusted(NamedTuple):
    """The relay's own word on a request."""

    dry: bool
    source: str | None
    quote_type: str | None
    partner_id: str | None
    slippage_bps: int | None


_SAYSNOTHING = _Trusted(False, None, None, None, None)


def _read_trusted(value: object) -> _Trusted:
    # A router passes on what it was told itself: the taker's own word is in the innermost.
    origin = trusted = _mapping(value)
    for _ in range(_MAX_UPSTREAM):
        upstream = _mapping(origin.get("upstream_trusted_metadata"))
        if not upstream:
            break
        origin = upstream
    asked_for = _mapping(origin.get("quote_request_data"))
    return _Trusted(
        dry=_flag(asked_for.get("dry")) is True,
        source=optional_line(trusted.get("source")),
        quote_type=optional_line(origin.get("quote_type")),
        partner_id=optional_line(origin.get("partner_id")),
        slippage_bps=_whole(asked_for.get("slippageTolerance"), 10_000),
    )


def _object(raw: msgspec.Raw) -> dict[str, Any]:
    return _mapping(_value(raw))


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _value(raw: msgspec.Raw) -> object:
    """Decode what its frame left undecoded; None when it is missing or cannot be read."""
    if raw is NOTHING:
        return None
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _flag(value: object) -> bool | None:
    if value is None:
        return None
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value)
    return value if isinstance(value, bool) else None


def _whole(value: object, most: int) -> int | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = int(value) if value.isascii() and value.isdigit() and len(value) <= 13 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most else None
