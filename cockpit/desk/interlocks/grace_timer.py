"""How long each failing interlock has left before it closes an open rung."""

from collections.abc import Iterable, Sequence

import msgspec

from cockpit.desk.interlocks.checklist import Interlock, applies_to
from cockpit.model.snapshot import InterlockRow, Rung
from venue.protocol.units import NS_PER_MS


class GraceTimer:
    """Remembers since when each interlock fails; its grace runs from then, however often it is read.

    Times are monotonic nanoseconds.
    """

    def __init__(self, interlocks: Iterable[Interlock]) -> None:
        self._graces_ms = {one.id: one.grace_ms for one in interlocks}
        self._failing_since: dict[str, int] = {}

    def apply(self, rows: Sequence[InterlockRow], rung: Rung, now_ns: int) -> tuple[InterlockRow, ...]:
        """Return the rows with the grace left of each failing interlock: 0 when it closes the open rung now."""
        return tuple(self._with_grace_left(row, rung, now_ns) for row in rows)

    def end_grace(self, ident: str, now_ns: int) -> None:
        """Let the interlock close its rung at once, should it fail now."""
        self._failing_since[ident] = now_ns - (self._graces_ms[ident] or 0) * NS_PER_MS

    def _with_grace_left(self, row: InterlockRow, rung: Rung, now_ns: int) -> InterlockRow:
        if row.passed:
            self._failing_since.pop(row.ident, None)
            return row
        since = self._failing_since.setdefault(row.ident, now_ns)
        grace_ms = self._graces_ms[row.ident]
        if grace_ms is None or not applies_to(row, rung):
            return row
        left_ms = max(0, grace_ms - (now_ns - since) // NS_PER_MS)
        return msgspec.structs.replace(row, grace_left_ms=left_ms)
