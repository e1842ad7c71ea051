"""What the exchanges' websockets have in common: a protocol of one connection, and how its messages are written."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from venue.sandbox.base.fault_values import MarketState
from venue.sandbox.wire.timestamps import format_timestamp

Message = Mapping[str, object]
MOST_NAMED = 200
"""Symbols or channels that one message may name; a client that names more is flooding."""
_LONGEST_NAME = 64


class Dialect(Protocol):
    """One exchange's protocol on one connection."""

    heartbeat_s: float | None

    def replies(self, message: Message) -> list[Message]:
        """Return the answers to a client's message, which may start or end subscriptions."""
        ...

    def tick(self) -> list[Message]:
        """Return the updates to send."""
        ...

    def heartbeat(self, at_ns: int) -> list[Message]:
        """Return the heartbeats to send."""
        ...

    def status(self, state: MarketState, at_ns: int) -> Message | None:
        """Return what the stream says of the market, None when it says nothing of that."""
        ...


def utc(at_ns: int) -> str:
    """Format as RFC 3339 with microseconds, as the exchanges do."""
    return f"{format_timestamp(at_ns)[:19]}.{at_ns % 1_000_000_000 // 1_000:06d}Z"


def section(message: Message, name: str) -> Message:
    found = message.get(name)
    return found if isinstance(found, Mapping) else {}


def shown(name: object) -> str:
    """Return a client's word for a refusal, cut to a bounded length."""
    return (name if isinstance(name, str) else msgspec.json.encode(name).decode())[:_LONGEST_NAME]


def number(value: Decimal, places: int) -> msgspec.Raw:
    """Write a JSON number with all its decimals, zeros too."""
    return msgspec.Raw(f"{value:.{places}f}".encode())


ENCODER = msgspec.json.Encoder(decimal_format="number")
