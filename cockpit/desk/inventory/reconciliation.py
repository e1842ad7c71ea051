"""The balance reconciliation: what is booked of each kind of movement, and what explains a change of the balances.

opening + filled + deposited - withdrawn + accepted = balance, or the difference is unexplained. Anybody may send an
account a transfer, so an unexplained difference stays visible: once the same one was found twice it is set aside, and
the fills beside it are told apart from it.
"""

from collections.abc import Collection, Sequence

import msgspec

from cockpit.desk.inventory.balance_reader import Reading
from cockpit.desk.inventory.movements import Movement, explain, total
from cockpit.desk.quote_book.reservations import Commitment
from venue.protocol.assets import NO_AMOUNTS, Pair, PairAmounts


class OpeningBalances(msgspec.Struct, frozen=True, kw_only=True):
    """The first reading, and the part of it (``gap``) that neither the previous run nor later movements explain.

    ``deposits``: keys of those that are in the opening balances; None when all that the bridge lists must be taken to
    be. ``carried``: the part of the gap that an earlier run set aside already.
    """

    reading: Reading
    gap: PairAmounts = NO_AMOUNTS
    deposits: frozenset[str] | None = None
    carried: PairAmounts = NO_AMOUNTS


def movement(pair: Pair, commitment: Commitment) -> Movement:
    """What settling the quote does to the balances."""
    if commitment.asset_in == pair.base.token_id:
        return Movement(commitment.quote_hash, PairAmounts(commitment.amount_in, -commitment.amount_out))
    return Movement(commitment.quote_hash, PairAmounts(-commitment.amount_out, commitment.amount_in))


class BalanceLedger:
    """Amounts of the pair by kind; ``balance`` and ``opening`` are None until the first reading.

    ``accepted``: what an operator accepted without an explanation. ``gap``: the part of the first reading that neither
    the previous run's last balance nor later known movements explain; it is left out of ``opening``, so that it stays
    visible. ``set_aside``: the unexplained difference that was found twice. ``at_ns``: when the last reading was
    requested, UTC; ``height``: its block. ``version`` rises with every reading.
    """

    def __init__(self) -> None:
        self._booked_deposits: set[str] = set()
        self._deposits_listed = False
        self._found_once = NO_AMOUNTS
        self.balance: PairAmounts | None = None
        self.opening: PairAmounts | None = None
        self.filled = NO_AMOUNTS
        self.deposited = NO_AMOUNTS
        self.withdrawn = NO_AMOUNTS
        self.accepted = NO_AMOUNTS
        self.unexplained = NO_AMOUNTS
        self.gap = NO_AMOUNTS
        self.set_aside = NO_AMOUNTS
        self.at_ns = 0
        self.height = 0
        self.opening_height = 0
        self.version = 0

    def open(self, opened: OpeningBalances, listed: Collection[Movement] | None) -> None:
        """Take the first reading; ``listed``: credited deposits the bridge lists, None when it did not answer."""
        self.gap, self.set_aside = opened.gap, opened.carried
        if opened.deposits is None:
            self.list_deposits(listed)
        else:
            self._booked_deposits.update(opened.deposits)
            self._deposits_listed = True
        self.opening = opened.reading.amounts - opened.gap
        self.opening_height = opened.reading.height
        self.apply(opened.reading)

    def list_deposits(self, listed: Collection[Movement] | None) -> None:
        """Take what the bridge's first list holds beyond what the balances showed to be in the opening ones already."""
        if listed is not None and not self._deposits_listed:
            self._deposits_listed = True
            self._booked_deposits.update(one.key for one in listed)

    def unbooked(self, deposits: Collection[Movement]) -> list[Movement]:
        """Pick the deposits that no reading has shown yet."""
        return [one for one in deposits if one.key not in self._booked_deposits]

    def book_fill(self, found: Movement) -> None:
        self.filled += found.amounts

    def book_deposit(self, found: Movement) -> None:
        self.deposited += found.amounts
        self._booked_deposits.add(found.key)

    def book_withdrawal(self, found: Movement) -> None:
        self.withdrawn -= found.amounts

    def apply(self, reading: Reading) -> None:
        """Make the reading the balance, after what explains it was booked."""
        self.balance = reading.amounts
        self.unexplained = self.difference(reading)
        self.at_ns = reading.requested_ns
        self.height = reading.height
        self.version += 1

    def difference(self, reading: Reading) -> PairAmounts:
        """What the reading shows beyond everything that is booked."""
        opening = self.opening or NO_AMOUNTS
        return reading.amounts - (opening + self.filled + self.deposited - self.withdrawn + self.accepted)

    def explain(
        self, reading: Reading, proven: Sequence[Movement], candidates: Sequence[Movement]
    ) -> tuple[Movement, ...] | None:
        """Find what explains the change: all that is proven, and some candidates; with nothing set aside first.

        A node that lags behind the one that gave the proof may show less, so what is proven is a candidate in the end.
        """
        change, sums = self.difference(reading), total(proven)
        for set_aside in (NO_AMOUNTS, self.set_aside):
            rest = explain(change - set_aside - sums, candidates)
            if rest is not None:
                return (*proven, *rest)
            found = explain(change - set_aside, (*proven, *candidates)) if proven else None
            if found is not None:
                return found
        return None

    def explain_repeated(self, reading: Reading, proven: Sequence[Movement]) -> tuple[Movement, ...] | None:
        """Return what is proven, once the same difference was left beside it twice; None the first time."""
        left = self.difference(reading) - total(proven)
        if left != self._found_once:
            self._found_once = left
            return None
        return tuple(proven)

    def explained(self) -> None:
        """Forget a difference that was found once: the last reading is explained, but for what is set aside."""
        self._found_once = NO_AMOUNTS

    def accept(self, amounts: PairAmounts) -> None:
        """Book the unexplained difference as accepted."""
        self.accepted += amounts
        self.unexplained = self._found_once = NO_AMOUNTS
