"""Withdrawals: recorded before they are sent, and followed until they have arrived.

One at a time is decided; the bytes of each are made once. That they may go out is recorded, and durable, before they
do: what history knows as prepared was never sent. What was sent, or may have been, is only followed.
"""

import asyncio
from collections.abc import Callable
from uuid import UUID

from cockpit.desk.funding.bridges.status import WithdrawalStatus
from cockpit.desk.funding.bridges.terms import OmniAsks
from cockpit.desk.funding.cooling_off import CoolingOff
from cockpit.desk.funding.errors import NotPreparedError
from cockpit.desk.funding.freeze import Freeze
from cockpit.desk.funding.messages import NOT_CONFIRMED, NOT_SHOWN
from cockpit.desk.funding.withdrawal import KIND, RecordedOrder, State, Withdrawal
from cockpit.desk.funding.withdrawal_book import WithdrawalBook
from cockpit.desk.funding.withdrawal_signing import WithdrawalSigning, access_nonce
from cockpit.desk.funding.withdrawal_tracker import WithdrawalTracker
from cockpit.model.commands import Route
from cockpit.model.environment import Environment
from cockpit.model.events import WithdrawalPrepared
from cockpit.model.recorder import Recorder
from storage.errors import HistoryError
from storage.history import History
from venue.bridges.omni.message import OmniTerms
from venue.protocol.assets import Token
from venue.protocol.units import NS_PER_MS
from venue.signing.errors import RefusedToSignError
from venue.signing.signed_bytes import encode_signed, without_signed
from venue.signing.signer import SignedBytes
from venue.transport.errors import VenueError

TICK_S = 0.25
PAUSES_S = (0.5, 1.0, 1.0, 2.0, 2.0, 5.0, 5.0, 10.0)
DURABLE_WITHIN_S = 5.0


class Withdrawals:
    """Makes withdrawals, sends them and follows them. ``load`` comes before anything else.

    ``on_left`` is called when money left the Verifier or came back; ``on_status`` gets every detail that was read.
    """

    def __init__(
        self,
        env: Environment,
        recorder: Recorder,
        history: History,
        book: WithdrawalBook,
        signing: WithdrawalSigning,
        tracker: WithdrawalTracker,
        freeze: Freeze,
        cooling: CoolingOff,
        *,
        on_left: Callable[[], None],
        on_status: Callable[[str], None],
    ) -> None:
        self._env = env
        self._recorder = recorder
        self._history = history
        self._book = book
        self._signing = signing
        self._tracker = tracker
        self._freeze = freeze
        self._cooling = cooling
        self._on_left = on_left
        self._on_status = on_status
        self.last_error = ""

    async def load(self) -> None:
        """Take over what history holds. Raises HistoryError when it cannot be read."""
        actions = await self._history.liquidity(KIND)
        prepared = await self._history.prepared_withdrawals()
        self._book.load(prepared, actions)

    async def make(
        self,
        *,
        asset: Token,
        amount: int,
        fee: int,
        destination: str,
        route: Route,
        actor: str,
        key: str,
        unexplained_before: int = 0,
        omni: OmniAsks | None = None,
    ) -> Withdrawal:
        """Sign and record a withdrawal that passed every preflight check; ``run`` sends it from then on.

        Amounts in base units; ``unexplained_before``: the unexplained difference of the asset now; ``omni``: what the
        Omni bridge asks, for a token of that bridge. The caller admits one order at a time. Raises NotPreparedError:
        nothing was sent, and nothing will be.
        """
        withdrawal = Withdrawal(
            RecordedOrder(
                withdrawal_id=f"w-{self._env.new_id()}",
                asset=asset,
                amount=amount,
                fee=fee,
                destination=destination,
                route=route,
                actor=actor,
                requested_ns=self._env.wall_ns(),
                terms=None if omni is None else self._terms(omni),
            )
        )
        withdrawal.steps.clear()
        withdrawal.unexplained_before = unexplained_before
        self._book.add(withdrawal)
        self._book.move(withdrawal, "requested", f"ordered by {actor}")
        try:
            signed, expires_ns = await self._signing.sign(withdrawal.order)
            self._check_still_open()
            await self._commit(withdrawal, signed, expires_ns, key)
        except (NotPreparedError, VenueError, RefusedToSignError, HistoryError, ValueError) as exc:
            withdrawal.prepared = None
            self._book.move(withdrawal, "failed", f"never sent: {exc}")
            raise NotPreparedError(str(exc)) from None
        self._freeze.on_used()
        return withdrawal

    def _terms(self, omni: OmniAsks) -> OmniTerms:
        return OmniTerms(
            gas_fee=omni.gas_fee,
            protocol_fee=omni.protocol_fee,
            native_fee=omni.native_fee,
            external_id=str(UUID(bytes=self._env.random_bytes(16), version=4)),
        )

    def _check_still_open(self) -> None:
        if self._freeze.frozen:
            raise NotPreparedError("withdrawals were frozen meanwhile; unfreeze them and place the order again")

    async def _commit(self, withdrawal: Withdrawal, signed: SignedBytes, expires_ns: int, key: str) -> None:
        """Have the bytes on disk, and read back, before anything can send them."""
        order = withdrawal.order
        fact = WithdrawalPrepared(
            at_ns=self._env.wall_ns(),
            withdrawal_id=order.withdrawal_id,
            idempotency_key=key,
            actor=order.actor,
            route="transaction" if order.route == "transaction" else "intent",
            asset=order.asset.token_id,
            amount=order.amount,
            fee=order.fee or 0,
            destination=order.destination,
            chain=order.asset.chain,
            hash=signed.hash,
            signed=encode_signed(order.route, signed.sent),
            nonce=signed.nonce,
            expires_ns=expires_ns,
            bridge=order.asset.bridge,
            gas_fee=order.terms.gas_fee if order.terms is not None else 0,
            native_fee=order.terms.native_fee if order.terms is not None else 0,
            external_id=order.terms.external_id if order.terms is not None else "",
        )
        self._recorder.record(fact)
        self._book.record_step(withdrawal, "prepared", "signed and recorded; not sent yet", signed.hash)
        try:
            async with asyncio.timeout(DURABLE_WITHIN_S):
                await self._recorder.flush()
                recorded = await self._history.prepared_withdrawals()
        except TimeoutError:
            raise NotPreparedError(NOT_CONFIRMED) from None
        if fact not in recorded:
            raise NotPreparedError(
                "the history already holds this key or these bytes; check the list, then use a new key"
            )
        self._check_still_open()
        withdrawal.prepared = fact
        self._book.set_key(withdrawal, key)
        self._book.move(withdrawal, "prepared", "signed and recorded; about to be sent", record=False)

    def adopt(self, *, asset: Token, amount: int, near_hash: str, destination: str, actor: str) -> Withdrawal:
        """Follow a withdrawal made elsewhere by its NEAR hash."""
        withdrawal_id, before = f"tracked-{near_hash}", self._book.tracked(near_hash)
        if before is not None and before.state != "untracked":
            return before
        if before is not None:
            # Its row in history has the asset and amount that were named then.
            withdrawal_id = f"{withdrawal_id}-{self._env.new_id()}"
        order = RecordedOrder(
            withdrawal_id=withdrawal_id,
            asset=asset,
            amount=amount,
            fee=None,
            destination=destination,
            route="",
            actor=actor,
            requested_ns=self._env.wall_ns(),
            ours=False,
        )
        withdrawal = Withdrawal(order)
        withdrawal.steps.clear()
        withdrawal.near_hash = near_hash
        self._book.add(withdrawal)
        self._book.move(withdrawal, "unknown", f"made elsewhere, tracked for {actor}; {NOT_SHOWN}")
        return withdrawal

    async def run(self) -> None:
        """Send and follow every open withdrawal, each at its own pace, until cancelled."""
        while True:
            await self.step()
            await asyncio.sleep(TICK_S)

    async def step(self) -> None:
        """Send and follow those that are due now, once."""
        self._freeze.tick()
        self._cooling.tick()
        now = self._env.wall_ns()
        due = [w for w in self._book if w.followed and _due(w, now) and _durable(w)]
        for withdrawal in due:
            if withdrawal.state != "prepared" or await self._release(withdrawal):
                await self._poll(withdrawal)

    async def _release(self, withdrawal: Withdrawal) -> bool:
        """Have it on record that the bytes may go out, before they do.

        False while the history does not confirm it, or another withdrawal must go first.
        """
        ahead = self._ahead(withdrawal)
        if ahead is not None:
            withdrawal.detail = f"waits for withdrawal {ahead.order.withdrawal_id}, whose access-key nonce is lower"
            return False
        if not withdrawal.releasing:
            withdrawal.releasing = True
            self._book.record_step(withdrawal, "sent", "released to be sent", "")
        try:
            async with asyncio.timeout(DURABLE_WITHIN_S):
                await self._recorder.flush()
        except (TimeoutError, HistoryError) as exc:
            withdrawal.detail = f"not sent: the history does not confirm the record ({exc or 'no answer in time'})"
            withdrawal.next_ns = self._env.wall_ns() + int(PAUSES_S[-1] * 1000) * NS_PER_MS
            return False
        self._book.move(withdrawal, "sent", "released to be sent", record=False)
        return True

    def _ahead(self, withdrawal: Withdrawal) -> Withdrawal | None:
        # With a lower access-key nonce it could never execute after this one.
        nonce = access_nonce(withdrawal)
        return next((w for w in self._book if w.undecided and 0 < access_nonce(w) < nonce), None)

    async def _poll(self, withdrawal: Withdrawal) -> None:
        if not withdrawal.confirmed and (own := self._book.own(withdrawal.near_hash)):
            detail = f"not followed any more: it is the burn of this desk's withdrawal {own}"
            self._book.move(withdrawal, "untracked", detail)
            return
        pause = PAUSES_S[min(withdrawal.attempts, len(PAUSES_S) - 1)]
        withdrawal.attempts += 1
        try:
            status = await self._tracker.poll(withdrawal)
            self.last_error = ""
        except VenueError as exc:
            self.last_error = _shown(withdrawal, str(exc))
            state: State = "unknown" if withdrawal.state == "sent" else withdrawal.state
            status = WithdrawalStatus(state=state, detail=f"status could not be read: {exc}")
        withdrawal.next_ns = self._env.wall_ns() + int(pause * 1000) * NS_PER_MS
        if withdrawal.state == "untracked":
            return
        if not withdrawal.confirmed and status.state != "untracked":
            alike = self._book.without_hash(withdrawal.order.asset, withdrawal.order.amount)
            if alike:
                status = WithdrawalStatus(state="unknown", detail=f"it may be the burn of withdrawal {alike}; waiting")
        self._apply(withdrawal, status)

    def _apply(self, withdrawal: Withdrawal, status: WithdrawalStatus) -> None:
        # Failed without a NEAR hash means that nothing left: an earlier hash must not contradict it.
        withdrawal.near_hash = status.near_hash or ("" if status.state == "failed" else withdrawal.near_hash)
        withdrawal.destination_hash = status.destination_hash or withdrawal.destination_hash
        if status.left_at is not None:
            withdrawal.left_at = status.left_at
        detail = _shown(withdrawal, status.detail)
        self._on_status(status.detail)
        if status.state == withdrawal.state:
            withdrawal.detail = detail
            return
        withdrawal.attempts = 0
        self._book.move(withdrawal, status.state, detail)
        if status.state in ("burned", "refunded", "returned", "completed"):
            self._on_left()
        if status.state == "completed" and withdrawal.order.ours:
            self._cooling.use(withdrawal.order.asset.chain, withdrawal.order.destination)


def _durable(withdrawal: Withdrawal) -> bool:
    # One made elsewhere has no bytes of this desk.
    return withdrawal.prepared is not None or not withdrawal.order.ours


def _due(withdrawal: Withdrawal, now_ns: int) -> bool:
    # A clock that was set back must not stretch the pause.
    return not 0 < withdrawal.next_ns - now_ns <= int(PAUSES_S[-1] * 1000) * NS_PER_MS


def _shown(withdrawal: Withdrawal, text: str) -> str:
    # Services repeat what they were sent, the signed bytes too.
    return text if withdrawal.prepared is None else without_signed(text, withdrawal.prepared)
