"""Whether a withdrawal named by its hash has left this account: only NEAR or the bridge can say so."""

from cockpit.desk.funding.bridges.status import BridgeFollower, WithdrawalStatus
from cockpit.desk.funding.messages import NOT_SHOWN
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.model.environment import Environment
from venue.near.outcomes import TxOutcome
from venue.near.rpc import NearRpc
from venue.protocol.units import NS_PER_S
from venue.transport.errors import VenueError

GIVEN_UP_NS = 86_400 * NS_PER_S
"""How long a hash that NEAR does not know is looked for."""


class Confirmation:
    """``account``: the one that the amount must have left."""

    def __init__(self, account: str, rpc: NearRpc, env: Environment) -> None:
        self._account = account
        self._rpc = rpc
        self._wall_ns = env.wall_ns

    async def status(self, withdrawal: Withdrawal, bridge: BridgeFollower) -> WithdrawalStatus:
        """Return what is known of a withdrawal that nobody has confirmed. Raises VenueError: nobody could be asked."""
        problem: VenueError | None = None
        outcome: TxOutcome | None = None
        try:
            outcome = await self._rpc.transaction(withdrawal.near_hash, self._account)
        except VenueError as exc:
            problem = exc
        if outcome is not None and outcome.final:
            judged = self._judge(withdrawal, outcome)
            if judged is not None:
                return judged
        found = await bridge.find(withdrawal, withdrawal.near_hash)
        if found is not None:
            return found
        if problem is not None:
            raise problem
        if outcome is None and self._wall_ns() - withdrawal.order.requested_ns >= GIVEN_UP_NS:
            return _let_go("NEAR has not known its hash for 24 h")
        return WithdrawalStatus(state="unknown", detail=NOT_SHOWN)

    def _judge(self, withdrawal: Withdrawal, outcome: TxOutcome) -> WithdrawalStatus | None:
        asset = withdrawal.order.asset
        if outcome.state == "failed":
            return _let_go(f"NEAR shows that its transaction failed: {outcome.failure}")
        if outcome.burns is None:
            return None
        ours = [one for one in outcome.burns if one.owner == self._account and one.token_id == asset.token_id]
        if any(one.amount == withdrawal.order.amount for one in ours):
            detail = "NEAR shows that it left this account; waiting for the bridge"
            return WithdrawalStatus(
                state="burned", detail=detail, near_hash=withdrawal.near_hash, left_at=outcome.block_height
            )
        if ours:
            left = ", ".join(f"{asset.to_decimal(one.amount).normalize():f}" for one in ours)
            return _let_go(f"its transaction took {left} {asset.symbol} from this account; track it with that amount")
        return _let_go(f"its transaction took no {asset.symbol} from this account")


def _let_go(reason: str) -> WithdrawalStatus:
    return WithdrawalStatus(state="untracked", detail=f"not followed any more: {reason}")
