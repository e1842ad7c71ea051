"""The terms of the proof of the balances: what is booked of each, and what explains a change of them.

opening + filled + deposited - withdrawn + accepted = balance, or the difference is unexplained. What cannot be
explained is kept in sight: anybody may send an account a transfer, so once the same remainder was found twice it is
set aside, and the fills beside it are told apart from it.
"""

from collections.abc import Callable, Sequence

from cockpit.desk.inventory.movements import Movement, explain, total
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.reservations import Commitment
from cockpit.model.environment import Environment
from venue.protocol.assets import Pair
from venue.verifier import Balances


def movement(pair: Pair, promise: Commitment) -> Movement:
    """What settling the promise does to the balances."""
    if promise.asset_in == pair.base.token_id:
        return Movement(promise.quote_hash, promise.amount_in, -promise.amount_out)
    return Movement(promise.quote_hash, -promise.amount_out, promise.amount_in)


class BalanceLedger:
    """Each pair of amounts is (base, quote) in base units; ``balance`` and ``opening`` are None until they were read.

    ``accepted`` is what an operator took as given though nothing explains it. ``at_ns`` is when the reading was asked
    for, UTC, and ``height`` its block. ``gap`` is what of the first reading the former run's last explained one and all
    that is known to have happened since do not account for: it is left out of ``opening``, so that it stays in sight.
    """

    def __init__(
        self,
        pair: Pair,
        book: QuoteBook,
        *,
        env: Environment,
        on_booked: Callable[[str], None],
        on_remainder: Callable[[tuple[int, int], int], None],
    ) -> None:
        self._pair = pair
        self._book = book
        self._wall_ns = env.wall_ns
        self._on_booked = on_booked
        self._on_remainder = on_remainder
        self._booked_deposits: set[str] = set()
        self._deposits_listed = False
        self._remainder = (0, 0)
        self._set_aside = (0, 0)
        self.balance: tuple[int, int] | None = None
        self.opening: tuple[int, int] | None = None
        self.filled = (0, 0)
        self.deposited = (0, 0)
        self.withdrawn = (0, 0)
        self.accepted = (0, 0)
        self.unexplained = (0, 0)
        self.gap = (0, 0)
        self.at_ns = 0
        self.height = 0
        self.opening_height = 0
        self.version = 0

    def unbooked(self, movements: Sequence[Movement]) -> list[Movement]:
        """Those of the bridge's deposits that no reading has shown yet."""
        return [one for one in movements if one.key not in self._booked_deposits]

    def _booked(self) -> tuple[int, int]:
        opening = self.opening or (0, 0)
        return (
            opening[0] + self.filled[0] + self.deposited[0] - self.withdrawn[0] + self.accepted[0],
            opening[1] + self.filled[1] + self.deposited[1] - self.withdrawn[1] + self.accepted[1],
        )

    def _difference(self, reading: Balances) -> tuple[int, int]:
        booked = self._booked()
        return reading.amounts[0] - booked[0], reading.amounts[1] - booked[1]

    def _apply(
        self,
        reading: Balances,
        asked_ns: int,
        movements: Sequence[Movement],
        deposits: set[str],
        withdrawals: set[str],
    ) -> None:
        """Take the reading and book what explains it, in one step: nothing awaits between the two."""
        for found in movements:
            if found.key in deposits:
                self.deposited = (self.deposited[0] + found.base, self.deposited[1] + found.quote)
                self._booked_deposits.add(found.key)
            elif found.key in withdrawals:
                self.withdrawn = (self.withdrawn[0] - found.base, self.withdrawn[1] - found.quote)
                self._on_booked(found.key)
            else:
                self.filled = (self.filled[0] + found.base, self.filled[1] + found.quote)
                self._book.confirm(found.key, "confirmed by the balances")
        base, quote = reading.amounts
        self.balance = (base, quote)
        self.unexplained = self._difference(reading)
        self.at_ns = asked_ns
        self.height = reading.block_height
        self.version += 1

    def _list(self, listed: Sequence[Movement] | None) -> None:
        """What the bridge's first list holds beyond what the balances showed was in the opening ones already."""
        if listed is not None and not self._deposits_listed:
            self._deposits_listed = True
            self._booked_deposits.update(m.key for m in listed)

    def _put_aside(self, amounts: tuple[int, int]) -> None:
        if amounts != self._set_aside:
            self._set_aside = amounts
            self._on_remainder(amounts, self.at_ns)

    def _explain(
        self, reading: Balances, proven: Sequence[Movement], candidates: Sequence[Movement]
    ) -> tuple[Movement, ...] | None:
        """What explains the change: all that is proven, and some candidates; first as a whole, then beside the rest.

        A node that lags behind the one that gave the proof may show less, so proof is a candidate in the end.
        """
        change = self._difference(reading)
        sums = total(proven)
        for aside in ((0, 0), self._set_aside):
            base, quote = change[0] - aside[0], change[1] - aside[1]
            rest = explain(base - sums[0], quote - sums[1], candidates)
            if rest is not None:
                return (*proven, *rest)
            found = explain(base, quote, (*proven, *candidates)) if proven else None
            if found is not None:
                return found
        return None

    def _beside_burnings(
        self, reading: Balances, used: Sequence[Movement], flows: Sequence[Movement]
    ) -> tuple[Movement, ...] | None:
        """What explains the change with fills of quotes that were being burned when somebody settled them first."""
        burning = self._book.burning()
        untold = [movement(self._pair, quote.promise) for quote in burning if not quote.burn_told]
        told = [movement(self._pair, quote.promise) for quote in burning if quote.burn_told]
        found = self._explain(reading, used, [*untold, *flows]) if untold else None
        return self._explain(reading, used, [*untold, *told, *flows]) if found is None and told else found

    def _beside_forgotten(
        self, reading: Balances, used: Sequence[Movement], flows: Sequence[Movement]
    ) -> tuple[Movement, ...] | None:
        """What explains the change with quotes past their deadline: the contract forgets expired nonces, so that an
        unused one does not prove that the quote was never settled."""
        now, known = self._wall_ns(), {one.key for one in used}
        past = [one for one in self._book.reservations if one.deadline_ns <= now and one.quote_hash not in known]
        return self._explain(reading, used, [*(movement(self._pair, one) for one in past), *flows]) if past else None

    def _second_time(self, reading: Balances, used: Sequence[Movement]) -> tuple[Movement, ...] | None:
        """The proven fills, once the same remainder was left beside them twice; None the first time."""
        change, sums = self._difference(reading), total(used)
        remainder = (change[0] - sums[0], change[1] - sums[1])
        if remainder != self._remainder:
            self._remainder = remainder
            return None
        return tuple(used)
