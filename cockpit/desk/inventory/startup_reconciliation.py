"""What the runs before this one left behind: quotes that still bind, fills nobody booked, balances to start from.

Quotes without an end on record are reserved again before anything is signed. The first reading of the balances must be
the former run's last explained one and what happened since: fills told by the nonces, deposits and withdrawals told by
history and bridge. What that does not account for stays in sight as unexplained.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import msgspec

from cockpit.config.settings import Settings
from cockpit.desk.inventory.movements import Movement, explain, total
from cockpit.desk.inventory.reconciliation import movement
from cockpit.desk.inventory.sync import Deposits, OpeningBalances, Read
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.reservations import Commitment
from cockpit.model.environment import Environment
from cockpit.model.events import OperatorAction
from cockpit.model.recorder import Recorder
from storage.history import ACCOUNTED, CREDITED, History, PreviousRun, RecordedQuote
from storage.reporting.differences import DIFFERENCE_COMMAND, UnexplainedDifference, read_difference
from storage.writer import UNRECORDED_WINDOW_NS
from venue.protocol.assets import Asset, Pair
from venue.protocol.units import NS_PER_MS
from venue.transport.errors import UnreachableError, VenueError
from venue.verifier import Balances, Verifier

log = logging.getLogger(__name__)

LAG_NS = 30 * 10**9
"""A node may be this far behind: what was known later than so long before a reading may not be in it."""
TRANSACTIONS = 20
"""Fills whose transactions are asked for at a start: the opening balances wait for the answers."""
ROUNDS = 3
"""A settlement may come between the questions for nonces and for balances; asked again they agree."""


def promise_of(pair: Pair, recorded: RecordedQuote, margin_ns: int) -> Commitment:
    """What a recorded quote binds. ``margin_ns``: how long after its deadline a block may still settle it."""
    command = recorded.command
    return Commitment(
        quote_hash=command.quote_hash,
        quote_id=command.quote_id,
        command_id=command.command_id,
        decision_id=command.decision_id,
        nonce=command.nonce,
        side="buy" if command.asset_in == pair.base.token_id else "sell",
        asset_in=command.asset_in,
        asset_out=command.asset_out,
        amount_in=command.amount_in,
        amount_out=command.amount_out,
        edge=recorded.edge or 0,
        sent_ns=command.at_ns,
        deadline_ns=command.deadline_ns,
        dead_ns=command.deadline_ns + margin_ns,
    )


class StartupReconciliation:
    """The former runs, as this one takes them over. ``load`` comes before the first reading of the balances.

    ``withdrawn`` names what withdrawals may have done to the balances since a time (UTC ns). ``transaction`` asks the
    relay in which transaction a quote was settled: None when it does not know, VenueError when it does not answer.
    """

    def __init__(
        self,
        settings: Settings,
        pair: Pair,
        book: QuoteBook,
        verifier: Verifier,
        history: History,
        *,
        withdrawn: Callable[[int], Sequence[Movement]],
        transaction: Callable[[str], Awaitable[str | None]],
        env: Environment,
        recorder: Recorder,
        run_id: str,
    ) -> None:
        self._account = settings.account_id
        self._margin_ns = settings.quote_death_margin_ms * NS_PER_MS
        self._longest_ms = settings.limits().max_deadline_ms
        self._pair = pair
        self._book = book
        self._verifier = verifier
        self._history = history
        self._withdrawn = withdrawn
        self._transaction = transaction
        self._record = recorder.record
        self._wall_ns = env.wall_ns
        self._run_id = run_id
        self._unrecorded_dead_ns = 0
        self._run: PreviousRun | None = None
        self._open: dict[str, Commitment] = {}
        self._bound: set[str] = set()
        self._late: list[Movement] = []
        self._known_deposits: frozenset[str] = frozenset()
        self._aside = (0, 0)
        self._asides = 0
        self._carried = (0, 0)
        self._base: tuple[int, int] | None = None
        self._base_ns = 0
        self._base_height = 0
        self._waited = 0
        self._read = False
        self._accounted = False
        self._told: list[str] = []

    async def load(self, former: PreviousRun | None) -> None:
        """Take over the recorded quotes and the balances to start from. Raises HistoryError."""
        self._run = former
        if former is None:
            return
        if not former.clean:
            # It may have lost the last quotes it signed, so they are taken to have lived as long as allowed.
            longest_ms = former.max_deadline_ms or self._longest_ms
            self._unrecorded_dead_ns = (
                former.last_write_ns + UNRECORDED_WINDOW_NS + longest_ms * NS_PER_MS + self._margin_ns
            )
        quotes = await self._history.open_quotes()
        for recorded in quotes:
            promise = promise_of(self._pair, recorded, self._margin_ns)
            self._open[promise.quote_hash] = promise
            self._book.restore(promise, recorded.outcomes)
        self._bound = set(self._open)
        await self._load_base()
        self._tell_run(former)
        if quotes:
            log.info("%d quotes of former runs have no end on record and are reserved again", len(quotes))

    async def _load_base(self) -> None:
        rows = {row.asset: row for row in await self._history.last_explained()}
        base, quote = rows.get(self._pair.base.token_id), rows.get(self._pair.quote.token_id)
        if base is None or quote is None:
            return
        self._base, self._base_ns = (base.balance, quote.balance), base.at_ns
        self._base_height = max(base.block_height, quote.block_height)
        self._carried = self._aside = await self._last_aside()
        # What was booked by that reading was recorded after it was asked for; so was what it did not show yet.
        late = await self._history.settled_since(self._base_ns)
        self._late = [movement(self._pair, promise_of(self._pair, one, 0)) for one in late]
        deposits = await self._history.liquidity("deposit")
        self._known_deposits = frozenset(
            one.action_id for one in deposits if one.status in CREDITED and one.at_ns < self._base_ns - LAG_NS
        )

    async def _last_aside(self) -> tuple[int, int]:
        """What of the balances to start from nobody has explained or accepted."""
        arguments = await self._history.last_arguments(DIFFERENCE_COMMAND)
        if arguments is None:
            return 0, 0
        return read_difference(arguments).shown_by(self._base_ns)

    def set_aside(self, amounts: tuple[int, int], at_ns: int) -> None:
        """Have what is unexplained now in the journal, base and quote: no later run takes it as given by itself."""
        self._asides += 1
        arguments = msgspec.json.encode(UnexplainedDifference(amounts, self._aside, at_ns)).decode()
        told = f"{self._amounts(amounts)} is unexplained" if any(amounts) else "nothing is unexplained any more"
        action_id = f"aside-{self._run_id}-{self._asides}"
        self._aside = amounts
        self._record(OperatorAction(self._wall_ns(), action_id, "desk", DIFFERENCE_COMMAND, arguments, True, told))

    def unrecorded_left_ms(self) -> int:
        """How long quotes that nobody recorded may still take their amounts, ms; 0 after a clean end."""
        return max(0, (self._unrecorded_dead_ns - self._wall_ns()) // NS_PER_MS)

    def left_ms(self) -> int:
        """How long any quote of a former run may still be settled, ms, whether it is reserved here or not recorded."""
        dead_ns = max((self._open[name].dead_ns for name in self._still_bound()), default=0)
        return max(self.unrecorded_left_ms(), (dead_ns - self._wall_ns()) // NS_PER_MS)

    def _still_bound(self) -> set[str]:
        reservations = self._book.reservations
        self._bound = {name for name in self._bound if reservations.get(name) is not None}
        return self._bound

    async def first_reading(self, read: Read, listed: Deposits) -> OpeningBalances:
        """The opening balances, compared with what the former run left; fills found are booked, once each.

        Raises VenueError while the nonces or the balances cannot be read, or only as they were before.
        """
        for _ in range(ROUNDS):
            quotes = tuple(self._open.values())
            heights = await self._verifier.used_nonces(self._account, [quote.nonce for quote in quotes])
            used = {quote.quote_hash: heights[quote.nonce] for quote in quotes if quote.nonce in heights}
            reading, asked_ns = await read()
            least = max(self._base_height, *used.values(), 0)
            if reading.block_height < least:
                raise UnreachableError(
                    f"the balances are of block {reading.block_height}, older than block {least} that was seen before"
                )
            if self._base is None:
                return await self._opened(reading, asked_ns, used, self._proven(used), (0, 0))
            change = (reading.amounts[0] - self._base[0], reading.amounts[1] - self._base[1])
            found = self._explained(change, used, [one for one in listed or () if one.key not in self._known_deposits])
            if found is not None:
                return await self._opened(reading, asked_ns, used, found, (0, 0))
        if listed is None and self._waited < ROUNDS:
            self._waited += 1
            raise UnreachableError("the balances are not what they were, and the bridge has not told of deposits yet")
        proven = self._proven(used)
        sums = total(proven)
        return await self._opened(reading, asked_ns, used, proven, (change[0] - sums[0], change[1] - sums[1]))

    def _movements(self, wanted: Callable[[str], bool]) -> list[Movement]:
        return [movement(self._pair, promise) for name, promise in self._open.items() if wanted(name)]

    def _proven(self, used: dict[str, int]) -> list[Movement]:
        """Fills for certain, as long as nobody else burns our nonces."""
        burning = {quote.promise.quote_hash for quote in self._book.burning()}
        return self._movements(lambda name: name in used and name not in burning)

    def _explained(
        self, change: tuple[int, int], used: dict[str, int], deposits: Sequence[Movement]
    ) -> Sequence[Movement] | None:
        """What adds up to the change, the certain before the possible; None when nothing does."""
        proven = self._proven(used)
        sums = total(proven)
        rest = (change[0] - sums[0], change[1] - sums[1])
        flows = [*deposits, *self._withdrawn(self._base_ns)]
        sure = {one.key for one in proven}
        # The contract forgets expired nonces: an unused one of a dead quote proves nothing.
        burning = self._movements(lambda name: name in used and name not in sure)
        dead = self._movements(lambda name: name not in used and self._open[name].deadline_ns <= self._wall_ns())
        for candidates in (flows, [*flows, *self._late], [*flows, *burning], [*flows, *self._late, *burning, *dead]):
            found = explain(*rest, candidates)
            if found is not None:
                return (*proven, *found)
        return explain(*change, [*proven, *flows, *self._late, *burning])

    async def _opened(
        self,
        reading: Balances,
        asked_ns: int,
        used: dict[str, int],
        found: Sequence[Movement],
        gap: tuple[int, int],
    ) -> OpeningBalances:
        filled = {one.key for one in found} & self._open.keys()
        await self._find_transactions(filled)
        for name, height in used.items():
            self._book.nonce_used(name, height)
        for name in filled:
            self._book.confirm(name, "settled while no desk was running")
        if gap == (0, 0):
            self._book.burned_by(reading.block_height)
        self._read = True
        self._tell_opening(found, filled, gap)
        if self._base is None:
            return OpeningBalances(reading, asked_ns, gap)
        gap = (gap[0] + self._carried[0], gap[1] + self._carried[1])
        deposits = self._known_deposits | {one.key for one in found}
        return OpeningBalances(reading, asked_ns, gap, deposits, self._carried)

    async def _find_transactions(self, filled: set[str]) -> None:
        """Learn where fills were settled, so far as the relay tells: nothing else depends on it."""
        for name in sorted(filled)[:TRANSACTIONS]:
            try:
                tx_hash = await self._transaction(name)
            except VenueError:
                return
            if tx_hash is not None:
                self._book.settled_in(name, tx_hash)

    def tick(self) -> None:
        """Once every quote of former runs has its end, have it in the journal: the next run need not look again."""
        if not self._read or self._accounted or self._run is None or self._still_bound():
            return
        self._accounted = True
        told = f"{len(self._open)} quotes of former runs have their end on record"
        action_id = f"account-{self._run_id}"
        self._record(OperatorAction(self._wall_ns(), action_id, "desk", ACCOUNTED, "{}", True, told))

    def findings(self) -> tuple[str, ...]:
        """What was found out about the former run, a sentence each."""
        told = list(self._told)
        if self._run is not None and not self._read and self._open:
            told.append(f"asking the Verifier for the nonces of {len(self._open)} quotes without an end on record")
        bound = len(self._still_bound())
        if bound and self._read:
            told.append(f"{_count(bound, 'quote')} of former runs still bind; they are reserved")
        if self.unrecorded_left_ms():
            left_s = -(-self.unrecorded_left_ms() // 1000)
            told.append(f"quotes that it may have signed last and not recorded are dead in {left_s} s at the latest")
        return tuple(told)

    def _tell_run(self, former: PreviousRun) -> None:
        ended = (
            "ended in order" if former.clean else f"broke off; its last sign of life was at {_at(former.last_write_ns)}"
        )
        self._told.append(f"the former run {former.run_id} {ended}")
        if self._open:
            self._told.append(f"{_count(len(self._open), 'quote')} of former runs had no end on record")

    def _tell_opening(self, found: Sequence[Movement], filled: set[str], gap: tuple[int, int]) -> None:
        if self._run is None:
            return
        if filled:
            sums = total([one for one in found if one.key in filled])
            self._told.append(f"{_count(len(filled), 'fill')} while no desk was running: {self._amounts(sums)}; booked")
        booked = {one.key for one in self._late}
        flows = [one for one in found if one.key not in filled and one.key not in booked]
        if flows:
            self._told.append(f"deposits and withdrawals while no desk was running: {self._amounts(total(flows))}")
        if self._base is None:
            self._told.append("no explained reading of the balances is on record; the first one is taken as it is")
        elif gap == (0, 0):
            self._told.append("the opening balances are the former run's last ones and what happened since")
        else:
            self._told.append(
                f"{self._amounts(gap)} of the opening balances is not accounted for since {_at(self._base_ns)}: find "
                "out why before trading on; `cockpit accept-remainder` takes it as given"
            )
        if any(self._carried):
            self._told.append(f"{self._amounts(self._carried)} was unexplained before and nobody has accepted it")
        self._record(
            OperatorAction(
                self._wall_ns(), f"found-{self._run_id}", "desk", "start", "{}", gap == (0, 0), "; ".join(self._told)
            )
        )

    def _amounts(self, sums: tuple[int, int]) -> str:
        parts = zip(sums, (self._pair.base, self._pair.quote), strict=True)
        return ", ".join(_signed(units, asset) for units, asset in parts if units) or "nothing in sum"


def _signed(units: int, asset: Asset) -> str:
    return f"{asset.to_decimal(units).normalize():+f} {asset.symbol}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _at(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns / 1e9, UTC):%Y-%m-%d %H:%M:%S} UTC"
