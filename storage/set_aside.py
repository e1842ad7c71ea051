"""What a database refuses for what is in it: kept in a file beside the history, told, and in nobody's way.

Such an event would be refused again for ever, and everything recorded after it would wait behind it.
"""

import json
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import msgspec

from cockpit.model.events import (
    AnyEvent,
    DecisionRules,
    IntentInventory,
    MarketPrice,
    MarketSettlements,
    OptionValue,
    SwapDemand,
    TradeDecision,
)
from cockpit.model.formatting import counted
from storage.errors import HistoryError, RefusedDataError
from storage.history import HistoryHealth

log = logging.getLogger(__name__)

SUFFIX = ".refused.jsonl"
MAX_BYTES = 16 * 2**20
"""Beyond it only events of money are kept, up to twice as much."""

MARKET_ONLY = (
    SwapDemand,
    MarketPrice,
    MarketSettlements,
    TradeDecision,
    DecisionRules,
    IntentInventory,
    OptionValue,
)
"""What the next desk can do without. Every other event says what was signed, moved or ordered."""


class Refusal(msgspec.Struct, frozen=True):
    event: AnyEvent
    reason: str


async def write_apart(
    events: Sequence[AnyEvent], write: Callable[[Sequence[AnyEvent]], Awaitable[None]]
) -> list[Refusal]:
    """Write the events in their order, at once if possible; return those that are refused alone."""
    try:
        await write(events)
    except RefusedDataError as error:
        if not events:
            raise
        if len(events) == 1:
            return [Refusal(events[0], str(error))]
        middle = len(events) // 2
        return [*await write_apart(events[:middle], write), *await write_apart(events[middle:], write)]
    return []


class SetAside:
    """The file at ``path``, JSON lines, 0600; made when it is needed first.

    ``refused``: events of this run that the database refused; ``lost``: those among them that money needs.
    """

    def __init__(self, path: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.path = path
        self._max_bytes = max_bytes
        self._last = ""
        self.earlier = False
        self.refused = 0
        self.lost = 0

    def look(self) -> None:
        """Note whether an earlier run left anything in the file."""
        try:
            self.earlier = self.path.stat().st_size > 0
        except FileNotFoundError:
            self.earlier = False
        except OSError as error:
            raise self._failed(error) from error
        if self.earlier:
            log.error("%s", self._problem())

    def add(self, run_id: str, refusals: Sequence[Refusal]) -> None:
        """Make them durable. Blocks. Raises HistoryError when the file cannot be written."""
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                os.fchmod(handle, 0o600)
                size = os.fstat(handle).st_size
                for refusal in refusals:
                    line = _line(run_id, refusal)
                    if size + len(line) <= self._max_bytes * (1 if _market_only(refusal) else 2):
                        size += os.write(handle, line)
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise self._failed(error) from error
        for refusal in refusals:
            self.refused += 1
            self.lost += not _market_only(refusal)
            self._last = f"{type(refusal.event).__name__}: {refusal.reason}"
        log.error("%s", self._problem())

    def judge(self, health: HistoryHealth) -> HistoryHealth:
        """Return the history's health with what was set aside: after an event of money nothing may be signed."""
        if not self.refused and not self.earlier:
            return health
        return HistoryHealth(
            problem="; ".join(filter(None, (health.problem, self._problem()))),
            trade=health.trade and not self.lost,
            complete=health.complete and not self.lost,
            lost_to_other_desk=health.lost_to_other_desk,
            refused=self.refused,
            lost=self.lost,
        )

    def _problem(self) -> str:
        if not self.refused:
            return f"the database refused events of an earlier run: read {self.path}, then move it away"
        text = f"the database refused {counted(self.refused, 'event')}, kept in {self.path} ({self._last})"
        return f"{text}; {self.lost} of them are of money: check them, then restart the desk" if self.lost else text

    def _failed(self, error: OSError) -> HistoryError:
        return HistoryError(f"{self.path} cannot be used ({error.strerror or error}): check the disk")


def _market_only(refusal: Refusal) -> bool:
    return isinstance(refusal.event, MARKET_ONLY)


def _line(run_id: str, refusal: Refusal) -> bytes:
    # ASCII: the text that was refused may be no Unicode, and must not act on the terminal that shows it.
    kept = {"run_id": run_id, "reason": refusal.reason, "event": msgspec.to_builtins(refusal.event)}
    return json.dumps(kept).encode() + b"\n"
