"""One withdrawal: its order, its states, and what each means for the money. No I/O.

requested → prepared (signed, hash known, bytes in history) → sent (released, in history too: from here on the bytes may
be anywhere) → burned (left the Verifier) → bridging → completed; or failed (nothing left, or the bridge gave up),
refunded (by the contract), returned (by the bridge), expired (its bytes can never execute); or unknown. One made
elsewhere is unknown until NEAR or the bridge shows that it left this account, and untracked once it is let go of.
"""

from collections.abc import Collection, Iterable
from typing import Literal, get_args

import msgspec

from cockpit.desk.inventory.movements import Movement
from cockpit.model.events import LiquidityAction, WithdrawalPrepared
from venue.bridges.omni.message import OmniTerms
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

State = Literal[
    "requested",
    "prepared",
    "sent",
    "unknown",
    "burned",
    "bridging",
    "completed",
    "failed",
    "refunded",
    "returned",
    "expired",
    "untracked",
]
STATES: tuple[State, ...] = get_args(State)
KIND = "withdrawal"

UNSENT: tuple[State, ...] = ("requested", "prepared", "sent", "unknown")
"""States in which the money may still leave the Verifier."""
LEFT: tuple[State, ...] = ("burned", "bridging")
UNPAID: tuple[State, ...] = ("failed", "refunded", "returned", "expired")
"""Final states in which nothing has arrived: an order repeated under the same key is refused."""

_GAVE_BACK: frozenset[State] = frozenset(("refunded", "returned"))
_TOOK: frozenset[State] = frozenset((*LEFT, "completed", *_GAVE_BACK))

DEAD_WATCHED_NS = 26 * 3600 * NS_PER_S
"""For so long one that is dead may yet explain a change of the balances: longer than any bytes are valid."""
UNDATED_NS = 30 * NS_PER_S
"""What happened at an unknown height is in every reading requested half a minute after it became known."""


class RecordedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """``amount`` and ``fee`` in base units, ``fee`` None for a withdrawal made elsewhere (not ``ours``).

    ``terms``: what it is signed with for the Omni bridge; None for the PoA bridge, and once the bytes are recorded.
    """

    withdrawal_id: str
    asset: Token
    amount: int
    fee: int | None
    destination: str
    route: str
    actor: str
    requested_ns: int
    ours: bool = True
    terms: OmniTerms | None = None


class Withdrawal:
    """A withdrawal's life so far.

    ``left_at``: a block height by which it had left, None until one is known. ``unexplained_before``: the unexplained
    difference of its asset when it was ordered, base units. ``inherited``: an earlier run made it, so that the opening
    balances may or may not contain its movements. ``opening_unexplained``: they were not explained in its asset, so
    they do not tell. ``nonce_used_ns``: block time at which its access-key nonce was first seen used, by which
    transaction is unknown.
    """

    __slots__ = (
        "attempts",
        "back_booked",
        "destination_hash",
        "detail",
        "inherited",
        "known_ns",
        "left_at",
        "near_hash",
        "next_ns",
        "nonce_used_ns",
        "opening_unexplained",
        "order",
        "out_booked",
        "prepared",
        "releasing",
        "seen_leaving",
        "state",
        "steps",
        "unexplained_before",
    )

    def __init__(self, order: RecordedOrder, prepared: WithdrawalPrepared | None = None) -> None:
        self.order = order
        self.prepared = prepared
        self.state: State = "requested"
        self.detail = ""
        self.steps: list[tuple[State, int]] = [("requested", order.requested_ns)]
        self.near_hash = ""
        self.destination_hash = ""
        self.out_booked = False
        self.back_booked = False
        self.left_at: int | None = None
        self.known_ns = 0
        self.nonce_used_ns: int | None = None
        self.unexplained_before = 0
        self.inherited = False
        self.opening_unexplained = False
        self.releasing = False
        self.seen_leaving = False
        self.attempts = 0
        self.next_ns = 0

    @property
    def undecided(self) -> bool:
        """Return whether its money may still leave: another of the same asset must wait."""
        return self.order.ours and self.state in UNSENT

    @property
    def confirmed(self) -> bool:
        """Return whether it is this desk's own, or NEAR or the bridge has shown that it left this account."""
        return self.order.ours or self.state in (*_TOOK, "failed")

    @property
    def followed(self) -> bool:
        return self.state in UNSENT or self.state in LEFT or (self.state == "failed" and bool(self.near_hash))

    @property
    def is_dead(self) -> bool:
        """Return whether its bytes went out and it was called expired or failed: the balances tell if they executed."""
        released = any(state == "sent" for state, _ in self.steps)
        return self.order.ours and released and (self.state == "expired" or (self.state == "failed" and not self.left))

    def taken(self) -> Movement:
        """Return what it does to the balances when it leaves."""
        return self._movement("out", -1)

    @property
    def holds(self) -> bool:
        """Return whether its amount is reserved while the balance still shows it."""
        return self.order.ours and not self.out_booked and (self.state in UNSENT or self.left)

    @property
    def left(self) -> bool:
        """Return whether the money has left the Verifier, wherever it is now."""
        return self.state in (*LEFT, "completed", "returned") or (self.state == "failed" and bool(self.near_hash))

    @property
    def _never_undone(self) -> bool:
        """Return whether nothing comes back by itself: with its message only what the chain calls refunded does."""
        return self.order.asset.bridge == "omni"

    def movements(self) -> list[Movement]:
        """Return what it may still do to the balances: take the amount out, and bring it back."""
        if not self.confirmed or (self.order.ours and self.prepared is None):
            return []
        found = []
        back = self.state in ("refunded", "returned")
        if not self.out_booked and (self.state in UNSENT or self.left or back):
            found.append(self._movement("out", -1))
        # The opening balances may already lack the amount of an inherited one: it comes back without leaving.
        undone = back or (self.left and self.state != "completed") or (self.inherited and self.state in UNSENT)
        if self._never_undone:
            undone = back
        if not self.back_booked and undone and (self.out_booked or back or self.inherited):
            found.append(self._movement("back", 1))
        return found

    def may_have_moved(self, since_ns: int, height: int | None) -> list[Movement]:
        """Return what it may have done to balances that were read then (UTC ns) at this block, unless they show it.

        The block by which it left decides where both are known (``height``: None while it is not). A node may lag
        behind the one that showed a step.
        """
        if not self.confirmed or (self.order.ours and self.prepared is None):
            return []
        shown_ns = since_ns - UNDATED_NS if self.left_the_verifier else since_ns
        before = {state for state, at_ns in self.steps if at_ns < shown_ns}
        over = not self.followed and all(at_ns < shown_ns for _, at_ns in self.steps)
        out = (over and not self._lately_dead(since_ns)) or bool(before & _TOOK)
        if self.left_at is not None and height is not None and self.left_the_verifier:
            out = self.left_at <= height
        found = [] if out else [self._movement("out", -1)]
        back = over or bool(before & _GAVE_BACK) or self.state == "completed"
        if back or (self._never_undone and self.state != "refunded"):
            return found
        return [*found, self._movement("back", 1)]

    @property
    def left_the_verifier(self) -> bool:
        """Return whether its amount is known to have left, though it may have come back."""
        return self.left or self.state == "refunded"

    def _lately_dead(self, now_ns: int) -> bool:
        return self.is_dead and now_ns - self.known_ns < DEAD_WATCHED_NS

    def certain_out(self, height: int) -> Movement | None:
        """Return the amount leaving if it certainly lies between the opening balances and this block, unbooked.

        None for one of an earlier run: it may have left before the opening balances were read.
        """
        if self.out_booked or self.inherited or not self.order.ours or not self.left:
            return None
        return self._movement("out", -1) if self.left_at is not None and self.left_at <= height else None

    def on_opened(self, found: Collection[str], unexplained: int) -> None:
        """Take note of the opening balances, which these movements explain but for so many base units of its asset.

        One that is not among them comes in a later reading: the node that gave the first one may have lagged. It may
        also be a part of what is unexplained.
        """
        if f"{self.order.withdrawal_id}:out" in found:
            return
        self.opening_unexplained = unexplained != 0
        if self.left and (self.left_at is None or self.opening_unexplained):
            self.out_booked = False

    def book(self, key: str) -> bool:
        """Mark a movement as found in the balances; False when the key is another withdrawal's."""
        if key == f"{self.order.withdrawal_id}:out":
            self.out_booked = self.seen_leaving = True
            return True
        if key == f"{self.order.withdrawal_id}:back":
            self.back_booked = True
            return True
        return False

    def on_reconciled(self, opening_height: int, requested_ns: int, unexplained: int) -> None:
        """Book what is over and was not found in an explained reading: the opening balances contain it.

        ``unexplained``: base units of its asset in the recorded difference, which may be it.
        """
        if self.opening_unexplained and unexplained:
            return
        in_opening = self.left and self.left_at is not None and self.left_at <= opening_height
        over = self.state in ("bridging", "completed", "failed") and requested_ns > self.known_ns + UNDATED_NS
        if in_opening or over:
            self.out_booked = True
        if self.state in ("refunded", "returned") and requested_ns > self.known_ns + UNDATED_NS:
            self.out_booked = self.back_booked = True

    def _movement(self, name: str, sign: int) -> Movement:
        amounts = TokenAmounts({self.order.asset.token_id: sign * self.order.amount})
        return Movement(f"{self.order.withdrawal_id}:{name}", amounts)


def rebuild(
    tokens: TokenTable, prepared: Iterable[WithdrawalPrepared], actions: Iterable[LiquidityAction]
) -> dict[str, Withdrawal]:
    """Rebuild every withdrawal from history, by id. Raises ValueError for a state or token unknown to this program."""
    bytes_of = {fact.withdrawal_id: fact for fact in prepared}
    found: dict[str, Withdrawal] = {}
    for action in actions:
        if action.kind != KIND:
            continue
        state = action.status
        if state not in STATES:
            raise ValueError(f"the history holds a withdrawal in the unknown state {state}")
        withdrawal = found.get(action.action_id)
        if withdrawal is None:
            withdrawal = found[action.action_id] = Withdrawal(_order(tokens, action, bytes_of.get(action.action_id)))
            withdrawal.prepared = bytes_of.get(action.action_id)
            withdrawal.steps.clear()
        withdrawal.state = state
        withdrawal.detail = action.detail
        if action.block_height is not None:
            withdrawal.left_at = action.block_height
        withdrawal.steps.append((withdrawal.state, action.at_ns))
        if state == "completed":
            withdrawal.destination_hash = action.tx_hash or ""
        elif state == "failed":
            # One that failed with a hash had left the Verifier; without a hash nothing left.
            withdrawal.near_hash = action.tx_hash or ""
        elif action.tx_hash and state not in ("requested", "prepared"):
            withdrawal.near_hash = action.tx_hash
    for withdrawal in found.values():
        withdrawal.inherited = True
        withdrawal.known_ns = withdrawal.steps[-1][1]
        # The opening balances are read after this: what had left by then is not in them.
        withdrawal.out_booked = withdrawal.state not in UNSENT and not withdrawal.is_dead
        withdrawal.back_booked = not withdrawal.followed and withdrawal.state != "returned"
    return found


def _order(tokens: TokenTable, action: LiquidityAction, prepared: WithdrawalPrepared | None) -> RecordedOrder:
    asset = tokens.get(action.asset or "")
    if asset is None:
        raise ValueError(f"the history holds a withdrawal of {action.asset}, which is not in the table of tokens")
    return RecordedOrder(
        withdrawal_id=action.action_id,
        asset=asset,
        amount=action.amount or 0,
        fee=prepared.fee if prepared else None,
        destination=prepared.destination if prepared else "",
        route=prepared.route if prepared else "",
        actor=prepared.actor if prepared else "",
        requested_ns=action.at_ns,
        ours=not action.action_id.startswith("tracked-"),
    )
