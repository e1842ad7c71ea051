"""The history's interface: what every engine must do for the desk."""

from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal, Protocol

import msgspec

from cockpit.model.events import AnyEvent, ExecuteTrade, IntentInventory, LiquidityAction, WithdrawalPrepared
from venue.protocol.amounts import TokenAmounts
from venue.protocol.units import NS_PER_S


class CountedToken(msgspec.Struct, frozen=True, kw_only=True):
    """A token of the desk's markets as history's views count it; ``counts_as``: the side of the markets it is on."""

    token_id: str
    symbol: str
    decimals: int
    underlying: str
    underlying_decimals: int
    counts_as: Literal["base", "quote"]


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of a desk. ``mode`` and ``account`` stamp the history: no other may write into it.

    ``assets``: the tokens that it knows.
    """

    run_id: str
    mode: str
    account: str
    started_ns: int
    assets: tuple[CountedToken, ...] = ()


class PreviousRun(msgspec.Struct, frozen=True, kw_only=True):
    """How the previous run ended. Times are UTC ns.

    ``last_deadline_ns``: the latest deadline of a quote ever recorded, 0 without any. ``last_write_ns``: its last
    heartbeat. ``max_deadline_ms``: the longest life that its recorded limits allowed a quote, None when they were not
    recorded. ``clean`` is False when it did not end in order; quotes it signed last may then be missing.
    """

    run_id: str
    clean: bool
    last_deadline_ns: int
    last_write_ns: int
    max_deadline_ms: int | None = None


class RecordedQuote(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A signed quote as history knows it, with every outcome recorded of it, in any order.

    ``edge`` is the earning at which it was priced, base units of EURe; None when its decision was not recorded.
    """

    command: ExecuteTrade
    edge: int | None
    outcomes: tuple[str, ...]


class HistoryHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How far the history can be relied on beyond the last write, which was durable or raised.

    ``problem`` is for the operator, empty without one. Nothing new may be signed unless ``trade``, and no withdrawal
    unless ``complete``: everything is where the next desk will look. ``lost_to_other_desk``: another desk has taken the
    account. ``refused``: events of this run that the database refused for what is in them; ``lost``: those of them that
    say what was signed, moved or ordered.
    """

    problem: str = ""
    trade: bool = True
    complete: bool = True
    lost_to_other_desk: bool = False
    refused: int = 0
    lost: int = 0


HEALTHY = HistoryHealth()


class RecordedFill(msgspec.Struct, frozen=True, kw_only=True):
    """A fill as recorded: when, UTC ns, and what it moved, base units."""

    at_ns: int
    asset_in: str
    asset_out: str
    amount_in: int
    amount_out: int

    @property
    def moved(self) -> TokenAmounts:
        """What it did to the balances."""
        return TokenAmounts({self.asset_in: self.amount_in, self.asset_out: -self.amount_out})


class RecordedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it was decided about: when, UTC ns, for how much, in base units of the quote underlying, and until
    when a quote would have lived."""

    at_ns: int
    notional: int
    deadline_ns: int


MOST_REQUESTS = 5_000
"""Requests read back at a start, the newest."""

FINAL_OUTCOMES = ("settled", "expired", "burned")
"""After one of these a quote can do nothing more to the balances. Whoever has the signature of a refused one may settle
it until its deadline, whatever the relay said."""

REFUSED_KEPT_NS = 660 * NS_PER_S
"""A refused quote that expired longer before the newest explained balances is settled in them, or never: versions that
took a refusal for an end recorded no other. Longer than a block's time may lag by the settings."""

CREDITED = ("CREDITED", "COMPLETED")
"""A deposit of one of these statuses is in the balances."""

SETTLED_WHILE_AWAY = "settled while no desk was running"
"""The recorded detail of a fill that a start found: when it settled is not known."""

UNEXPLAINED = "unexplained"
"""The recorded cause of balances that were not explained when they were read: nothing may be built on them."""

ACCOUNTED = "account for former runs"
"""The command in the journal by which a run records that every quote signed before it started has its outcome."""

LOOKED_BACK_NS = 3_600 * NS_PER_S
"""Quotes that were signed longer before the newest such command than a quote can live need not be read again."""


class History(Protocol):
    """A store of events. One writer at a time; methods raise HistoryError when the store fails."""

    async def open(self, run: Run) -> PreviousRun | None:
        """Create or migrate the store, refuse another mode or account, and start the run.

        A store that several machines can reach refuses, too, while another desk of the account holds it open.
        """
        ...

    async def write(self, batch: Sequence[AnyEvent]) -> None:
        """Write the batch as one transaction: all of it or nothing.

        Events that the store refuses for what is in them are set aside instead, and ``health`` says so.
        """
        ...

    async def liquidity(self, kind: str) -> tuple[LiquidityAction, ...]:
        """Return every step of one kind ever recorded, oldest first: what a restart must know of money in and out."""
        ...

    async def prepared_withdrawals(self) -> tuple[WithdrawalPrepared, ...]:
        """Return every withdrawal ever signed, oldest first, with the bytes that were signed."""
        ...

    async def balance_before(self, asset: str, at_ns: int) -> int | None:
        """Return the token's newest balance recorded up to this time, UTC ns, in base units; None without any."""
        ...

    def open_quotes(self) -> AsyncIterator[tuple[RecordedQuote, ...]]:
        """Return, by pages, every quote of any run without one of ``FINAL_OUTCOMES``, in the order they were signed.

        Left out are those whose deadline is before ``over_before_ns`` of the newest recorded reading. Where that does
        not tell, left out may be refused ones whose deadline lies ``REFUSED_KEPT_NS`` before the newest explained
        balances, and those signed more than ``LOOKED_BACK_NS`` before the start of the newest run with an accepted
        ``ACCOUNTED`` in its journal. Raises HistoryError when it cannot return all.
        """
        ...

    async def settled_since(self, at_ns: int) -> tuple[RecordedQuote, ...]:
        """Return every quote whose settlement was recorded at this time or later, UTC ns, in the order of signing."""
        ...

    async def fills_since(self, at_ns: int) -> tuple[RecordedFill, ...]:
        """Return every fill recorded at this time or later, UTC ns, in the order of recording."""
        ...

    async def prices_since(self, source: str, at_ns: int) -> tuple[tuple[int, Decimal], ...]:
        """Return the mids of a source recorded at this time or later, each with its time, UTC ns, oldest first."""
        ...

    async def requests_since(self, at_ns: int) -> tuple[RecordedRequest, ...]:
        """Return the newest requests decided about at this time or later, UTC ns, at most ``MOST_REQUESTS``, oldest
        first: those that had a price, and were neither dry nor too old."""
        ...

    async def last_arguments(self, command: str) -> str | None:
        """Return the arguments (JSON) of the newest accepted command of this name in any run; None without one."""
        ...

    async def last_explained(self) -> tuple[IntentInventory, ...]:
        """Return the newest explained balances (their cause is not ``UNEXPLAINED``), a row an asset.

        Balances that a crash left half recorded do not count; empty when there are none.
        """
        ...

    async def last_height(self) -> int | None:
        """Return the block of the newest balances of any cause, explained or not; None without any."""
        ...

    async def position(self) -> Mapping[str, int]:
        """Return the id of the newest row of each topic's table, by its name; 0 for an empty one."""
        ...

    async def heartbeat(self, at_ns: int) -> None:
        """Record that the run goes on, so that an unclean end can be dated."""
        ...

    async def prune(self, before_ns: int) -> bool:
        """Delete a few of the oldest requests and prices recorded before this time, UTC ns; return whether more remain.

        Facts of money stay for good, and so do requests that were quoted and prices by which a fill, a movement of
        money or the end of a day is valued. Takes milliseconds.
        """
        ...

    def health(self) -> HistoryHealth:
        """Return how far the history can be relied on now; never waits."""
        ...

    async def counts(self) -> Mapping[str, int]:
        """Count the rows of each table."""
        ...

    async def close(self, at_ns: int | None) -> None:
        """End the run (cleanly when a time is given) and close the store."""
        ...
