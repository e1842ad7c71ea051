"""The withdrawals of an account: what is known of each, what it reserves, and what it may do to the balances."""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence

from cockpit.desk.funding.messages import NEVER_SENT, REOPENED
from cockpit.desk.funding.withdrawal import DEAD_WATCHED_NS, KIND, RecordedOrder, State, Withdrawal, rebuild
from cockpit.desk.inventory.movements import Movement
from cockpit.model.environment import Environment
from cockpit.model.events import LiquidityAction, WithdrawalPrepared
from cockpit.model.recorder import Recorder
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable

log = logging.getLogger(__name__)

SHOWN = 50
MAX_DEAD = 3
"""More of those that were called expired or failed would be too many candidates for a change of the balances."""


class WithdrawalBook:
    """Every withdrawal of the account that this history knows, and the record of each of their steps.

    ``reserve`` is called with what of an asset is leaving: its token id and base units.
    """

    def __init__(
        self, env: Environment, recorder: Recorder, tokens: TokenTable, *, reserve: Callable[[str, int], None]
    ) -> None:
        self._env = env
        self._recorder = recorder
        self._tokens = tokens
        self._reserve = reserve
        self._all: dict[str, Withdrawal] = {}
        self._by_key: dict[str, Withdrawal] = {}

    def __iter__(self) -> Iterator[Withdrawal]:
        return iter(tuple(self._all.values()))

    def load(self, prepared: Sequence[WithdrawalPrepared], actions: Sequence[LiquidityAction]) -> None:
        """Take over what history holds: what was signed is followed, what was only requested has failed."""
        self._all = rebuild(self._tokens, prepared, actions)
        for withdrawal in self._all.values():
            if withdrawal.prepared is not None:
                self._by_key[withdrawal.prepared.idempotency_key] = withdrawal
            if withdrawal.state in ("requested", "prepared") and withdrawal.order.ours:
                self.move(withdrawal, "failed", NEVER_SENT)
        for fact in prepared:
            if fact.withdrawal_id not in self._all:
                self._add_prepared(fact)
        self._reserve_leaving()

    def _add_prepared(self, fact: WithdrawalPrepared) -> None:
        # Signed, but its steps were never recorded, and so it was never released.
        order = RecordedOrder(
            withdrawal_id=fact.withdrawal_id,
            asset=self._tokens.token(fact.asset),
            amount=fact.amount,
            fee=fact.fee,
            destination=fact.destination,
            route=fact.route,
            actor=fact.actor,
            requested_ns=fact.at_ns,
        )
        withdrawal = Withdrawal(order, fact)
        self.add(withdrawal)
        self.set_key(withdrawal, fact.idempotency_key)
        self.move(withdrawal, "failed", NEVER_SENT)

    def add(self, withdrawal: Withdrawal) -> None:
        self._all[withdrawal.order.withdrawal_id] = withdrawal

    def set_key(self, withdrawal: Withdrawal, idempotency_key: str) -> None:
        """Make orders under this key mean this withdrawal."""
        self._by_key[idempotency_key] = withdrawal

    def get(self, withdrawal_id: str) -> Withdrawal | None:
        return self._all.get(withdrawal_id)

    def by_key(self, idempotency_key: str) -> Withdrawal | None:
        return self._by_key.get(idempotency_key)

    def undecided(self, asset: Token) -> str:
        """Return the id of a withdrawal of this asset whose money may still leave; empty without one."""
        return next((w.order.withdrawal_id for w in self._all.values() if w.undecided and w.order.asset is asset), "")

    def own(self, near_hash: str) -> str:
        """Return the id of this desk's withdrawal that has the hash, on NEAR or of its payment; empty without one."""
        ours = (w for w in self._all.values() if w.order.ours)
        hashes = ((w, (w.near_hash, w.destination_hash, w.prepared.hash if w.prepared else "")) for w in ours)
        return next((w.order.withdrawal_id for w, known in hashes if near_hash and near_hash in known), "")

    def without_hash(self, asset: Token, amount: int) -> str:
        """Return the id of a withdrawal of this desk that may have left by an unknown NEAR transaction."""
        ours = (w for w in self._all.values() if w.order.ours and w.prepared is not None and not w.near_hash)
        alike = (w for w in ours if w.order.asset is asset and w.order.amount == amount and (w.followed or w.left))
        return next((w.order.withdrawal_id for w in alike), "")

    def tracked(self, near_hash: str) -> Withdrawal | None:
        """Return the newest withdrawal that is, or was, tracked by the hash."""
        found = [w for w in self._all.values() if not w.order.ours and w.near_hash == near_hash]
        return found[-1] if found else None

    def follows(self, near_hash: str) -> bool:
        """Return whether a withdrawal made elsewhere is known by the hash and was not let go of."""
        found = self.tracked(near_hash)
        return found is not None and found.state != "untracked"

    def claimed(self, near_hash: str | None, by: Withdrawal) -> bool:
        """Return whether the NEAR hash belongs to another withdrawal than ``by``: to one that is known to have left."""
        others = (w for w in self._all.values() if w is not by and w.confirmed)
        return any(near_hash in (w.near_hash, w.destination_hash) for w in others)

    def shown(self) -> list[Withdrawal]:
        """Return what is shown: open ones first, then newest first."""
        newest = sorted(self._all.values(), key=lambda w: (w.followed, w.order.requested_ns), reverse=True)
        return newest[:SHOWN]

    def movements(self) -> list[Movement]:
        """Return what withdrawals may still do to the balances, the last dead ones included."""
        since_ns = self._env.wall_ns() - DEAD_WATCHED_NS
        dead = [w for w in self._all.values() if w.is_dead and not w.out_booked and w.known_ns > since_ns]
        dead = sorted(dead, key=lambda one: one.known_ns)[-MAX_DEAD:]
        open_ones = [movement for withdrawal in self._all.values() for movement in withdrawal.movements()]
        return [*open_ones, *(one.taken() for one in dead)]

    def moved_since(self, at_ns: int, height: int | None) -> list[Movement]:
        """Return what withdrawals of earlier runs may have done to balances that were read then (UTC ns) at this
        block, out and back."""
        return [movement for one in self._all.values() for movement in one.may_have_moved(at_ns, height)]

    def left_since(self, at_ns: int) -> list[Movement]:
        """Return the amounts that are known to have left, by a step since then (UTC ns)."""
        return [w.taken() for w in self._all.values() if w.left and w.steps[-1][1] >= at_ns]

    def left_by(self) -> list[int]:
        """Return the blocks by which withdrawals are known to have left."""
        return [w.left_at for w in self._all.values() if w.left_at is not None and w.left_the_verifier]

    def on_opened(self, candidates: Collection[str], found: Collection[str], unexplained: TokenAmounts) -> None:
        """Take note of which of the movements that may have come explain the opening balances, and what is left."""
        for withdrawal in self._all.values():
            if f"{withdrawal.order.withdrawal_id}:out" in candidates:
                withdrawal.on_opened(found, unexplained[withdrawal.order.asset.token_id])
                if withdrawal.is_dead and f"{withdrawal.order.withdrawal_id}:out" in found:
                    self.on_booked(f"{withdrawal.order.withdrawal_id}:out")
        self._reserve_leaving()

    def certain(self, height: int) -> list[Movement]:
        """Return the amounts that certainly left between the opening balances and a reading at this height."""
        found = (withdrawal.certain_out(height) for withdrawal in self._all.values())
        return [movement for movement in found if movement is not None]

    def on_booked(self, key: str) -> None:
        found = next((withdrawal for withdrawal in self._all.values() if withdrawal.book(key)), None)
        if found is None:
            return
        if found.is_dead:
            self._reopen(found)
        self._reserve_leaving()

    def _reopen(self, withdrawal: Withdrawal) -> None:
        log.error("withdrawal %s: %s", withdrawal.order.withdrawal_id, REOPENED)
        if withdrawal.prepared is not None and withdrawal.prepared.route == "transaction":
            withdrawal.near_hash = withdrawal.prepared.hash
        withdrawal.back_booked = False
        withdrawal.attempts = withdrawal.next_ns = 0
        self.move(withdrawal, "burned", REOPENED)

    def on_explained(self, opening_height: int, requested_ns: int, unexplained: TokenAmounts) -> None:
        """Note a reading that is explained but for the recorded difference, and when it was requested (UTC ns)."""
        for withdrawal in self._all.values():
            withdrawal.on_reconciled(opening_height, requested_ns, unexplained[withdrawal.order.asset.token_id])
        self._reserve_leaving()

    def move(self, withdrawal: Withdrawal, state: State, detail: str, *, record: bool = True) -> None:
        """Put the withdrawal into a state; ``record`` is False for a step that is in history already."""
        now = self._env.wall_ns()
        if record:
            tx_hash = withdrawal.destination_hash if state == "completed" else withdrawal.near_hash
            self.record_step(withdrawal, state, detail, tx_hash)
        withdrawal.state, withdrawal.detail = state, detail
        if not withdrawal.steps or withdrawal.steps[-1][0] != state:
            withdrawal.steps.append((state, now))
        withdrawal.known_ns = now
        self._reserve_leaving()

    def record_step(self, withdrawal: Withdrawal, state: State, detail: str, tx_hash: str) -> None:
        order = withdrawal.order
        self._recorder.record(
            LiquidityAction(
                at_ns=self._env.wall_ns(),
                action_id=order.withdrawal_id,
                kind=KIND,
                asset=order.asset.token_id,
                amount=order.amount,
                chain=order.asset.chain,
                tx_hash=tx_hash or None,
                status=state,
                detail=detail,
                block_height=withdrawal.left_at,
            )
        )

    def _reserve_leaving(self) -> None:
        for asset in self._tokens.tokens:
            leaving = sum(w.order.amount for w in self._all.values() if w.holds and w.order.asset is asset)
            self._reserve(asset.token_id, leaving)
