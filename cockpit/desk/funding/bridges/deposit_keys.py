"""The name of each deposit in the history: the same over all runs, in whatever order the bridge lists them."""

import re
from collections.abc import Iterable

from cockpit.model.events import LiquidityAction
from venue.bridges.poa.client import Deposit

_NUMBERED = re.compile(r"(.+):[0-9]+\Z")


class DepositKeys:
    """One transaction may make several deposits of a token: the later ones get a number.

    What was recorded keeps its key. Otherwise a deposit that was listed once with another amount would leave its
    number behind, and the next run would take the true one for another deposit.
    """

    def __init__(self) -> None:
        self._keys: dict[tuple[str, int, str], str] = {}
        self._taken: set[str] = set()
        self._recorded: dict[tuple[str, int], list[str]] = {}

    def load(self, recorded: Iterable[LiquidityAction]) -> None:
        """Take over the keys of the deposits that earlier runs recorded."""
        for action in recorded:
            if action.amount is None:
                continue
            numbered = _NUMBERED.match(action.action_id)
            name = numbered[1] if numbered is not None else action.action_id
            keys = self._recorded.setdefault((name, action.amount), [])
            if action.action_id not in keys:
                keys.append(action.action_id)
            self._taken.add(action.action_id)

    def key(self, deposit: Deposit) -> str:
        token = deposit.near_token_id or deposit.defuse_asset_identifier
        name = f"deposit:{deposit.chain}:{deposit.tx_hash}:{token}"
        output = (name, deposit.amount, deposit.address)
        key = self._keys.get(output)
        if key is None:
            known = self._recorded.get((name, deposit.amount))
            key = self._keys[output] = known.pop(0) if known else self._new(name)
            self._taken.add(key)
        return key

    def _new(self, name: str) -> str:
        if name not in self._taken:
            return name
        number = 2
        while f"{name}:{number}" in self._taken:
            number += 1
        return f"{name}:{number}"
