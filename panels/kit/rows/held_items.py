"""What a list shows while it is held: the rows it was left with, in their last known state, however many come after."""

from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")
MAX_HELD = 240
"""A held list takes no more rows beyond these; it only counts them."""
NS_PER_MS = 1_000_000


class Moment(NamedTuple):
    """Which desk's rows, UTC ns, and how many rows there had been until then; ``total`` is None where nobody counts."""

    run: str
    at_ns: int
    total: int | None = None


class _Seen(NamedTuple, Generic[T]):
    item: T
    at_ns: int


class HeldItems(Generic[T]):
    """Keeps the items of a list while it is held, newest first as they were listed.

    New items are taken as long as none is missing between them and those that are held: what was not seen is no gap
    that nobody sees, but counted. ``key`` identifies an item; ``aged`` returns it so many ms later.
    """

    def __init__(self, key: Callable[[T], str], aged: Callable[[T, int], T]) -> None:
        self._key = key
        self._aged = aged
        self._seen: dict[str, _Seen[T]] = {}
        self._newest = ""
        self._moment = Moment("", 0)
        self._left_at = Moment("", 0)
        self.cut = False
        """Whether items have come that are not listed."""

    def take(self, items: Sequence[T], moment: Moment, *, holding: bool) -> list[T]:
        """Return what is listed now: these items, or while ``holding`` also those that were."""
        now = {self._key(item): item for item in items}
        if not holding or not self._seen or moment.run != self._moment.run:
            self._seen = {key: _Seen(item, moment.at_ns) for key, item in now.items()}
            self._newest, self.cut = next(iter(now), ""), False
            self._moment = self._left_at = moment
            return list(items)
        self._moment = moment
        new = sum(key not in self._seen for key in now)
        if new and (self._newest not in now or len(self._seen) + new > MAX_HELD):
            self.cut = True
        order = list(self._seen) if self.cut else self._merged(list(now))
        if not self.cut:
            self._newest = next(iter(now), self._newest)
        self._seen = {key: _Seen(now[key], moment.at_ns) if key in now else self._seen[key] for key in order}
        return self.later(moment.at_ns)

    def later(self, at_ns: int) -> list[T]:
        """Return what is listed, as old as it is at this time, UTC ns."""
        return [
            self._aged(item, (at_ns - seen_ns) // NS_PER_MS) if at_ns > seen_ns else item
            for item, seen_ns in self._seen.values()
        ]

    def of(self, run: str) -> bool:
        """Return whether these are items of this run of a desk."""
        return bool(self._seen) and run == self._moment.run

    def unlisted(self, items: Sequence[T]) -> list[T]:
        """Return those of the items that came after the list took no more."""
        return [item for item in items if self._key(item) not in self._seen] if self.cut else []

    @property
    def stale(self) -> bool:
        """Whether what is listed is not what the desk lists."""
        return self.cut or any(seen.at_ns < self._moment.at_ns for seen in self._seen.values())

    def gone(self, key: str) -> bool:
        """Return whether the desk lists the item no more."""
        seen = self._seen.get(key)
        return seen is not None and seen.at_ns < self._moment.at_ns

    def come(self) -> int | None:
        """Return how many items have come since the list was left; None where nobody counts them."""
        first, last = self._left_at.total, self._moment.total
        return None if first is None or last is None else last - first

    def _merged(self, now: list[str]) -> list[str]:
        # What is gone stands before the same item as it did; behind all where there was none.
        listed = set(now)
        before: dict[str, list[str]] = {}
        waiting: list[str] = []
        for key in self._seen:
            if key in listed:
                before[key], waiting = waiting, []
            else:
                waiting.append(key)
        return [each for key in now for each in (*before.get(key, ()), key)] + waiting
