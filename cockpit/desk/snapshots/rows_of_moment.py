"""Rows of a snapshot made a few at a time before its moment, and once more where something changed until then."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar

import msgspec

ROWS_PER_SLICE = 10
"""Rows made without a pause, about 0.1 ms."""
MOST_LATE = 5
"""So many rows may be left to be made at the moment itself."""
MOST_ROUNDS = 6
"""What still changes faster than it is made then is made at the moment itself."""

T = TypeVar("T")
R = TypeVar("R")
Whole = tuple[tuple[R, ...], msgspec.Raw]
"""All rows of a list, and their JSON."""
_encode = msgspec.json.Encoder().encode


class Making(Protocol):
    """A list whose rows can be made beforehand."""

    def look(self) -> int:
        """Find the rows that the list shows now and that are not made yet; return how many they are."""
        ...

    def make(self) -> int:
        """Make some of those; return how many."""
        ...


class RowsOfMoment(Generic[T, R]):
    """The rows of one list, and their JSON.

    ``items``: what the list shows now, in its order. ``row``: returns None for an item that is not shown after all.
    ``version``: what an item's row is made of, as far as it can change; it differs between items. ``stamp``: the same
    object for as long as neither the items nor their rows change; without it each of them is looked at.
    """

    def __init__(
        self,
        items: Callable[[], Iterable[T]],
        row: Callable[[T], R | None],
        version: Callable[[T], Hashable],
        *,
        stamp: Callable[[], object] | None = None,
        per_slice: int = ROWS_PER_SLICE,
    ) -> None:
        self._items = items
        self._row = row
        self._version = version
        self._stamp = stamp
        self._per_slice = per_slice
        self._made: dict[Hashable, tuple[R, bytes] | None] = {}
        self._lacking: list[tuple[Hashable, T]] = []
        self._whole: Whole[R] | None = None
        self._whole_of: object = None

    def look(self) -> int:
        if self._is_whole():
            return 0
        made, version = self._made, self._version
        self._lacking = [(key, item) for item in self._items() if (key := version(item)) not in made]
        if not self._lacking and self._stamp is not None:
            self.now()
        return len(self._lacking)

    def make(self) -> int:
        some, self._lacking = self._lacking[: self._per_slice], self._lacking[self._per_slice :]
        for key, item in some:
            # What changed since it was found is found again.
            if key == self._version(item):
                self._make(key, item)
        return len(some)

    def now(self) -> Whole[R]:
        """Return the rows as they are at this moment, and their JSON; what is lacking is made."""
        if self._whole is None or not self._is_whole():
            self._whole_of = None if self._stamp is None else self._stamp()
            self._whole = self._put_together()
        return self._whole

    def _is_whole(self) -> bool:
        return self._whole is not None and self._stamp is not None and self._stamp() is self._whole_of

    def _put_together(self) -> Whole[R]:
        found = []
        for item in self._items():
            key = self._version(item)
            made = self._made[key] if key in self._made else self._make(key, item)
            if made is not None:
                found.append(made)
        return tuple([row for row, _ in found]), msgspec.Raw(b"[%b]" % b",".join([text for _, text in found]))

    def _make(self, key: Hashable, item: T) -> tuple[R, bytes] | None:
        row = self._row(item)
        made = self._made[key] = None if row is None else (row, _encode(row))
        return made


def make_in_slices(lists: Sequence[Making]) -> Iterator[None]:
    """Make the rows of all lists, with a pause after every few; then what changed meanwhile, until that is little."""
    for _ in range(MOST_ROUNDS):
        lacking = 0
        for one in lists:
            found = one.look()
            lacking += found
            yield
            while one.make():
                yield
        if lacking <= MOST_LATE:
            return
