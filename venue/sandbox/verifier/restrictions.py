"""What the contract's administrators have shut: features, and accounts. Source: near/intents, near-plugins."""

from collections.abc import Callable

import msgspec

from venue.sandbox.wire.errors import PAUSED, ContractPanicError

EVERYTHING = "ALL"
"""The key that pauses every feature."""


class Restrictions(msgspec.Struct, frozen=True, kw_only=True):
    """``paused``: features by their keys; ``locked``: accounts that can do nothing; ``no_predecessor``: accounts that
    only act by signed intents.
    """

    paused: frozenset[str] = frozenset()
    locked: frozenset[str] = frozenset()
    no_predecessor: frozenset[str] = frozenset()

    def with_all(self, other: "Restrictions") -> "Restrictions":
        return Restrictions(
            paused=self.paused | other.paused,
            locked=self.locked | other.locked,
            no_predecessor=self.no_predecessor | other.no_predecessor,
        )

    def check_feature(self, feature: str) -> None:
        """Raise ContractPanicError while the feature is paused."""
        if feature in self.paused or EVERYTHING in self.paused:
            raise ContractPanicError(PAUSED)


Read = Callable[[], Restrictions]
NONE = Restrictions()
