"""The balance reconciliation: what is booked of each kind of movement, and what explains a change of the balances.

opening + filled + deposited - withdrawn + accepted = balance, or the difference is unexplained. Anybody may send an
account a transfer, so an unexplained difference stays visible: once the same one was found twice it is recorded, and
later changes are explained beside it. What is known to have moved is taken out of a difference first.
"""

from collections.abc import Collection, Sequence

import msgspec

from cockpit.desk.inventory.balance_reader import Reading
from cockpit.desk.inventory.movements import Movement, Steps, explaining, total, totalling
from cockpit.desk.quote_book.commitment import Commitment
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.units import NS_PER_S

LAG_NS = 30 * NS_PER_S
"""A node may be this far behind: what was known later than so long before a reading may not be in it."""


class OpeningBalances(msgspec.Struct, frozen=True, kw_only=True):
    """The first reading; ``unexplained``: the part that neither the previous run nor later movements explain.

    ``deposits``: keys of those that are in the opening balances; None when all that the bridge lists must be taken to
    be. ``carried``: the part of ``unexplained`` that an earlier run has recorded already. ``assumed``: those of
    ``deposits`` that were booked on the bridge's word beside an unexplained difference. ``recorded``: keys of those
    that history has as booked, None where it records no bookings. ``unbooked``: those that history has as booked by
    readings it lacks, and that the opening balances do not show. ``fills``: those on record of the last moments that
    these balances may be too old to show.
    """

    reading: Reading
    unexplained: TokenAmounts = NOTHING
    deposits: frozenset[str] | None = None
    carried: TokenAmounts = NOTHING
    assumed: tuple[Movement, ...] = ()
    recorded: frozenset[str] | None = None
    unbooked: tuple[Movement, ...] = ()
    fills: tuple[Movement, ...] = ()


def movement(commitment: Commitment) -> Movement:
    """What settling the quote does to the balances."""
    moved = {commitment.asset_in: commitment.amount_in, commitment.asset_out: -commitment.amount_out}
    return Movement(commitment.quote_hash, TokenAmounts(moved))


class BalanceLedger:
    """Amounts of the tokens by kind; ``balance`` and ``opening`` are None until the first reading.

    ``accepted``: what an operator accepted without an explanation. ``unexplained_opening``: the part of the first
    reading that neither the previous run's last balance nor later known movements explain; it is left out of
    ``opening``, so that it stays visible. ``recorded_difference``: the unexplained difference that was found twice.
    ``at_ns``: when the last reading was requested, UTC; ``height``: its block. ``version`` rises with every reading.
    """

    def __init__(self) -> None:
        self._booked_deposits: set[str] = set()
        self._deposits_listed = False
        self._found_once = NOTHING
        self._fills_on_record: dict[str, Movement] = {}
        self.assumed: dict[str, Movement] = {}
        self.balance: TokenAmounts | None = None
        self._usable: tuple[TokenAmounts | None, TokenAmounts, TokenAmounts | None] = (None, NOTHING, None)
        self.opening: TokenAmounts | None = None
        self.filled = NOTHING
        self.deposited = NOTHING
        self.withdrawn = NOTHING
        self.accepted = NOTHING
        self.unexplained = NOTHING
        self.unexplained_opening = NOTHING
        self.recorded_difference = NOTHING
        self.at_ns = 0
        self.height = 0
        self.opening_height = self.opening_ns = 0
        self.version = 0

    def open(self, opened: OpeningBalances, listed: Collection[Movement] | None) -> None:
        """Take the first reading; ``listed``: credited deposits the bridge lists, None when it did not answer."""
        self.unexplained_opening, self.recorded_difference = opened.unexplained, opened.carried
        if opened.deposits is None:
            self.list_deposits(listed)
        else:
            self._booked_deposits.update(opened.deposits)
            self._deposits_listed = True
        self._fills_on_record = {one.key: one for one in opened.fills}
        self.assumed = {one.key: one for one in opened.assumed}
        self.opening = opened.reading.amounts - opened.unexplained
        self.opening_height, self.opening_ns = opened.reading.height, opened.reading.requested_ns
        self.apply(opened.reading)

    def list_deposits(self, listed: Collection[Movement] | None) -> list[Movement]:
        """Take what the bridge's first list holds beyond what the balances showed to be in the opening ones already."""
        if listed is None or self._deposits_listed:
            return []
        self._deposits_listed = True
        taken = self.unbooked(listed)
        self._booked_deposits.update(one.key for one in taken)
        return taken

    def booked(self, deposits: Collection[Movement]) -> list[Movement]:
        """Pick the deposits that are in the balances."""
        return [one for one in deposits if one.key in self._booked_deposits]

    @property
    def usable(self) -> TokenAmounts | None:
        """Return of every token the smaller of what the account holds and what is explained.

        What came without an explanation is not traded with, and what is missing is not there.
        """
        balance, unexplained, known = self._usable
        if balance is not self.balance or unexplained is not self.unexplained:
            gains = {token_id: units for token_id, units in self.unexplained.items() if units > 0}
            known = self.balance if self.balance is None else self.balance - TokenAmounts(gains)
            self._usable = (self.balance, self.unexplained, known)
        return known

    @property
    def deposits_listed(self) -> bool:
        """Return whether it is known which of the bridge's deposits are in the opening balances."""
        return self._deposits_listed

    def unbooked(self, deposits: Collection[Movement]) -> list[Movement]:
        """Pick the deposits that no reading has shown yet."""
        return [one for one in deposits if one.key not in self._booked_deposits]

    def unbook_missing(self, listed: Collection[str]) -> list[Movement]:
        """Take back deposits that were assumed and that the bridge no longer lists as credited (by their keys)."""
        gone = [one for key, one in self.assumed.items() if key not in listed]
        for one in gone:
            del self.assumed[one.key]
            self._booked_deposits.discard(one.key)
            self.deposited -= one.amounts
        return gone

    def confirm_assumed(self) -> list[Movement]:
        """Return the assumed deposits once nothing is unexplained: the balances show them all."""
        shown = [] if self.unexplained else list(self.assumed.values())
        if shown:
            self.assumed.clear()
        return shown

    def book_fill(self, found: Movement) -> None:
        self.filled += found.amounts
        self._fills_on_record.pop(found.key, None)

    def fills_on_record(self) -> Sequence[Movement]:
        """Return fills that earlier runs recorded and that the next reading may be the first to show."""
        return tuple(self._fills_on_record.values()) if self.at_ns < self.opening_ns + LAG_NS else ()

    def book_deposit(self, found: Movement) -> None:
        self.deposited += found.amounts
        self._booked_deposits.add(found.key)
        self.assumed[found.key] = found

    def book_withdrawal(self, found: Movement) -> None:
        self.withdrawn -= found.amounts

    def apply(self, reading: Reading) -> None:
        """Make the reading the balance, after what explains it was booked."""
        self.balance = reading.amounts
        self.unexplained = self.difference(reading)
        self.at_ns = reading.requested_ns
        self.height = reading.height
        self.version += 1

    def set_aside_height(self, height: int) -> None:
        """Take this height in place of a higher one that the chain cannot have."""
        self.height, self.opening_height = min(self.height, height), min(self.opening_height, height)

    def difference(self, reading: Reading) -> TokenAmounts:
        """What the reading shows beyond everything that is booked."""
        opening = self.opening or NOTHING
        return reading.amounts - (opening + self.filled + self.deposited - self.withdrawn + self.accepted)

    def explaining(
        self,
        reading: Reading,
        sure: Sequence[Movement],
        candidates: Sequence[Movement],
        *,
        withdrawn: Sequence[Movement] = (),
        flows: Sequence[Movement] = (),
    ) -> Steps[tuple[Movement, ...] | None]:
        """Find what explains the change: all that is sure, what was withdrawn, and some candidates; in slices.

        The recorded difference is left out of the change in further attempts; ``flows``, some of what is sure, may be a
        part of it. What was withdrawn may have come back by the same reading, so it is a candidate in the end.
        """
        known_sure = yield from totalling(sure)
        change = self.difference(reading) - known_sure
        recorded = self.recorded_difference
        for known in dict.fromkeys((NOTHING, recorded, recorded - known_sure, recorded - total(flows))):
            rest = yield from explaining(change - known - total(withdrawn), candidates)
            if rest is not None:
                return (*sure, *withdrawn, *rest)
            if withdrawn:
                rest = yield from explaining(change - known, (*withdrawn, *candidates))
                if rest is not None:
                    return (*sure, *rest)
        return None

    def explain_repeated(self, reading: Reading, certain: Sequence[Movement]) -> tuple[Movement, ...] | None:
        """Return what is certain, once the same difference was left beside it twice; None the first time."""
        left = self.difference(reading) - total(certain)
        if left != self._found_once:
            self._found_once = left
            return None
        return tuple(certain)

    def explained(self) -> None:
        """Forget a difference that was found once: the last reading is explained, but for the recorded difference."""
        self._found_once = NOTHING

    def accept(self, amounts: TokenAmounts) -> None:
        """Book the unexplained difference as accepted."""
        self.accepted += amounts
        self._found_once = NOTHING
        self.unexplained = NOTHING
