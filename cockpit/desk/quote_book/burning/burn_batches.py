"""The calls of a hard stop: which quotes one call burns, when the relay may be called again, and what cuts them anew.

A call is executed as a whole: a nonce in it that is used already fails it.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Literal

from cockpit.desk.quote_book.quote import OVER, Quote
from venue.protocol.nonce import decode_nonce, unpack_nonce
from venue.protocol.units import NS_PER_S

BATCH = 25
"""Intents in one call: its logs may not pass 16 KiB, and about 28 (14 maker/taker pairs) are known to keep to that."""
WAIT_NS = 15 * NS_PER_S
"""Between two calls about the same quotes, publishing or asking. In production half of the settlements come within 2 s,
nine in ten within 10 s, one in a hundred after 356 s: after 5 s it is too soon."""
SOON_NS = 5 * NS_PER_S
"""Within this time of its acceptance a call that cannot run any more is replaced at once: it has probably failed. Later
it is asked about first, because it may still wait at the relay, which takes no intent twice."""
MIXED_READINGS = 2
"""So many readings in a row that show some nonces of a call used and others not: the call was not what used them. One
may have fallen between two blocks."""

CallKind = Literal["publish", "ask"]


def salt_of(quote: Quote) -> bytes:
    """Return the salt in the quote's nonce; empty for a nonce without one."""
    try:
        nonce = unpack_nonce(decode_nonce(quote.commitment.nonce))
    except ValueError:
        return b""
    return b"" if nonce is None else nonce.salt


def is_open(quote: Quote) -> bool:
    """Return whether the quote may still settle or be burned, as far as it is known."""
    return quote.state not in OVER and quote.used_height is None and not quote.salt_invalid


class Batch:
    """Quotes that one call burns. ``called_ns``: monotonic time of the last call about them; None before the first.
    ``called``: the quote hashes that were handed in last.

    ``in_flight``: a call may still be executed. ``failed``: one was refused, or failed on the chain, for a fault of its
    intents. ``repeated``: the relay had the intents from an earlier call, which may have held others too.
    ``suspect``: all its nonces are to be read; else one stands for all.
    """

    __slots__ = (
        "called",
        "called_ns",
        "failed",
        "in_flight",
        "intent_hash",
        "mixed",
        "next",
        "quotes",
        "repeated",
        "suspect",
    )

    def __init__(self, quotes: Sequence[Quote]) -> None:
        self.quotes = list(quotes)
        self.called: frozenset[str] = frozenset()
        self.called_ns: int | None = None
        self.next: CallKind = "publish"
        self.intent_hash = ""
        self.in_flight = False
        self.failed = False
        self.repeated = False
        self.suspect = False
        self.mixed = 0

    def published(self, quotes: Sequence[Quote], intent_hash: str) -> None:
        """Take note that these of its quotes are handed in now."""
        self.called, self.intent_hash = _names(quotes), intent_hash
        self.in_flight, self.failed = True, False

    def open(self) -> list[Quote]:
        return [quote for quote in self.quotes if is_open(quote)]

    def burnable(self, wall_ns: int) -> list[Quote]:
        """Return the quotes that a call can still burn: before their deadline, UTC."""
        return [quote for quote in self.open() if quote.commitment.deadline_ns > wall_ns]

    def is_due(self, wall_ns: int, monotonic_ns: int) -> bool:
        waited = self.called_ns is None or monotonic_ns - self.called_ns >= WAIT_NS
        return waited and (bool(self.burnable(wall_ns)) or self.is_unconfirmed())

    def publishes(self, wall_ns: int) -> bool:
        """Return whether the next call hands quotes in; else it asks what became of those handed in."""
        return self.next == "publish" and bool(self.burnable(wall_ns))

    def is_unconfirmed(self) -> bool:
        """Return whether nonces are used and nothing says by what: the balances have not explained it yet."""
        used = (quote for quote in self.quotes if quote.used_height is not None and quote.state not in OVER)
        return bool(self.intent_hash) and any(not quote.burn_reported for quote in used)

    def to_read(self) -> list[Quote]:
        """Return the quotes whose nonces tell what became of the call; the last to expire stands for all."""
        left = self.open()
        return left if self.suspect or not left else [max(left, key=lambda quote: quote.commitment.deadline_ns)]

    def was_read(self) -> None:
        """Take note that the nonces of ``to_read`` were read."""
        used = any(quote.used_height is not None for quote in self.quotes)
        if self.suspect and used and self.open():
            self.mixed += 1
        self.suspect = used and self.mixed < MIXED_READINGS

    def review(self, monotonic_ns: int) -> list["Batch"]:
        """Return what is left of it: itself, the rest of its quotes, or its halves, to be called about at once."""
        left = self.open()
        gone = [quote for quote in self.quotes if not is_open(quote)]
        if not left:
            # Kept until its quotes are over: they may be asked about, or turn out to be burnable after all.
            return [self] if any(quote.state not in OVER for quote in self.quotes) else []
        called = [quote for quote in left if quote.commitment.quote_hash in self.called]
        if all(quote.state == "expired" for quote in gone) or self.called == _names(called):
            # What is gone was not in the last call, or expired: the call may run as it was.
            self.quotes = left
            if not self.failed or self.suspect or len(called) < 2:
                return [self]
            half = called[: len(called) // 2]
            return [Batch([quote for quote in left if quote not in half]), Batch(half)]
        # A nonce that a settlement used fails the call. One that the call used is followed by all others.
        settled = any(quote.state == "settled" or quote.salt_invalid for quote in gone)
        over = settled or not (self.in_flight or self.suspect) or self.mixed >= MIXED_READINGS
        waiting = self.next == "ask" and self.called_ns is not None and monotonic_ns - self.called_ns >= SOON_NS
        return [Batch(left)] if over and not waiting else [self]


def _names(quotes: Iterable[Quote]) -> frozenset[str]:
    return frozenset(quote.commitment.quote_hash for quote in quotes)


def cut(quotes: Iterable[Quote]) -> list[Batch]:
    """Return batches for these quotes: of one salt each, as an invalidated one fails the whole call, by deadline."""
    ordered = sorted(quotes, key=lambda quote: (salt_of(quote), quote.commitment.deadline_ns))
    return [
        Batch(of_salt[start : start + BATCH])
        for of_salt in (list(group) for _, group in groupby(ordered, salt_of))
        for start in range(0, len(of_salt), BATCH)
    ]
