"""Forgetting old requests and prices little by little, in between what the desk writes."""

import asyncio
import logging
from collections.abc import Callable

from storage.errors import HistoryError
from storage.history import History

log = logging.getLogger(__name__)

DAY_NS = 86_400 * 10**9
FIRST_S = 30.0
"""A start has better things to do."""

STEP_S = 0.1
REST_S = 600.0


async def retain(
    history: History,
    days: int,
    *,
    wall_ns: Callable[[], int],
    busy: Callable[[], bool],
    first_s: float = FIRST_S,
    step_s: float = STEP_S,
    rest_s: float = REST_S,
) -> None:
    """Keep requests and prices of the last ``days``, for ever; a step waits while the desk is ``busy`` writing."""
    await asyncio.sleep(first_s)
    while True:
        before_ns = wall_ns() - days * DAY_NS
        try:
            while busy() or await history.prune(before_ns):  # noqa: ASYNC110 - a pace, not a condition
                await asyncio.sleep(step_s)
        except HistoryError as error:
            log.warning("old requests and prices were not deleted: %s", error)
        await asyncio.sleep(rest_s)
