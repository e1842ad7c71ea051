"""What a desk asks of its history, the same of every engine."""

from collections.abc import Mapping
from typing import Any

from cockpit.model.events import IntentInventory, LiquidityAction, WithdrawalPrepared
from storage import queries
from storage.history import ACCOUNTED, LOOKED_BACK_NS, UNEXPLAINED, RecordedFill, RecordedQuote
from storage.rows import read_fill, read_inventory, read_liquidity, read_prepared, read_quote


class HistoryReads:
    """The reading half of the History protocol; an engine says how it answers a query."""

    async def _rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """The rows, ``?`` in the query standing for a value. Raises HistoryError."""
        raise NotImplementedError

    async def liquidity(self, kind: str) -> tuple[LiquidityAction, ...]:
        """Every step of one kind ever recorded, oldest first."""
        return tuple(map(read_liquidity, await self._rows(queries.LIQUIDITY, kind)))

    async def prepared_withdrawals(self) -> tuple[WithdrawalPrepared, ...]:
        """Every withdrawal ever signed, oldest first."""
        return tuple(map(read_prepared, await self._rows(queries.PREPARED)))

    async def balance_before(self, asset: str, at_ns: int) -> int | None:
        """The newest balance of the token (base units) that was recorded up to this time, UTC ns; None without any."""
        rows = await self._rows(queries.BALANCE, asset, at_ns)
        return int(rows[0][0]) if rows else None

    async def open_quotes(self) -> tuple[RecordedQuote, ...]:
        """Every quote without a final outcome, in the order they were signed."""
        [since] = await self._rows(queries.ACCOUNTED_NS, ACCOUNTED, LOOKED_BACK_NS)
        return tuple(map(read_quote, await self._rows(queries.OPEN_QUOTES, since[0])))

    async def settled_since(self, at_ns: int) -> tuple[RecordedQuote, ...]:
        """Every quote whose settlement was recorded at this time or later, in the order they were signed."""
        return tuple(map(read_quote, await self._rows(queries.SETTLED_SINCE, at_ns)))

    async def fills_since(self, at_ns: int) -> tuple[RecordedFill, ...]:
        """Every fill booked at this time or later, in the order of their booking."""
        return tuple(map(read_fill, await self._rows(queries.FILLS_SINCE, at_ns)))

    async def last_arguments(self, command: str) -> str | None:
        """The arguments of the newest accepted command of this name in any run's journal; None without one."""
        rows = await self._rows(queries.LAST_ARGUMENTS, command)
        return str(rows[0][0]) if rows else None

    async def last_explained(self) -> tuple[IntentInventory, ...]:
        """The newest reading of the balances that was explained, a row an asset."""
        return tuple(map(read_inventory, await self._rows(queries.EXPLAINED, UNEXPLAINED)))

    async def counts(self) -> Mapping[str, int]:
        """Rows of each table; counts every row, so not for a timer."""
        [row] = await self._rows(queries.COUNTS)
        return dict(zip(queries.COUNTED, row, strict=True))
