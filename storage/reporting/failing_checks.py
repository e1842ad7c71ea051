"""Which checks failed in decisions that quoted nothing: all of them, not the first one only."""

from collections import Counter
from collections.abc import Iterable

import msgspec

from cockpit.model.events import Check
from storage.reader import Reader, Span

_CHECKS = """
SELECT checks FROM trade_decisions WHERE reason = ? AND at_ns >= ? AND at_ns < ? ORDER BY at_ns DESC LIMIT ?
"""
MOST_READ = 20_000
"""Decisions read of each reason, the newest: a check failing beside another is as frequent in them as in all."""

_checks = msgspec.json.Decoder(tuple[Check, ...]).decode


class FailingChecks(msgspec.Struct, frozen=True):
    """How often each check failed in so many decisions; a decision counts for every check that failed in it."""

    decisions: int
    counts: dict[str, int]


def failing_checks(reader: Reader, span: Span, reasons: Iterable[str]) -> FailingChecks:
    """Count the failed checks of the newest decisions of each reason."""
    counts: Counter[str] = Counter()
    decisions = 0
    for reason in reasons:
        for (checks,) in reader.rows(_CHECKS, reason, span.from_ns, span.to_ns, MOST_READ):
            decisions += 1
            counts.update(check.name for check in _checks(checks) if not check.passed)
    return FailingChecks(decisions, dict(counts))
