"""Reading a list the bridge gives page by page, while new rows push old ones down."""

from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

import msgspec

PAGE = 100
"""Rows asked for at a time: the most the service gives."""
MAX_PAGES = 50

Row = TypeVar("Row")


class Page(msgspec.Struct, Generic[Row], frozen=True):
    """Some rows, each with what tells it from others, and how many the service says there are, if it does."""

    rows: Sequence[tuple[Hashable, Row]]
    total: int | None


async def read_pages(fetch: Callable[[int], Awaitable[Page[Row]]]) -> tuple[tuple[Row, ...], bool]:
    """Every row from ``fetch(offset)`` once, as it was read last, in the service's order; and whether that is all.

    Rows of one page are always different things (one transaction can pay an address twice), while the same row on a
    later page is the same thing, pushed down by a newer one. A service that repeats its pages is read no further.
    """
    found: dict[tuple[Hashable, int], Row] = {}
    offset = 0
    total: int | None = None
    for _ in range(MAX_PAGES):
        page = await fetch(offset)
        known = len(found)
        on_page: Counter[Hashable] = Counter()
        for same, row in page.rows:
            found[same, on_page[same]] = row
            on_page[same] += 1
        offset += len(page.rows)
        total = page.total
        if total is None and len(page.rows) < PAGE:
            return tuple(found.values()), True
        if len(found) == known or (total is not None and offset >= total):
            break
    return tuple(found.values()), total is not None and len(found) >= total
