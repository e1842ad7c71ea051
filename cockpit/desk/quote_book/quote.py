"""One signed quote, and what became of it."""

from typing import Generic, Literal, TypeVar, overload

import msgspec

from cockpit.desk.quote_book.commitment import Commitment
from venue.relay.messages import QuoteStatus, StatusEvent

State = Literal["sent", "accepted", "refused", "unknown", "settling", "settled", "expired", "burning", "burned"]
OVER: tuple[State, ...] = ("settled", "expired", "burned")
"""States in which a quote can do nothing more. A refused one is not over: its signature binds until its deadline."""

T = TypeVar("T")
_NOTHING_REPORTED: frozenset[StatusEvent] = frozenset()


class _Course(msgspec.Struct, gc=False):
    """What happens to few quotes: that they are taken, or burned."""

    burning: bool = False
    burn_reported: bool = False
    burn_tx: str | None = None
    salt_invalid: bool = False
    used_height: int | None = None
    confirmed_height: int | None = None
    reported: frozenset[StatusEvent] = _NOTHING_REPORTED
    reported_ns: int | None = None
    settled_ns: int | None = None
    status: QuoteStatus | None = None
    tx_hash: str | None = None


_NONE_YET = _Course()


class _OfCourse(Generic[T]):
    """An attribute that is kept apart, so that a quote to which nothing happened takes no memory for it."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, quote: None, owner: type) -> "_OfCourse[T]": ...
    @overload
    def __get__(self, quote: "Quote", owner: type) -> T: ...
    def __get__(self, quote: "Quote | None", owner: type) -> "T | _OfCourse[T]":
        if quote is None:
            return self
        found: T = getattr(quote.course or _NONE_YET, self._name)
        return found

    def __set__(self, quote: "Quote", value: T) -> None:
        if quote.course is None:
            quote.course = _Course()
        setattr(quote.course, self._name, value)


class Quote(msgspec.Struct, gc=False, eq=False):
    """A signed quote and what became of it.

    ``request_id``: of the message in which it was sent, 0 when no answer to it is awaited any more. ``refused``: the
    relay answered, in this run, that it did not take the quote. ``burning``: an intent that uses its nonce was, or may
    have been, published. ``used_height``: the height of a block in which its nonce was seen used;
    ``confirmed_height``: of one by which two endpoints show it used, or the only one.
    ``reported``: what the relay reported of it, other than its settlement. ``burn_reported``: the relay reported that
    the burning was executed. ``reported_ns``: when the relay reported its settlement, UTC, at most its deadline; None
    while it did not, or when it settled long before. ``settled_ns``: when its fill was booked, UTC.
    ``salt_invalid``: its salt is said to be invalidated, so that it can neither settle nor be burned.
    """

    commitment: Commitment
    request_id: int
    state: State = "sent"
    refused: bool = False
    detail: str = ""
    course: _Course | None = None

    burning = _OfCourse[bool]()
    burn_reported = _OfCourse[bool]()
    burn_tx = _OfCourse[str | None]()
    salt_invalid = _OfCourse[bool]()
    used_height = _OfCourse[int | None]()
    confirmed_height = _OfCourse[int | None]()
    reported = _OfCourse[frozenset[StatusEvent]]()
    reported_ns = _OfCourse[int | None]()
    settled_ns = _OfCourse[int | None]()
    status = _OfCourse[QuoteStatus | None]()
    tx_hash = _OfCourse[str | None]()
