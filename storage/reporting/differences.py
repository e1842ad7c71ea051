"""Unexplained differences of the balances as the journal has them, and those that an operator accepted."""

from collections.abc import Mapping
from typing import Any

import msgspec

from storage.reader import Reader, Span
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.tokens import BTC_EURE

DIFFERENCE_COMMAND = "set a remainder aside"
"""The journal's name for the record of an unexplained difference, or of its end."""

ACCEPT_COMMAND = "accept-remainder"
"""The command by which an operator accepts an unexplained difference."""

_DIFFERENCE = """
SELECT arguments FROM operator_actions WHERE command = ? AND accepted = 1 AND at_ns < ? ORDER BY id DESC LIMIT 1
"""
_ACCEPTED = """
SELECT at_ns, actor, arguments FROM operator_actions
WHERE command = ? AND accepted = 1 AND at_ns >= ? AND at_ns < ? ORDER BY at_ns, id
"""


class UnexplainedDifference(msgspec.Struct, frozen=True):
    """What the balances asked for at ``at_ns`` (UTC) left unexplained, and those before."""

    amounts: TokenAmounts
    before: TokenAmounts
    at_ns: int

    def shown_by(self, reading_ns: int) -> TokenAmounts:
        """Return what balances asked for at that time (UTC ns) left unexplained.

        It is recorded before its balances are: a crash between the two leaves balances that do not show it.
        """
        return self.amounts if self.at_ns <= reading_ns else self.before


class AcceptedDifference(msgspec.Struct, frozen=True):
    """A difference that was accepted: when (UTC ns), by whom and why; signed base units by the asset's symbol."""

    at_ns: int
    actor: str
    amounts: Mapping[str, int]
    reason: str


class _Arguments(msgspec.Struct, frozen=True):
    amounts: dict[str, str]
    reason: str


class _Recorded(msgspec.Struct, frozen=True):
    # By token id; older versions recorded the two amounts of the one market that they had.
    amounts: dict[str, int] | tuple[int, int]
    before: dict[str, int] | tuple[int, int]
    at_ns: int


def write_difference(difference: UnexplainedDifference) -> str:
    """Encode a difference as the arguments of ``DIFFERENCE_COMMAND``."""
    amounts, before = difference.amounts.as_dict(), difference.before.as_dict()
    return msgspec.json.encode(_Recorded(amounts, before, difference.at_ns)).decode()


def read_difference(arguments: str) -> UnexplainedDifference:
    """Parse the arguments of an accepted ``DIFFERENCE_COMMAND``."""
    recorded = msgspec.json.decode(arguments, type=_Recorded)
    return UnexplainedDifference(_amounts(recorded.amounts), _amounts(recorded.before), recorded.at_ns)


def _amounts(recorded: dict[str, int] | tuple[int, int]) -> TokenAmounts:
    if isinstance(recorded, dict):
        return TokenAmounts(recorded)
    return TokenAmounts(dict(zip((BTC_EURE.base.token_id, BTC_EURE.quote.token_id), recorded, strict=True)))


def difference_before(reader: Reader, before_ns: int, reading_ns: int) -> TokenAmounts:
    """Return what was unexplained before a time, as balances asked for at ``reading_ns`` showed them."""
    for (arguments,) in reader.rows(_DIFFERENCE, DIFFERENCE_COMMAND, before_ns):
        return read_difference(arguments).shown_by(reading_ns)
    return NOTHING


def accepted_differences(reader: Reader, span: Span) -> list[AcceptedDifference]:
    """Return every difference accepted in the span, in order."""
    found: list[tuple[Any, ...]] = list(reader.rows(_ACCEPTED, ACCEPT_COMMAND, span.from_ns, span.to_ns))
    return [_accepted(at_ns, actor, arguments) for at_ns, actor, arguments in found]


def _accepted(at_ns: int, actor: str, arguments: str) -> AcceptedDifference:
    given = msgspec.json.decode(arguments, type=_Arguments)
    amounts = {symbol: int(units) for symbol, units in given.amounts.items()}
    return AcceptedDifference(at_ns, actor, amounts, given.reason)
