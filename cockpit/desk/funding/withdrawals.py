"""Withdrawals: ordered through every gate, recorded before they are sent, followed until they have arrived.

One at a time is decided; the bytes of each are made once. That they may go out is recorded, and durable, before they
do: what history knows as prepared was never sent. What was sent, or may have been, is only followed.
"""

import asyncio
from collections.abc import Awaitable, Callable

from cockpit.desk.funding.cooling_off import CoolingOff
from cockpit.desk.funding.freeze import Freeze
from cockpit.desk.funding.withdrawal import KIND, RecordedOrder, State, Withdrawal
from cockpit.desk.funding.withdrawal_book import WithdrawalBook
from cockpit.desk.funding.withdrawal_tracker import WithdrawalStatus, WithdrawalTracker
from cockpit.model.commands import Route
from cockpit.model.events import AnyEvent, WithdrawalPrepared
from storage.errors import HistoryError
from storage.history import History
from venue.near.rpc import NearRpc
from venue.protocol.assets import Asset, Pair
from venue.protocol.units import NS_PER_MS
from venue.signing.errors import RefusedToSignError
from venue.signing.signed_bytes import encode_signed, without_signed
from venue.signing.signer import SignedBytes, Signer
from venue.transport.errors import VenueError

TICK_S = 0.25
VALID_NS = 25 * 3600 * 10**9
"""A transaction's block hash is good for about 24 h (PROTOCOL); an hour more is certain."""
INTENT_LIFE_NS = 600 * 10**9
PAUSES_S = (0.5, 1.0, 1.0, 2.0, 2.0, 5.0, 5.0, 10.0)
DURABLE_WITHIN_S = 5.0


class NotPreparedError(Exception):
    """Nothing was signed that could be sent; the sentence says why and what to do."""


class Withdrawals(WithdrawalBook):
    """Makes withdrawals, sends them and follows them. ``load`` comes before anything else."""

    def __init__(
        self,
        pair: Pair,
        account: str,
        signer: Signer,
        rpc: NearRpc,
        freeze: Freeze,
        cooling: CoolingOff,
        *,
        salt: Callable[[], bytes | None],
        record: Callable[[AnyEvent], None],
        durable: Callable[[], Awaitable[None]],
        history: History,
        held: Callable[[str, int], None],
        burned: Callable[[], None],
        wall_ns: Callable[[], int],
        new_id: Callable[[], str],
    ) -> None:
        super().__init__(pair, record=record, held=held, wall_ns=wall_ns)
        self._account = account
        self._signer = signer
        self._rpc = rpc
        self._freeze = freeze
        self._cooling = cooling
        self._salt = salt
        self._durable = durable
        self._history = history
        self._burned = burned
        self._new_id = new_id
        self.last_error = ""

    async def load(self) -> None:
        """Take over what history holds: what was signed is followed, what was only asked for has failed."""
        actions = await self._history.liquidity(KIND)
        prepared = await self._history.prepared_withdrawals()
        self._take_over(prepared, actions)

    async def make(
        self,
        asset: Asset,
        amount: int,
        fee: int,
        destination: str,
        route: Route,
        actor: str,
        key: str,
        aside: int = 0,
    ) -> Withdrawal:
        """Sign and record a withdrawal that passed every gate; it is sent by ``run`` from then on.

        ``aside``: what is unexplained of the asset already. Raises NotPrepared: nothing was sent, and nothing will be.
        The caller lets one order in at a time.
        """
        now = self._wall_ns()
        withdrawal = Withdrawal(
            RecordedOrder(
                withdrawal_id=f"w-{self._new_id()}",
                asset=asset,
                amount=amount,
                fee=fee,
                destination=destination,
                route=route,
                actor=actor,
                requested_ns=now,
            )
        )
        withdrawal.steps.clear()
        withdrawal.aside = aside
        self._all[withdrawal.order.withdrawal_id] = withdrawal
        self._move(withdrawal, "requested", f"{actor} asked for it")
        try:
            signed, expires_ns = await self._sign(withdrawal.order, route)
            self._still_open()
            await self._commit(withdrawal, signed, expires_ns, key)
        except (NotPreparedError, VenueError, RefusedToSignError, HistoryError, ValueError) as exc:
            withdrawal.prepared = None
            self._move(withdrawal, "failed", f"never sent: {exc}")
            raise NotPreparedError(str(exc)) from None
        self._freeze.used()
        return withdrawal

    def _still_open(self) -> None:
        if self._freeze.frozen:
            raise NotPreparedError("withdrawals were frozen meanwhile; unfreeze them and order again")

    async def _sign(self, order: RecordedOrder, route: Route) -> tuple[SignedBytes, int]:
        """The signed bytes and when, by block time, they can no longer execute (UTC ns)."""
        block = await self._rpc.block("final")
        if route == "intent":
            salt = self._salt()
            if salt is None:
                raise NotPreparedError("the Verifier's salt is not known; try again")
            deadline = block.timestamp_ns + INTENT_LIFE_NS
            signed = self._signer.sign_withdrawal_intent(order.asset, order.amount, order.destination, deadline, salt)
            return signed, deadline
        key = await self._rpc.access_key(self._account, self._signer.public_key)
        if key is None or not key.full_access:
            raise NotPreparedError(
                "a withdrawal by transaction attaches 1 yoctoNEAR, which only a full-access key of the account may; "
                "set WITHDRAWAL_ROUTE=intent, or use such a key"
            )
        # Two transactions with one nonce would kill each other: that of another asset may still be on its way.
        last = max([key.nonce, *(_access_nonce(w) for w in self._all.values() if w.undecided)])
        signed = self._signer.sign_withdrawal_transaction(
            order.asset, order.amount, order.destination, last, block.hash
        )
        return signed, block.timestamp_ns + VALID_NS

    async def _commit(self, withdrawal: Withdrawal, signed: SignedBytes, expires_ns: int, key: str) -> None:
        """Have the bytes on disk, and read back, before anything can send them."""
        order = withdrawal.order
        fact = WithdrawalPrepared(
            self._wall_ns(),
            order.withdrawal_id,
            key,
            order.actor,
            "transaction" if order.route == "transaction" else "intent",
            order.asset.token_id,
            order.amount,
            order.fee or 0,
            order.destination,
            order.asset.chain,
            signed.hash,
            encode_signed(order.route, signed.sent),
            signed.nonce,
            expires_ns,
        )
        self._record(fact)
        self._step(withdrawal, "prepared", "signed and recorded; not sent yet", signed.hash)
        try:
            async with asyncio.timeout(DURABLE_WITHIN_S):
                await self._durable()
                kept = await self._history.prepared_withdrawals()
        except TimeoutError:
            raise NotPreparedError("the history did not confirm the record in time; look at its health") from None
        if fact not in kept:
            raise NotPreparedError(
                "the history already holds this key or these bytes; look at the list, then use a new key"
            )
        self._still_open()
        withdrawal.prepared = fact
        self._by_key[key] = withdrawal
        self._move(withdrawal, "prepared", "signed and recorded; about to be sent", record=False)

    def adopt(
        self, asset: Asset, amount: int, near_hash: str, destination: str, actor: str, *, foreign: bool = False
    ) -> Withdrawal:
        """Follow a withdrawal made elsewhere by the hash of its burn on NEAR; ``foreign``: by another account."""
        ident = f"tracked-{near_hash}"
        if ident in self._all:
            return self._all[ident]
        order = RecordedOrder(
            withdrawal_id=ident,
            asset=asset,
            amount=amount,
            fee=None,
            destination=destination,
            route="",
            actor=actor,
            requested_ns=self._wall_ns(),
            ours=False,
        )
        withdrawal = self._all[ident] = Withdrawal(order)
        withdrawal.steps.clear()
        withdrawal.near_hash = near_hash
        withdrawal.foreign = foreign
        self._move(withdrawal, "unknown", f"made elsewhere, followed for {actor}; the bridge has not confirmed it yet")
        return withdrawal

    async def run(self, tracker: WithdrawalTracker) -> None:
        """Follow everything that is under way, each at its own pace, until cancelled."""
        while True:
            self._freeze.tick()
            now = self._wall_ns()
            due = [w for w in self._all.values() if w.followed and _due(w, now) and self._ready(w)]
            for withdrawal in due:
                if withdrawal.state != "prepared" or await self._release(withdrawal):
                    await self._look(withdrawal, tracker)
            await asyncio.sleep(TICK_S)

    async def _release(self, withdrawal: Withdrawal) -> bool:
        """Have it on record that the bytes may go out, before they do; False while the history does not confirm it, or
        another's turn comes first."""
        ahead = self._ahead(withdrawal)
        if ahead is not None:
            withdrawal.detail = f"waits for withdrawal {ahead.order.withdrawal_id}, whose access-key nonce is lower"
            return False
        if not withdrawal.releasing:
            withdrawal.releasing = True
            self._step(withdrawal, "sent", "released to be sent", "")
        try:
            async with asyncio.timeout(DURABLE_WITHIN_S):
                await self._durable()
        except (TimeoutError, HistoryError) as exc:
            withdrawal.detail = f"not sent: the history does not confirm the record ({exc or 'no answer in time'})"
            withdrawal.next_ns = self._wall_ns() + int(PAUSES_S[-1] * 1000) * NS_PER_MS
            return False
        self._move(withdrawal, "sent", "released to be sent", record=False)
        return True

    @staticmethod
    def _ready(withdrawal: Withdrawal) -> bool:
        """Not before its bytes are durable: a withdrawal without them has not been decided here."""
        return withdrawal.prepared is not None or not withdrawal.order.ours

    def _ahead(self, withdrawal: Withdrawal) -> Withdrawal | None:
        """An undecided withdrawal that could never execute once this one has: its access-key nonce is lower."""
        nonce = _access_nonce(withdrawal)
        return next((w for w in self._all.values() if w.undecided and 0 < _access_nonce(w) < nonce), None)

    async def _look(self, withdrawal: Withdrawal, tracker: WithdrawalTracker) -> None:
        pause = PAUSES_S[min(withdrawal.attempts, len(PAUSES_S) - 1)]
        withdrawal.attempts += 1
        try:
            found = await tracker.look(withdrawal)
            self.last_error = ""
        except VenueError as exc:
            self.last_error = _shown(withdrawal, str(exc))
            state: State = "unknown" if withdrawal.state == "sent" else withdrawal.state
            found = WithdrawalStatus(state=state, detail=f"could not be asked: {exc}")
        withdrawal.next_ns = self._wall_ns() + int(pause * 1000) * NS_PER_MS
        self._take(withdrawal, found)

    def _take(self, withdrawal: Withdrawal, found: WithdrawalStatus) -> None:
        # Without a hash of a burn, failed means that nothing left: a hash feared before must not say otherwise.
        withdrawal.near_hash = found.near_hash or ("" if found.state == "failed" else withdrawal.near_hash)
        withdrawal.destination_hash = found.destination_hash or withdrawal.destination_hash
        if found.burned_at is not None:
            withdrawal.burned_at = found.burned_at
        detail = _shown(withdrawal, found.detail)
        if found.state == withdrawal.state:
            withdrawal.detail = detail
            return
        withdrawal.attempts = 0
        self._move(withdrawal, found.state, detail)
        if found.state in ("burned", "refunded", "returned", "completed"):
            self._burned()
        if found.state == "completed" and withdrawal.order.ours:
            self._cooling.use(withdrawal.order.asset.chain, withdrawal.order.destination)


def _due(withdrawal: Withdrawal, now_ns: int) -> bool:
    """Whether its pause is over; a clock that was set back must not stretch it."""
    return not 0 < withdrawal.next_ns - now_ns <= int(PAUSES_S[-1] * 1000) * NS_PER_MS


def _shown(withdrawal: Withdrawal, text: str) -> str:
    """The text as it may be shown and recorded: services repeat what they were sent."""
    return text if withdrawal.prepared is None else without_signed(text, withdrawal.prepared)


def _access_nonce(withdrawal: Withdrawal) -> int:
    """The access-key nonce that its bytes use; 0 for an intent."""
    prepared = withdrawal.prepared
    return int(prepared.nonce) if prepared is not None and prepared.route == "transaction" else 0
