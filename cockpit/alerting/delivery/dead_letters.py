"""Alerts that no target took, bounded: the newest by rule, target, text and reason, with a count. Pure."""

from collections.abc import Iterable

import msgspec

from cockpit.model.alerts.state import SHOWN_UNDELIVERED, UndeliveredRow

KEPT = 200


class DeadLetters:
    """``count``: all alerts that were not delivered, also those whose row is no longer kept.

    ``seen``: how many of them an operator has acknowledged.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str, str], UndeliveredRow] = {}
        self.count = 0
        self.seen = 0

    @property
    def unseen(self) -> int:
        return max(0, self.count - self.seen)

    def add(self, row: UndeliveredRow) -> None:
        self.count += row.count
        key = (row.rule, row.target, row.text, row.reason)
        known = self._rows.pop(key, None)
        if known is not None:
            row = msgspec.structs.replace(row, count=known.count + row.count, last_ns=max(known.last_ns, row.last_ns))
        self._rows[key] = row
        if len(self._rows) > KEPT:
            del self._rows[next(iter(self._rows))]

    def load(self, rows: Iterable[UndeliveredRow], count: int, seen: int) -> None:
        """Take over rows, oldest first."""
        for row in rows:
            self.add(row)
        self.count = max(self.count, count)
        self.seen = min(seen, self.count)

    @property
    def rows(self) -> tuple[UndeliveredRow, ...]:
        """All that are kept, oldest first."""
        return tuple(self._rows.values())

    @property
    def newest(self) -> tuple[UndeliveredRow, ...]:
        """Those that a cockpit shows, newest first."""
        return tuple(reversed(self.rows))[:SHOWN_UNDELIVERED]
