"""Deletes old requests and prices little by little, in between what the desk writes."""

import asyncio
import logging
from collections.abc import Callable

from cockpit.model.environment import Environment
from storage.errors import HistoryError
from storage.history import History
from venue.protocol.units import NS_PER_S

log = logging.getLogger(__name__)

DAY_NS = 86_400 * NS_PER_S
FIRST_S = 30.0
"""A start must not compete with it."""

STEP_S = 0.1
REST_S = 600.0


class PruneProgress:
    """Up to where each table was pruned by this process, so that no step reads again what an earlier one kept."""

    def __init__(self) -> None:
        self._done_ns: dict[str, int] = {}

    def from_ns(self, table: str) -> int:
        return self._done_ns.get(table, 0)

    def to_ns(self, table: str, last_ns: int | None, before_ns: int) -> int:
        """Return where the table's step ends, UTC ns. ``last_ns``: its last row, None when the step is the last one."""
        return before_ns if last_ns is None else max(last_ns, self.from_ns(table) + 1)

    def done(self, table: str, to_ns: int) -> None:
        self._done_ns[table] = max(self.from_ns(table), to_ns)


async def retain(
    history: History,
    days: int,
    *,
    env: Environment,
    busy: Callable[[], bool],
    first_s: float = FIRST_S,
    step_s: float = STEP_S,
    rest_s: float = REST_S,
) -> None:
    """Delete requests and prices older than so many ``days``, without end; wait while the desk is ``busy`` writing."""
    await asyncio.sleep(first_s)
    while True:
        before_ns = env.wall_ns() - days * DAY_NS
        try:
            while busy() or await history.prune(before_ns):  # noqa: ASYNC110 - a pace, not a condition
                await asyncio.sleep(step_s)
        except HistoryError as error:
            log.warning("old requests and prices were not deleted: %s", error)
        await asyncio.sleep(rest_s)
