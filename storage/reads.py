"""What a desk reads of its history, the same of every engine."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from itertools import zip_longest
from typing import Any

from cockpit.model.events import IntentInventory, LiquidityAction, WithdrawalPrepared
from storage import queries
from storage.history import (
    ACCOUNTED,
    LOOKED_BACK_NS,
    REFUSED_KEPT_NS,
    UNEXPLAINED,
    RecordedFill,
    RecordedQuote,
    RecordedRequest,
)
from storage.open_quotes import LATEST_READING, NEVER_OVER, NOT_OVER_BY, QUOTES, cut, read_page
from storage.rows import TABLES, read_fill, read_inventory, read_liquidity, read_prepared, read_quote


def last_complete(rows: Sequence[tuple[Any, ...]]) -> tuple[IntentInventory, ...]:
    """Pick the newest reading that no crash cut short: it has every token of the one before it, and two at least.

    ``rows`` of ``queries.EXPLAINED``.
    """
    readings: list[tuple[object, list[IntentInventory]]] = []
    for run_id, *columns in rows:
        row = read_inventory(tuple(columns))
        key = run_id, row.at_ns, row.cause
        if not readings or readings[-1][0] != key:
            readings.append((key, []))
        readings[-1][1].append(row)
    for (_, found), (_, before) in zip_longest(readings, readings[1:], fillvalue=(None, [])):
        assets = {row.asset for row in found}
        if len(assets) > 1 and assets >= {row.asset for row in before}:
            return tuple(reversed(found))
    return ()


class HistoryReads:
    """The reading half of the History protocol; an engine implements ``_rows``."""

    async def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Return the rows; ``?`` in the query stands for a value. Raises HistoryError."""
        raise NotImplementedError

    async def liquidity(self, kind: str) -> tuple[LiquidityAction, ...]:
        return tuple(map(read_liquidity, await self._rows(queries.LIQUIDITY, kind)))

    async def prepared_withdrawals(self) -> tuple[WithdrawalPrepared, ...]:
        return tuple(map(read_prepared, await self._rows(queries.PREPARED)))

    async def balance_before(self, asset: str, at_ns: int) -> int | None:
        rows = await self._rows(queries.BALANCE, asset, at_ns)
        return int(rows[0][0]) if rows else None

    async def open_quotes(self) -> AsyncIterator[tuple[RecordedQuote, ...]]:
        pages = await self._open_pages()
        coming = self._coming(pages)
        try:
            while pages:
                page, found = pages.pop(0), await coming
                # The database makes the next one meanwhile.
                coming = self._coming(pages)
                yield read_page(page, found)
        finally:
            coming.cancel()

    def _coming(self, pages: Sequence[str]) -> asyncio.Future[list[tuple[Any, ...]]]:
        if not pages:
            return asyncio.get_running_loop().create_future()
        return asyncio.ensure_future(self._rows(QUOTES, pages[0]))

    async def _open_pages(self) -> list[str]:
        latest = await self._rows(LATEST_READING)
        if latest and latest[0][0] is not None:
            return cut(await self._rows(NOT_OVER_BY, latest[0][0]))
        [since] = await self._rows(queries.ACCOUNTED_NS, ACCOUNTED, LOOKED_BACK_NS)
        explained = await self.last_explained()
        refused_since_ns = min((row.at_ns for row in explained), default=0) - REFUSED_KEPT_NS
        return cut(await self._rows(NEVER_OVER, since[0], refused_since_ns))

    async def settled_since(self, at_ns: int) -> tuple[RecordedQuote, ...]:
        return tuple(map(read_quote, await self._rows(queries.SETTLED_SINCE, at_ns)))

    async def fills_since(self, at_ns: int) -> tuple[RecordedFill, ...]:
        return tuple(map(read_fill, await self._rows(queries.FILLS_SINCE, at_ns)))

    async def prices_since(self, source: str, at_ns: int) -> tuple[tuple[int, Decimal], ...]:
        return tuple((at, Decimal(mid)) for at, mid in await self._rows(queries.PRICES_SINCE, source, at_ns))

    async def requests_since(self, at_ns: int) -> tuple[RecordedRequest, ...]:
        rows = await self._rows(queries.REQUESTS_SINCE, at_ns)
        return tuple(
            RecordedRequest(at_ns=at, notional=int(notional), deadline_ns=deadline) for at, notional, deadline in rows
        )

    async def last_arguments(self, command: str) -> str | None:
        rows = await self._rows(queries.LAST_ARGUMENTS, command)
        return str(rows[0][0]) if rows else None

    async def last_explained(self) -> tuple[IntentInventory, ...]:
        return last_complete(await self._rows(queries.EXPLAINED, UNEXPLAINED))

    async def last_height(self) -> int | None:
        rows = await self._rows(queries.LAST_HEIGHT)
        return int(rows[0][0]) if rows else None

    async def position(self) -> Mapping[str, int]:
        [row] = await self._rows(queries.POSITIONS)
        return {table.name: int(last) for table, last in zip(TABLES, row, strict=True)}

    async def counts(self) -> Mapping[str, int]:
        # Counts every row, so not for a timer.
        [row] = await self._rows(queries.COUNTS)
        return dict(zip(queries.COUNTED, row, strict=True))
