"""A request for quotes as the relay broadcasts it, and how long its auction lasts."""

from typing import Literal

import msgspec

from venue.protocol.units import NS_PER_MS
from venue.sandbox.wire.timestamps import format_timestamp

MAX_WAIT_MS = 3_000
"""The longest the relay waits for answers."""
LEAST_WAIT_MS = 300
"""A top-level auction lasts at least so long, whatever was asked."""
GRACE_MS = 300
"""How much longer a top-level auction stays open once there are answers."""
LEG_GRACE_MS = 50
"""The same for a leg of a router, which has no least wait: with ``min_wait_ms`` 1 it is open for 51 ms in all."""

Stamp = Literal["text", "number", "iso"]
"""How ``quote_timestamp`` is written: milliseconds since the epoch as text or as a number, or ISO 8601."""


class Window(msgspec.Struct, frozen=True):
    """An auction's time in ms: it lasts ``least``, then ``grace`` once there are answers, and never over ``most``."""

    least: int
    grace: int
    most: int

    @property
    def answered(self) -> int:
        """How long it lasts when there are answers soon."""
        return min(self.least + self.grace, self.most)


def window_of(min_wait_ms: int | None, max_wait_ms: int | None, *, leg: bool) -> Window:
    """Return the window of a request that states these waits; ``leg``: its protocol fee is included."""
    most = MAX_WAIT_MS if max_wait_ms is None else min(max(1, max_wait_ms), MAX_WAIT_MS)
    least = max(min_wait_ms or 0, 0 if leg else LEAST_WAIT_MS)
    return Window(min(least, most), LEG_GRACE_MS if leg else GRACE_MS, most)


class QuoteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for quotes. Exactly one of the amounts is set, in base units.

    ``trusted``: what the relay says of the taker to makers it trusts, in the request itself with ``trusted_in_data``.
    ``bare``: without any metadata. ``deadline_as_text``: ``min_deadline_ms`` is written as a string.
    """

    quote_id: str
    asset_in: str
    asset_out: str
    amount_in: int | None
    amount_out: int | None
    min_deadline_ms: int = 60_000
    traceparent: str | None = None
    partner_id: str | None = None
    min_wait_ms: int | None = None
    max_wait_ms: int | None = None
    protocol_fee_included: bool | None = None
    trusted: dict[str, object] | None = None
    trusted_in_data: bool = False
    bare: bool = False
    deadline_as_text: bool = False
    stamp: Stamp = "text"

    @property
    def window(self) -> Window:
        return window_of(self.min_wait_ms, self.max_wait_ms, leg=self.protocol_fee_included is True)

    def data(self) -> dict[str, object]:
        """Return the request as the bus carries it."""
        exact = (
            ("exact_amount_in", self.amount_in) if self.amount_in is not None else ("exact_amount_out", self.amount_out)
        )
        deadline_ms = self.min_deadline_ms
        optional = {
            "min_wait_ms": self.min_wait_ms,
            "max_wait_ms": self.max_wait_ms,
            "protocol_fee_included": self.protocol_fee_included,
            "trusted_metadata": self.trusted if self.trusted_in_data else None,
        }
        return {
            "quote_id": self.quote_id,
            "defuse_asset_identifier_in": self.asset_in,
            "defuse_asset_identifier_out": self.asset_out,
            exact[0]: str(exact[1]),
            "min_deadline_ms": str(deadline_ms) if self.deadline_as_text else deadline_ms,
            **{name: value for name, value in optional.items() if value is not None},
        }

    def metadata(self, asked_ns: int) -> dict[str, object] | None:
        """Return trace, partner, the time of asking and the relay's own word; None for a bare request."""
        if self.bare:
            return None
        found = {
            "traceparent": self.traceparent,
            "partner_id": self.partner_id,
            "quote_timestamp": _stamp(self.stamp, asked_ns),
            "trusted_metadata": None if self.trusted_in_data else self.trusted,
        }
        return {name: value for name, value in found.items() if value is not None}


def _stamp(form: Stamp, asked_ns: int) -> str | int:
    if form == "iso":
        return format_timestamp(asked_ns)
    asked_ms = asked_ns // NS_PER_MS
    return asked_ms if form == "number" else str(asked_ms)
