"""What one message of an exchange says, and how old that is. Pure."""

from decimal import Decimal

import msgspec

from venue.protocol.units import NS_PER_S
from venue.transport.bounds import LATEST_NS

AHEAD_NS = NS_PER_S
"""How far a source's time may be ahead of this machine's: both clocks may be off. What is further ahead is false."""

_MAX_DIGITS = 20


class Price(msgspec.Struct, frozen=True, gc=False):
    """Best bid and best ask, EUR per BTC.

    ``said_ns``: of when they are, by the exchange's clock, UTC; None when it cannot be read. ``sequence``: the number
    of the book's last change that they hold, where the exchange numbers them.
    """

    bid: Decimal
    ask: Decimal
    said_ns: int | None
    sequence: int | None = None


class BookAt(msgspec.Struct, frozen=True, gc=False):
    """The number of the book's last change at ``said_ns``, by the exchange's clock, UTC."""

    sequence: int
    said_ns: int | None


class MarketStatus(msgspec.Struct, frozen=True):
    """Why the market does not trade, in the exchange's words; empty while it does."""

    problem: str


Reading = Price | BookAt | MarketStatus


def by_own_clock(said_ns: int, received_ns: int, ahead_ns: int) -> int | None:
    """Return a source's time by this machine's clock, which is ``ahead_ns`` ahead: never later than ``received_ns``.

    None for a time more than ``AHEAD_NS`` after that: it is not believed.
    """
    at_ns = said_ns + ahead_ns
    return None if at_ns > received_ns + AHEAD_NS else min(at_ns, received_ns)


def unix_ns(raw: object, each_ns: int) -> int | None:
    """Return UTC nanoseconds of a whole number, also as text, of units of ``each_ns``; None for anything else."""
    if isinstance(raw, str):
        raw = int(raw) if raw.isascii() and raw.isdigit() and len(raw) <= _MAX_DIGITS else None
    if not isinstance(raw, int) or isinstance(raw, bool):
        return None
    since_ns = raw * each_ns
    return since_ns if 0 < since_ns < LATEST_NS else None
