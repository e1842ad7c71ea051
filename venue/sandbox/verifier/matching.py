"""The end of an ``execute_intents`` call: who gave to whom, and what no one stood against.

Follows ``TransferMatcher`` of near/intents: balances have moved already, this only pairs givers with receivers.
"""

from collections.abc import Mapping

from venue.sandbox.wire.errors import InvariantViolatedError
from venue.sandbox.wire.payload import MAX_I128

Transfers = dict[tuple[str, str], dict[str, int]]
"""(giver, receiver) to base units by token."""


def match_deltas(deltas: Mapping[str, Mapping[str, int]]) -> Transfers:
    """Pair the deltas (token, then account, to signed base units); InvariantViolated when they do not cancel."""
    transfers: Transfers = {}
    unmatched: dict[str, str] = {}
    for token_id in sorted(deltas):
        owners = deltas[token_id]
        rest = sum(owners.values())
        if not -MAX_I128 <= rest <= MAX_I128:
            raise InvariantViolatedError({"error": "overflow"})
        if rest:
            unmatched[token_id] = str(rest)
        _pair(token_id, owners, transfers)
    if unmatched:
        raise InvariantViolatedError({"error": "unmatched_deltas", "unmatched_deltas": unmatched})
    return transfers


def _pair(token_id: str, owners: Mapping[str, int], transfers: Transfers) -> None:
    receivers = sorted(((amount, name) for name, amount in owners.items() if amount > 0), reverse=True)
    givers = sorted(((-amount, name) for name, amount in owners.items() if amount < 0), reverse=True)
    while receivers and givers:
        (wanted, receiver), (offered, giver) = receivers[0], givers[0]
        amount = min(wanted, offered)
        amounts = transfers.setdefault((giver, receiver), {})
        amounts[token_id] = amounts.get(token_id, 0) + amount
        receivers[:1] = [(wanted - amount, receiver)] if wanted > amount else []
        givers[:1] = [(offered - amount, giver)] if offered > amount else []
