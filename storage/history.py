"""The history's interface: what every engine must do for the desk."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from cockpit.model.events import AnyEvent, ExecuteTrade, IntentInventory, LiquidityAction, WithdrawalPrepared


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One life of a desk. ``mode`` and ``account`` stamp the history: no other may write into it."""

    run_id: str
    mode: str
    account: str
    started_ns: int


class PreviousRun(msgspec.Struct, frozen=True, kw_only=True):
    """How the run before this one ended.

    ``dead_ns``: when the last quote it recorded must be dead, UTC ns. ``last_write_ns``: its last sign of life.
    ``max_deadline_ms``: the longest life that its recorded limits allowed a quote, None when they were not recorded.
    ``clean`` is False when it never said goodbye; quotes it signed last may then be missing from the record.
    """

    run_id: str
    clean: bool
    dead_ns: int
    last_write_ns: int
    max_deadline_ms: int | None = None


class RecordedQuote(msgspec.Struct, frozen=True, kw_only=True):
    """A signed quote as history knows it: what was promised, and every outcome recorded of it, in any order.

    ``edge`` is the earning at which it was priced, base units of EURe; None when its decision was not recorded.
    """

    command: ExecuteTrade
    edge: int | None
    outcomes: tuple[str, ...]


class HistoryHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How far the history can be relied on beyond the last write, which was durable or raised.

    ``trouble`` is for the operator, empty when all is well. Nothing new may be signed unless ``trade``, and no
    withdrawal unless ``complete``: everything is where the next desk will look. ``lost_to_other_desk``: another desk
    has taken the account.
    """

    trouble: str = ""
    trade: bool = True
    complete: bool = True
    lost_to_other_desk: bool = False


HEALTHY = HistoryHealth()


class RecordedFill(msgspec.Struct, frozen=True, kw_only=True):
    """A fill as it was booked: when, UTC ns, and what it moved, base units."""

    at_ns: int
    asset_in: str
    amount_in: int
    amount_out: int

    def moved(self, base: str) -> tuple[int, int]:
        """What it did to the balances of the base asset (its token id) and the other one, signed."""
        if self.asset_in == base:
            return self.amount_in, -self.amount_out
        return -self.amount_out, self.amount_in


FINAL_OUTCOMES = ("settled", "refused", "expired", "burned")
"""After one of these a quote can do nothing more to the balances."""

CREDITED = ("CREDITED", "COMPLETED")
"""A deposit of one of these statuses is in the balances."""

UNEXPLAINED = "unexplained"
"""The cause of a reading of the balances that was not explained when it was recorded: nothing may be built on it."""

ACCOUNTED = "account for former runs"
"""The command in the journal by which a run says that every quote signed before it began has its outcome."""

LOOKED_BACK_NS = 3_600 * 10**9
"""Quotes that were signed longer before the newest such command than a quote can live need not be looked at again."""


class HistoryError(Exception):
    """The history cannot be opened or written; the text says what happened and what to do."""


class History(Protocol):
    """A store of events. One writer at a time; methods raise HistoryError when the store fails."""

    async def open(self, run: Run) -> PreviousRun | None:
        """Create or migrate the store, refuse another mode or account, and begin the run.

        A store that several machines can reach refuses, too, while another desk of the account holds it open.
        """
        ...

    async def write(self, batch: Sequence[AnyEvent]) -> None:
        """Write the batch as one transaction: all of it or nothing."""
        ...

    async def liquidity(self, kind: str) -> tuple[LiquidityAction, ...]:
        """Every step of one kind ever recorded, oldest first: what a restart has to know of money in and out."""
        ...

    async def prepared_withdrawals(self) -> tuple[WithdrawalPrepared, ...]:
        """Every withdrawal ever signed, oldest first, with the bytes that were signed."""
        ...

    async def balance_before(self, asset: str, at_ns: int) -> int | None:
        """The newest balance of the token (base units) that was recorded up to this time, UTC ns; None without any."""
        ...

    async def open_quotes(self) -> tuple[RecordedQuote, ...]:
        """Every quote of any run that none of ``FINAL_OUTCOMES`` is recorded of, in the order they were signed.

        Those signed more than ``LOOKED_BACK_NS`` before the begin of the newest run with an accepted ``ACCOUNTED`` in
        its journal may be left out.
        """
        ...

    async def settled_since(self, at_ns: int) -> tuple[RecordedQuote, ...]:
        """Every quote whose settlement was recorded at this time or later, UTC ns, in the order they were signed."""
        ...

    async def fills_since(self, at_ns: int) -> tuple[RecordedFill, ...]:
        """Every fill booked at this time or later, UTC ns, in the order of their booking."""
        ...

    async def last_arguments(self, command: str) -> str | None:
        """The arguments (JSON) of the newest accepted command of this name in any run's journal; None without one."""
        ...

    async def last_explained(self) -> tuple[IntentInventory, ...]:
        """The newest reading of the balances that was explained (its cause is not ``UNEXPLAINED``): a row an asset.

        One that was cut in half by a crash does not count; empty when there is none.
        """
        ...

    async def alive(self, at_ns: int) -> None:
        """Note that the run is alive, so that an unclean end can be dated."""
        ...

    async def forget(self, before_ns: int) -> bool:
        """Delete a few of the oldest requests and prices recorded before this time, UTC ns; whether more may be left.

        Facts of money stay for good, and so do requests that were quoted and prices by which a fill, a movement of
        money or the end of a day is valued. Takes milliseconds.
        """
        ...

    def standing(self) -> HistoryHealth:
        """How far the history can be relied on just now; never waits."""
        ...

    async def counts(self) -> Mapping[str, int]:
        """Rows of each table."""
        ...

    async def close(self, at_ns: int | None) -> None:
        """End the run (cleanly when a time is given) and let go of the store."""
        ...
