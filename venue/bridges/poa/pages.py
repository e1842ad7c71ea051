"""Reading one of the bridge's lists page by page while new rows push old ones down."""

from collections import Counter
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

import msgspec

PAGE = 100
"""Rows per request: the most the service gives."""
MAX_PAGES = 50

Row = TypeVar("Row")


class Page(msgspec.Struct, Generic[Row], frozen=True):
    """Rows, each with its identity, and the service's total where it gives one."""

    rows: Sequence[tuple[Hashable, Row]]
    total: int | None


async def read_pages(fetch: Callable[[int], Awaitable[Page[Row]]]) -> tuple[tuple[Row, ...], bool]:
    """Return every row from ``fetch(offset)`` once, as last read, in the service's order; and whether that is all.

    Equal rows on one page are different things (one transaction can pay an address twice), while an equal row on a
    later page is the same thing, pushed down by a newer one. Reading ends when the service repeats its pages.
    """
    found: dict[tuple[Hashable, int], Row] = {}
    offset = 0
    total: int | None = None
    for _ in range(MAX_PAGES):
        page = await fetch(offset)
        known = len(found)
        on_page: Counter[Hashable] = Counter()
        for identity, row in page.rows:
            found[identity, on_page[identity]] = row
            on_page[identity] += 1
        offset += len(page.rows)
        total = page.total
        if total is None and len(page.rows) < PAGE:
            return tuple(found.values()), True
        if len(found) == known or (total is not None and offset >= total):
            break
    return tuple(found.values()), total is not None and len(found) >= total
