"""The withdrawals of an account: what is known of each, what it binds, and what it may do to the balances."""

from collections.abc import Callable, Sequence

from cockpit.desk.funding.withdrawal import KIND, RecordedOrder, State, Withdrawal, rebuild
from cockpit.desk.inventory.movements import Movement
from cockpit.model.events import AnyEvent, LiquidityAction, WithdrawalPrepared
from venue.protocol.assets import Asset, Pair

SHOWN = 50
NEVER_SENT = "the desk ended before it was sent; nothing left, order it again"


class WithdrawalBook:
    """Every withdrawal of the account that this history knows, and the record of each of their steps.

    ``held`` is told how much of an asset, by its token id and in base units, is leaving.
    """

    def __init__(
        self,
        pair: Pair,
        *,
        record: Callable[[AnyEvent], None],
        held: Callable[[str, int], None],
        wall_ns: Callable[[], int],
    ) -> None:
        self._pair = pair
        self._record = record
        self._held = held
        self._wall_ns = wall_ns
        self._all: dict[str, Withdrawal] = {}
        self._by_key: dict[str, Withdrawal] = {}

    def _take_over(self, prepared: Sequence[WithdrawalPrepared], actions: Sequence[LiquidityAction]) -> None:
        """Go on from what history holds: what was signed is followed, what was only asked for has failed."""
        self._all = rebuild(self._pair, prepared, actions)
        for withdrawal in self._all.values():
            if withdrawal.prepared is not None:
                self._by_key[withdrawal.prepared.idempotency_key] = withdrawal
            if withdrawal.state in ("requested", "prepared") and withdrawal.order.ours:
                self._move(withdrawal, "failed", NEVER_SENT)
        for fact in prepared:
            if fact.withdrawal_id not in self._all:
                self._adopt_prepared(fact)
        self._hold()

    def _adopt_prepared(self, fact: WithdrawalPrepared) -> None:
        """Signed, but its steps were never recorded, and so it was never released."""
        order = RecordedOrder(
            withdrawal_id=fact.withdrawal_id,
            asset=self._pair.asset(fact.asset),
            amount=fact.amount,
            fee=fact.fee,
            destination=fact.destination,
            route=fact.route,
            actor=fact.actor,
            requested_ns=fact.at_ns,
        )
        withdrawal = self._all[fact.withdrawal_id] = self._by_key[fact.idempotency_key] = Withdrawal(order, fact)
        self._move(withdrawal, "failed", NEVER_SENT)

    def undecided(self, asset: Asset) -> str:
        """The id of a withdrawal of this asset whose money may still leave; empty when there is none."""
        return next((w.order.withdrawal_id for w in self._all.values() if w.undecided and w.order.asset is asset), "")

    def follows(self, near_hash: str) -> bool:
        """Whether a burn with this NEAR hash is one of those known here."""
        known = self._all.values()
        return any(near_hash in (w.near_hash, w.prepared.hash if w.prepared else "") for w in known)

    def claimed(self, near_hash: str | None, by: Withdrawal) -> bool:
        """Whether the burn is another withdrawal's than ``by``."""
        return any(w is not by and near_hash in (w.near_hash, w.destination_hash) for w in self._all.values())

    def known(self, idempotency_key: str) -> Withdrawal | None:
        """The withdrawal made under this key."""
        return self._by_key.get(idempotency_key)

    def shown(self) -> list[Withdrawal]:
        """Newest first, those still under way before the others."""
        newest = sorted(self._all.values(), key=lambda w: (w.followed, w.order.requested_ns), reverse=True)
        return newest[:SHOWN]

    def movements(self) -> list[Movement]:
        """What withdrawals may yet do to the balances."""
        return [movement for withdrawal in self._all.values() for movement in withdrawal.movements(self._pair)]

    def on_booked(self, key: str) -> None:
        """A movement was found in the balances."""
        if any(withdrawal.booked(key) for withdrawal in self._all.values()):
            self._hold()

    def moved_since(self, at_ns: int) -> list[Movement]:
        """What withdrawals of earlier runs may have done to the balances since then (UTC ns), out and back."""
        return [movement for one in self._all.values() for movement in one.may_have_moved(self._pair, at_ns)]

    def certain(self, height: int) -> list[Movement]:
        """Burns that are sure to lie between the opening balances and a reading at this height."""
        found = (withdrawal.burn_certain(self._pair, height) for withdrawal in self._all.values())
        return [movement for movement in found if movement is not None]

    def on_explained(self, opening_height: int, asked_ns: int) -> None:
        """A reading is explained to the last unit."""
        for withdrawal in self._all.values():
            withdrawal.seen(opening_height, asked_ns)
        self._hold()

    def _move(self, withdrawal: Withdrawal, state: State, detail: str, *, record: bool = True) -> None:
        now = self._wall_ns()
        if record:
            tx_hash = withdrawal.destination_hash if state == "completed" else withdrawal.near_hash
            self._step(withdrawal, state, detail, tx_hash)
        withdrawal.state, withdrawal.detail = state, detail
        if not withdrawal.steps or withdrawal.steps[-1][0] != state:
            withdrawal.steps.append((state, now))
        withdrawal.known_ns = now
        self._hold()

    def _step(self, withdrawal: Withdrawal, state: State, detail: str, tx_hash: str) -> None:
        order = withdrawal.order
        self._record(
            LiquidityAction(
                self._wall_ns(),
                order.withdrawal_id,
                KIND,
                order.asset.token_id,
                order.amount,
                order.asset.chain,
                tx_hash or None,
                state,
                detail,
            )
        )

    def _hold(self) -> None:
        """Tell the reservations what is leaving of each asset."""
        for asset in (self._pair.base, self._pair.quote):
            leaving = sum(w.order.amount for w in self._all.values() if w.holds and w.order.asset is asset)
            self._held(asset.token_id, leaving)
