"""What no movement of money explains, by the journal: what was set aside meanwhile, and what an operator accepted."""

from collections.abc import Mapping
from typing import Any

import msgspec

from storage.reader import Reader, Span
from venue.protocol.assets import NO_AMOUNTS, PairAmounts

DIFFERENCE_COMMAND = "set a remainder aside"
"""The command in the journal by which a run says what no movement explains, or that nothing is left of it."""

ACCEPT_COMMAND = "accept-remainder"
"""The command by which an operator takes an unexplained difference as given."""

_SET_ASIDE = """
SELECT arguments FROM operator_actions WHERE command = ? AND accepted = 1 AND at_ns < ? ORDER BY id DESC LIMIT 1
"""
_ACCEPTED = """
SELECT at_ns, actor, arguments FROM operator_actions
WHERE command = ? AND accepted = 1 AND at_ns >= ? AND at_ns < ? ORDER BY at_ns, id
"""


class UnexplainedDifference(msgspec.Struct, frozen=True):
    """What a reading asked for at ``at_ns`` (UTC) left unexplained, and what was before it; units of base and quote."""

    amounts: PairAmounts
    before: PairAmounts
    at_ns: int

    def shown_by(self, reading_ns: int) -> PairAmounts:
        """What a reading asked for then left unexplained.

        It is recorded before its reading: a crash between the two leaves readings that do not show it.
        """
        return self.amounts if self.at_ns <= reading_ns else self.before


class AcceptedDifference(msgspec.Struct, frozen=True):
    """A difference taken as given: when (UTC ns), by whom and why; signed base units by the asset's symbol."""

    at_ns: int
    actor: str
    amounts: Mapping[str, int]
    reason: str


class _Arguments(msgspec.Struct, frozen=True):
    amounts: dict[str, str]
    reason: str


def read_difference(arguments: str) -> UnexplainedDifference:
    """What an accepted ``DIFFERENCE_COMMAND`` says."""
    return msgspec.json.decode(arguments, type=UnexplainedDifference)


def difference_before(reader: Reader, before_ns: int, reading_ns: int) -> PairAmounts:
    """What stood unexplained before a time, base and quote, as a reading of the balances asked for then showed it."""
    for (arguments,) in reader.rows(_SET_ASIDE, DIFFERENCE_COMMAND, before_ns):
        return read_difference(arguments).shown_by(reading_ns)
    return NO_AMOUNTS


def accepted_differences(reader: Reader, span: Span) -> list[AcceptedDifference]:
    """Every difference accepted in the span, in order."""
    found: list[tuple[Any, ...]] = list(reader.rows(_ACCEPTED, ACCEPT_COMMAND, span.from_ns, span.to_ns))
    return [_accepted(at_ns, actor, arguments) for at_ns, actor, arguments in found]


def _accepted(at_ns: int, actor: str, arguments: str) -> AcceptedDifference:
    told = msgspec.json.decode(arguments, type=_Arguments)
    return AcceptedDifference(at_ns, actor, {symbol: int(units) for symbol, units in told.amounts.items()}, told.reason)
