"""What the arming ladder stands on, as it was measured."""

from decimal import Decimal

import msgspec


class InterlockFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured. None: not known, which is never green.

    ``spendable`` holds symbol and whole tokens free of promises. ``balances_age_ms`` is since the last reading was
    asked for, ``balances_error`` why there is no younger one. ``salt_age_ms``: since salt and key were read together.
    ``refusals``: quotes refused lately for a fault of ours, of which ``refusals_most`` (0: any) are too many.
    ``unexplained_ms``: how long a difference has stood, 0 without one. ``former_ms``: until the former run's quotes
    must be dead. ``history_whole``: nothing waits in the journal. ``free_bytes`` is of the disk that the history lies
    on.
    """

    reference_usable: bool
    reference_told: str
    spendable: tuple[tuple[str, Decimal], ...] | None
    balances_age_ms: int | None
    balances_max_age_ms: int
    balances_error: str
    handles: tuple[str, ...]
    pending_known: bool
    history_writable: bool
    history_whole: bool
    limits_told: str
    limit_problems: tuple[str, ...]
    strategy_armed: bool
    shadow_decisions: int
    shadow_wanted: int
    key_registered: bool | None
    key_problem: str
    clock_usable: bool
    clock_told: str
    salt_known: bool
    salt_age_ms: int | None
    subscribed: bool
    relay_told: str
    former_ms: int
    burning: bool
    refusals: int
    refusals_most: int
    refusals_told: str
    unexplained_ms: int | None
    unexplained_told: str
    free_bytes: int | None

    @property
    def history_told(self) -> str:
        """Where what happens is written."""
        if not self.history_writable:
            return "the history cannot be written"
        return "writing" if self.history_whole else "to the journal, the database is away"
