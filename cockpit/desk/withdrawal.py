"""One withdrawal: its order, its states, and what each means for the money. No I/O.

requested → prepared (signed, hash known, bytes in history) → sent → burned (left the Verifier) → bridging →
completed; or failed (nothing left, or the bridge gave up), refunded (the contract gave it back), returned (the bridge
gave it back), expired (its bytes can never execute); or unknown, while nobody can tell.
"""

from collections.abc import Iterable
from typing import Literal, get_args

import msgspec

from cockpit.desk.proof import Movement
from cockpit.events import LiquidityAction, WithdrawalPrepared
from venue.assets import Asset, Pair

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
]
STATES: tuple[State, ...] = get_args(State)
KIND = "withdrawal"

UNSENT: tuple[State, ...] = ("requested", "prepared", "sent", "unknown")
"""States in which the money may still leave the Verifier."""
LEFT: tuple[State, ...] = ("burned", "bridging")

UNDATED_NS = 30 * 10**9
"""A burn whose block is not known is in every reading asked for half a minute after it was known."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked for; ``amount`` and ``fee`` in base units, ``fee`` None for one made elsewhere."""

    withdrawal_id: str
    asset: Asset
    amount: int
    fee: int | None
    destination: str
    route: str
    actor: str
    requested_ns: int
    ours: bool = True


class Withdrawal:
    """A withdrawal's life so far. ``burned_at`` is the block height of the burn, where it is known."""

    __slots__ = (
        "attempts",
        "back_booked",
        "burn_booked",
        "burned_at",
        "burned_known_ns",
        "destination_hash",
        "detail",
        "near_hash",
        "next_ns",
        "order",
        "prepared",
        "state",
        "steps",
    )

    def __init__(self, order: Order, prepared: WithdrawalPrepared | None = None) -> None:
        self.order = order
        self.prepared = prepared
        self.state: State = "requested"
        self.detail = ""
        self.steps: list[tuple[State, int]] = [("requested", order.requested_ns)]
        self.near_hash = ""
        self.destination_hash = ""
        self.burn_booked = False
        self.back_booked = False
        self.burned_at: int | None = None
        self.burned_known_ns = 0
        self.attempts = 0
        self.next_ns = 0

    @property
    def undecided(self) -> bool:
        """Whether its money may still leave: another of the same asset must wait."""
        return self.order.ours and self.state in UNSENT

    @property
    def followed(self) -> bool:
        """Whether there is still something to find out."""
        return self.state in UNSENT or self.state in LEFT or (self.state == "failed" and bool(self.near_hash))

    @property
    def holds(self) -> bool:
        """Whether its amount is bound though the balance still shows it."""
        return self.order.ours and not self.burn_booked and (self.state in UNSENT or self.burned)

    @property
    def burned(self) -> bool:
        """Whether the money has left the Verifier, wherever it is now."""
        return self.state in (*LEFT, "completed", "returned") or (self.state == "failed" and bool(self.near_hash))

    def movements(self, pair: Pair) -> list[Movement]:
        """What it may yet do to the balances: take the amount out, or bring it back."""
        if not self.order.ours or self.prepared is None:
            return []
        asset, amount = self.order.asset, self.order.amount
        ident = self.order.withdrawal_id
        if not self.burn_booked and (self.state in UNSENT or self.burned or self.state == "refunded"):
            return [_movement(pair, asset, f"{ident}:out", -amount)]
        if self.burn_booked and not self.back_booked and (self.burned or self.state == "refunded"):
            return [] if self.state == "completed" else [_movement(pair, asset, f"{ident}:back", amount)]
        return []

    def booked(self, key: str) -> bool:
        """A movement of this withdrawal was found in the balances; False when the key is another's."""
        if key == f"{self.order.withdrawal_id}:out":
            self.burn_booked = True
            return True
        if key == f"{self.order.withdrawal_id}:back":
            self.back_booked = True
            return True
        return False

    def seen(self, height: int, asked_ns: int) -> None:
        """Every unit of a reading at this height is explained: what was known before it is in it, or never happened."""
        known = height >= self.burned_at if self.burned_at is not None else asked_ns > self.burned_known_ns + UNDATED_NS
        if self.burn_booked or not known or self.state in UNSENT:
            return
        self.burn_booked = True
        self.back_booked = self.state in ("refunded", "returned")


def _movement(pair: Pair, asset: Asset, key: str, amount: int) -> Movement:
    in_base = asset is pair.base
    return Movement(key, amount if in_base else 0, 0 if in_base else amount)


def rebuild(
    pair: Pair, prepared: Iterable[WithdrawalPrepared], actions: Iterable[LiquidityAction]
) -> dict[str, Withdrawal]:
    """Every withdrawal as history tells it, by id. ValueError for a state or token that this program does not know."""
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
            withdrawal = found[action.action_id] = Withdrawal(_order(pair, action, bytes_of.get(action.action_id)))
            withdrawal.prepared = bytes_of.get(action.action_id)
            withdrawal.steps.clear()
        withdrawal.state = state
        withdrawal.detail = action.detail
        withdrawal.steps.append((withdrawal.state, action.at_ns))
        if state == "completed":
            withdrawal.destination_hash = action.tx_hash or ""
        elif action.tx_hash and state not in ("requested", "prepared"):
            withdrawal.near_hash = action.tx_hash
    for withdrawal in found.values():
        # The opening balances are read after this: what had left by then is not in them.
        withdrawal.burn_booked = withdrawal.state not in UNSENT
        withdrawal.back_booked = not withdrawal.followed
    return found


def _order(pair: Pair, action: LiquidityAction, prepared: WithdrawalPrepared | None) -> Order:
    asset = pair.asset(action.asset or "")
    return Order(
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
