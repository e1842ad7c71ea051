"""What earlier runs left, taken over by this one: live quotes, fills not booked yet, balances to start from.

Quotes without an outcome on record are reserved again before anything is signed. The first reading of the balances must
be the previous run's last explained one and what happened since: fills shown by the nonces, deposits and withdrawals
from history and bridge. What that does not explain stays visible as unexplained.
"""

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Protocol

from cockpit.config.settings import Settings
from cockpit.desk.inventory import startup_findings as findings
from cockpit.desk.inventory.balance_reader import BalanceReader, Reading
from cockpit.desk.inventory.bookings import BOOKING, bookings_by
from cockpit.desk.inventory.explainer import paced
from cockpit.desk.inventory.movements import Movement, believable, explain, given, total
from cockpit.desk.inventory.reconciliation import LAG_NS, OpeningBalances, movement
from cockpit.desk.inventory.suspects import suspects, targets
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.commitment import Commitment, commit
from cockpit.model.environment import Environment
from cockpit.model.events import OperatorAction
from cockpit.model.recorder import Recorder
from storage.errors import HistoryError
from storage.history import ACCOUNTED, CREDITED, SETTLED_WHILE_AWAY, History, PreviousRun, RecordedQuote
from storage.reporting.differences import DIFFERENCE_COMMAND, UnexplainedDifference, read_difference, write_difference
from storage.writer import UNRECORDED_WINDOW_NS
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.transport.errors import UnreachableError, VenueError

log = logging.getLogger(__name__)

UNACKNOWLEDGED_NS = 600 * NS_PER_S
"""How long before the end of a run the relay may have reported a settlement that it reports again."""
MAX_NONCES = 128
"""Nonces asked for at a time before the opening balances are read; those of quotes that fit the change come first."""
MAX_TRANSACTIONS = 20
"""Fills whose transactions are asked for at a start: the opening balances wait for the answers."""
MAX_ROUNDS = 3
"""A settlement may come between the questions for nonces and for balances; asked again they agree."""


class EarlierWithdrawals(Protocol):
    """Withdrawals made by earlier runs."""

    def moved_since(self, at_ns: int, height: int | None) -> Sequence[Movement]:
        """Return what they may have done to balances that were read then (UTC ns) at this block, None if unknown."""

    def left_by(self) -> Sequence[int]:
        """Return the blocks by which they are known to have left."""

    def on_opened(self, candidates: Collection[str], found: Collection[str], unexplained: TokenAmounts) -> None:
        """Take note of which of the movements that may have come explain the opening balances, and what is left."""


class SettlementLookup(Protocol):
    """The relay's answers about settled quotes."""

    async def transaction_of(self, intent_hash: str) -> str | None:
        """Return the transaction that settled the quote, None when the relay does not know. Raises VenueError."""


def commitment_of(tokens: TokenTable, recorded: RecordedQuote, margin_ns: int) -> Commitment:
    """What a recorded quote commits. ``margin_ns``: how long after its deadline a block may still settle it.

    Raises HistoryError for a quote of a token that is not in the table.
    """
    command = recorded.command
    for token_id in (command.asset_in, command.asset_out):
        if tokens.get(token_id) is None:
            raise HistoryError(findings.unknown_token(token_id))
    return commit(
        quote_hash=command.quote_hash,
        quote_id=command.quote_id,
        command_id=command.command_id,
        decision_id=command.decision_id,
        nonce=command.nonce,
        side="buy" if tokens.token(command.asset_in).underlying == tokens.base else "sell",
        asset_in=command.asset_in,
        asset_out=command.asset_out,
        amount_in=command.amount_in,
        amount_out=command.amount_out,
        edge=recorded.edge or 0,
        sent_ns=command.at_ns,
        deadline_ns=command.deadline_ns,
        released_after_ns=command.deadline_ns + margin_ns,
        request_kind=command.request_kind,
    )


class StartupReconciliation:
    """Earlier runs, as this one takes them over. ``load`` comes before the first reading of the balances."""

    def __init__(
        self,
        settings: Settings,
        tokens: TokenTable,
        book: QuoteBook,
        reader: BalanceReader,
        history: History,
        *,
        withdrawals: EarlierWithdrawals,
        relay: SettlementLookup,
        env: Environment,
        recorder: Recorder,
        is_plausible: Callable[[int], bool],
        run_id: str,
    ) -> None:
        self._is_plausible = is_plausible
        self._margin_ns = settings.quote_death_margin_ms * NS_PER_MS
        self._max_deadline_ms = settings.limits().max_deadline_ms
        self._tokens = tokens
        self._book = book
        self._reader = reader
        self._history = history
        self._withdrawals = withdrawals
        self._relay = relay
        self._record = recorder.record
        self._wall_ns = env.wall_ns
        self._run_id = run_id
        self._unrecorded_until_ns = 0
        self._previous: PreviousRun | None = None
        self._open_quotes: dict[str, Commitment] = {}
        self._by_release: list[str] = []
        self._late: list[Movement] = []
        self._recent: list[Movement] = []
        self._known_deposits: frozenset[str] = frozenset()
        self._recorded_deposits: frozenset[str] = frozenset()
        self._bookings_recorded = False
        self._assumed: tuple[Movement, ...] = ()
        self._booked_later: tuple[Movement, ...] = ()
        self._difference = NOTHING
        self._differences = 0
        self._carried = NOTHING
        self._first = NOTHING
        self._base: TokenAmounts | None = None
        self._counted: frozenset[str] = frozenset()
        self._base_ns = 0
        self._base_height: int | None = None
        self._last_height: int | None = None
        self._waited = 0
        self._read = False
        self._accounted = False
        self._findings: list[str] = []

    async def load(self, previous: PreviousRun | None) -> None:
        """Take over the recorded quotes and the balances to start from. Raises HistoryError."""
        self._previous = previous
        if previous is None:
            return
        if not previous.clean:
            # It may have lost the last quotes it signed, so they are taken to have lived as long as allowed.
            longest_ns = (previous.max_deadline_ms or self._max_deadline_ms) * NS_PER_MS
            self._unrecorded_until_ns = previous.last_write_ns + UNRECORDED_WINDOW_NS + longest_ns + self._margin_ns
        # The relay may deliver again what the previous run did not acknowledge before it ended.
        for recorded in await self._history.settled_since(previous.last_write_ns - UNACKNOWLEDGED_NS):
            self._book.recognise(recorded.command.quote_hash)
        async for page in self._history.open_quotes():
            for recorded in page:
                commitment = commitment_of(self._tokens, recorded, self._margin_ns)
                self._open_quotes[commitment.quote_hash] = commitment
                self._book.restore(commitment, recorded.outcomes)
        quotes = self._open_quotes
        self._by_release = sorted(quotes, key=lambda name: quotes[name].released_after_ns)
        await self._load_base()
        self._findings.append(findings.run_ended(previous))
        if quotes:
            self._findings.append(findings.without_outcome(len(quotes)))
            log.info("%d quotes of earlier runs have no outcome on record and are reserved again", len(quotes))

    async def _load_base(self) -> None:
        rows = {row.asset: row for row in await self._history.last_explained()}
        if not rows:
            return
        for token_id, row in rows.items():
            if row.balance and self._tokens.get(token_id) is None:
                raise HistoryError(findings.unknown_token(token_id))
        self._base = TokenAmounts({token_id: row.balance for token_id, row in rows.items()})
        self._counted = frozenset(rows)
        self._base_ns = max(row.at_ns for row in rows.values())
        self._base_height = max(row.block_height for row in rows.values())
        # What an unexplained reading showed is booked, too: an older one would not show it.
        self._last_height = await self._history.last_height()
        self._carried = self._difference = await self._last_difference()
        # What was booked by that reading was recorded after it was asked for; so was what it did not show yet.
        late = await self._history.settled_since(self._base_ns)
        self._late = [movement(commitment_of(self._tokens, one, 0)) for one in late]
        # The base may be from a node that lagged behind the one that showed them.
        recent = await self._history.settled_since(self._base_ns - LAG_NS)
        fills = [movement(commitment_of(self._tokens, one, 0)) for one in recent]
        self._recent = [one for one in fills if one not in self._late]
        booked = bookings_by(await self._history.liquidity(BOOKING), self._base_ns)
        self._assumed, self._recorded_deposits, self._booked_later = booked.assumed, booked.known, booked.later
        since_ns = booked.recorded_since_ns
        self._bookings_recorded = since_ns is not None
        # Before bookings were recorded, what was credited long enough before was in the balances. Since then one
        # without a booking is not: an unexplained difference may hold it.
        deposits = [one for one in await self._history.liquidity("deposit") if one.status in CREDITED]
        unbooked_ns = self._base_ns - LAG_NS if since_ns is None else since_ns
        old = frozenset(one.action_id for one in deposits if one.at_ns < unbooked_ns)
        self._known_deposits = (old | booked.known) - booked.taken_back

    async def _last_difference(self) -> TokenAmounts:
        """Return the unexplained difference in the balances to start from that has not been accepted."""
        arguments = await self._history.last_arguments(DIFFERENCE_COMMAND)
        return NOTHING if arguments is None else read_difference(arguments).shown_by(self._base_ns)

    def record_difference(self, amounts: TokenAmounts, at_ns: int) -> None:
        """Record what is unexplained now in the journal, so that no later run accepts it by itself."""
        self._differences += 1
        arguments = write_difference(UnexplainedDifference(amounts, self._difference, at_ns))
        self._difference = amounts
        self._act(
            f"aside-{self._run_id}-{self._differences}",
            DIFFERENCE_COMMAND,
            findings.unexplained_now(self._tokens, amounts),
            arguments=arguments,
        )

    def unrecorded_left_ms(self) -> int:
        """Return how long quotes without a record may still be settled, ms; 0 after a clean end."""
        return max(0, (self._unrecorded_until_ns - self._wall_ns()) // NS_PER_MS)

    def left_ms(self) -> int:
        """Return how long any quote of an earlier run, recorded or not, may still be settled, ms."""
        while self._by_release and not self._book.reservations.is_signed(self._by_release[-1]):
            self._by_release.pop()
        last_ns = self._open_quotes[self._by_release[-1]].released_after_ns if self._by_release else 0
        return max(self.unrecorded_left_ms(), (last_ns - self._wall_ns()) // NS_PER_MS)

    async def open(self, listed: Sequence[Movement] | None) -> OpeningBalances:
        """Read the opening balances and compare them with what the previous run left; book the fills found, once each.

        ``listed``: the bridge's credited deposits, None when it has not reported any yet. Raises VenueError while the
        nonces or the balances cannot be read, or only as they were before.
        """
        for _ in range(MAX_ROUNDS):
            used = await self._reader.used_nonces(await self._to_ask(listed))
            reading = await self._reader.read()
            least = self._least_height(used)
            if reading.height < least:
                raise UnreachableError(
                    f"the balances are of block {reading.height}, older than block {least} that was seen before"
                )
            if self._base is None:
                return await self._opened(reading, used, self._certain_fills(await self._confirmed(used)), NOTHING)
            self._first = self._first_counted(reading)
            if self._first and listed is None and self._waited < MAX_ROUNDS:
                break
            change = reading.amounts - self._first - self._base
            found = self._explained(change, used, self._unknown_deposits(listed or ()))
            if found is not None:
                return await self._opened(reading, used, found, NOTHING)
        if listed is None and self._waited < MAX_ROUNDS:
            self._waited += 1
            raise UnreachableError(
                "balances changed since the last run and the bridge has not reported deposits yet; asking again"
            )
        # Nothing explains the change: money that came from elsewhere would hide that one node alone lies about a nonce.
        confirmed = await self._confirmed(used)
        certain = believable(change, self._certain_fills(confirmed))
        # Of what the previous run booked last, the balances to start from may or may not show each; a burned quote may
        # have been settled first.
        certain += given(change - total(certain), [*self._late, *self._burning(confirmed)])
        return await self._opened(reading, used, certain, change - total(certain))

    async def _to_ask(self, listed: Sequence[Movement] | None) -> Sequence[Commitment]:
        """Choose the quotes whose nonces to ask for before the desk can start; the others come at later readings."""
        quotes = tuple(self._open_quotes.values())
        if len(quotes) <= MAX_NONCES:
            return quotes
        reading = await self._reader.read()
        change = reading.amounts - self._first_counted(reading) - (self._base or NOTHING)
        if not change and self._base is not None:
            # Nothing points to any of them, and too few could be asked to find a fill that something else made up for.
            return ()
        wanted = targets((change,), [*self._unknown_deposits(listed or ()), *self._moved()])
        steps = suspects(wanted, quotes, claimed=frozenset(), most=MAX_NONCES, after_ns=0, to_ask=lambda one: True)
        return (await paced(steps)).all

    def _least_height(self, used: dict[str, int]) -> int:
        """Return the highest block that was seen before, as far as the chain can have it: only a lie names another."""
        if self._base_height is not None and not self._is_plausible(self._base_height):
            self._set_aside(self._base_height)
            self._base_height = None
        if self._last_height is not None and not self._is_plausible(self._last_height):
            self._set_aside(self._last_height)
            self._last_height = None
        left = filter(self._is_plausible, self._withdrawals.left_by())
        return max(self._base_height or 0, self._last_height or 0, *left, *used.values(), 0)

    def _set_aside(self, height: int) -> None:
        message = findings.set_aside(height)
        if message not in self._findings:
            self._findings.append(message)
            log.warning(message)

    def _first_counted(self, reading: Reading) -> TokenAmounts:
        # What the account has of tokens that no run has counted: there is nothing to compare it with.
        new = {token_id: units for token_id, units in reading.amounts.items() if token_id not in self._counted}
        return TokenAmounts(new)

    def _unknown_deposits(self, listed: Sequence[Movement]) -> list[Movement]:
        # Those of a token that is counted for the first time are in its balance.
        first = {one.key for one in listed if not any(token_id in self._counted for token_id, _ in one.amounts.items())}
        self._known_deposits |= first
        return [one for one in listed if one.key not in self._known_deposits]

    def _movements(self, names: Iterable[str]) -> list[Movement]:
        return [movement(self._open_quotes[name]) for name in names if name in self._open_quotes]

    def _certain_fills(self, used: dict[str, int]) -> list[Movement]:
        # Certain as long as only this desk burns its nonces.
        burning = {one.key for one in self._burning(used)}
        return self._movements(name for name in used if name not in burning)

    async def _confirmed(self, used: dict[str, int]) -> dict[str, int]:
        return await self._reader.confirmed_nonces(self._open_quotes[name] for name in used)

    def _burning(self, used: dict[str, int]) -> list[Movement]:
        # What each would have moved, had it been settled before its burning used the nonce.
        burning = {quote.commitment.quote_hash for quote in self._book.burning()}
        return self._movements(name for name in used if name in burning)

    def _explained(
        self, change: TokenAmounts, used: dict[str, int], deposits: Sequence[Movement]
    ) -> Sequence[Movement] | None:
        """What adds up to the change, the certain before the possible; None when nothing does."""
        certain = self._certain_fills(used)
        flows = [*deposits, *self._moved()]
        burning = self._burning(used)
        late = [*flows, *self._late]
        for candidates in (flows, late, [*flows, *burning], [*late, *self._recent]):
            found = explain(change - total(certain), candidates)
            if found is not None:
                return (*certain, *found)
        # The contract clears expired nonces: an unused one of an expired quote shows nothing.
        now, quotes = self._wall_ns(), self._open_quotes
        expired = self._movements(name for name in quotes if name not in used and quotes[name].deadline_ns <= now)
        found = explain(change - total(certain), [*flows, *self._late, *burning, *expired])
        if found is not None:
            return (*certain, *found)
        return explain(change, [*certain, *flows, *self._late, *burning])

    def _moved(self) -> Sequence[Movement]:
        return self._withdrawals.moved_since(self._base_ns, self._base_height)

    async def _opened(
        self, reading: Reading, used: dict[str, int], found: Sequence[Movement], unexplained: TokenAmounts
    ) -> OpeningBalances:
        filled = {one.key for one in found} & self._open_quotes.keys()
        await self._find_transactions(filled)
        for name, height in used.items():
            self._book.nonce_used(name, height)
        for name in filled:
            self._book.confirm(name, SETTLED_WHILE_AWAY, while_away=True)
        burning = [quote.commitment for quote in self._book.burning() if quote.commitment.quote_hash in used]
        for name, height in (await self._reader.confirmed_nonces(burning)).items():
            self._book.nonce_confirmed(name, height)
        if not unexplained:
            self._book.confirm_burned(reading.height)
        if self._base is not None:
            moved = {one.key for one in self._moved()}
            self._withdrawals.on_opened(moved, {one.key for one in found}, unexplained)
        self._read = True
        self._report_opening(found, filled, unexplained)
        if self._base is None:
            return OpeningBalances(reading=reading, unexplained=unexplained)
        # Where it was not recorded what the balances to start from held, what explains no change was in them.
        deposits = self._known_deposits | {one.key for one in found}
        return OpeningBalances(
            reading=reading,
            unexplained=unexplained + self._carried,
            deposits=deposits if self._bookings_recorded else None,
            carried=self._carried,
            assumed=self._assumed,
            recorded=self._recorded_deposits if self._bookings_recorded else None,
            unbooked=tuple(one for one in self._booked_later if one.key not in deposits),
            fills=tuple(one for one in (*self._late, *self._recent) if one not in found),
        )

    async def _find_transactions(self, filled: set[str]) -> None:
        """Learn where fills were settled, as far as the relay knows: nothing else depends on it."""
        for name in sorted(filled)[:MAX_TRANSACTIONS]:
            try:
                tx_hash = await self._relay.transaction_of(name)
            except VenueError:
                return
            if tx_hash is not None:
                self._book.settled_in(name, tx_hash)

    def tick(self) -> None:
        """Record once that every quote of earlier runs has its outcome: the next run need not look again."""
        if not self._read or self._accounted or self._previous is None or self._book.restored_count:
            return
        self._accounted = True
        self._act(f"account-{self._run_id}", ACCOUNTED, findings.accounted(len(self._open_quotes)))

    def findings(self) -> tuple[str, ...]:
        """Return what was found about the previous run, a sentence each."""
        found = list(self._findings)
        if self._previous is not None and not self._read and self._open_quotes:
            found.append(findings.asking(min(len(self._open_quotes), MAX_NONCES)))
        left = self._book.restored_count
        if left and self._read:
            found.append(findings.still_live(left))
        if self.unrecorded_left_ms():
            found.append(findings.unrecorded(self.unrecorded_left_ms()))
        return tuple(found)

    def _report_opening(self, found: Sequence[Movement], filled: set[str], unexplained: TokenAmounts) -> None:
        if self._previous is None:
            return
        booked = {one.key for one in (*self._late, *self._recent)}
        self._findings += findings.opening(
            self._tokens,
            fills=[one for one in found if one.key in filled],
            flows=[one for one in found if one.key not in filled and one.key not in booked],
            unexplained=unexplained,
            carried=self._carried,
            first=self._first,
            base_ns=None if self._base is None else self._base_ns,
        )
        self._act(f"found-{self._run_id}", "start", "; ".join(self._findings), accepted=not unexplained)

    def _act(self, action_id: str, command: str, reason: str, *, arguments: str = "{}", accepted: bool = True) -> None:
        self._record(
            OperatorAction(
                at_ns=self._wall_ns(),
                command_id=action_id,
                actor="desk",
                command=command,
                arguments=arguments,
                accepted=accepted,
                reason=reason,
            )
        )
