"""Takes over what earlier runs of the day earned, read from history beside the running desk."""

import asyncio
import logging
from collections.abc import Callable

from cockpit.accounting.earnings import Recalled
from cockpit.desk.earnings.meter import EarningsMeter
from cockpit.desk.quote_book.options.option_day import OptionDay
from cockpit.desk.risk.trading_state import DAY_NS
from cockpit.model.printable import printable
from storage.errors import HistoryError

log = logging.getLogger(__name__)

Recall = Callable[[int, int], Recalled]
"""Reads history, from the start of a UTC day to the start of a run (UTC ns). Blocks; raises HistoryError."""

NO_HISTORY = "the day's earlier runs are not counted: history is not read"


UNREADABLE = (LookupError, ValueError, ArithmeticError)
"""What a damaged row, or one of a token that the table does not know, may raise."""


def not_readable(error: Exception) -> str:
    return f"the day's earlier runs are not counted: {printable(str(error))[:200]}"


async def recall_earnings(meter: EarningsMeter, options: OptionDay, read: Recall | None, started_ns: int) -> None:
    """Read in a thread: a day of many fills takes seconds, in which the desk goes on."""
    if read is None:
        meter.not_recalled(NO_HISTORY)
        return
    try:
        day_ns = started_ns // DAY_NS * DAY_NS
        past = await asyncio.to_thread(read, day_ns, started_ns)
        meter.recall(past)
        options.recall(day_ns, past.options)
    except (HistoryError, *UNREADABLE) as error:
        meter.not_recalled(not_readable(error))
        log.warning("%s", meter.note)
