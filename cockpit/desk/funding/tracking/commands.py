"""The commands that follow a withdrawal made elsewhere, and stop following it."""

from collections.abc import Callable, Mapping

from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.errors import InvalidOrderError
from cockpit.desk.funding.messages import NOT_SHOWN, untracked_by
from cockpit.desk.funding.order_parser import OrderParser
from cockpit.desk.funding.tracking.hashes import is_near_hash, is_payment_hash
from cockpit.desk.funding.withdrawal_book import WithdrawalBook
from cockpit.desk.funding.withdrawals import Withdrawals
from cockpit.model.commands import CommandRequest, Result, WithdrawalOrder
from venue.bridges.omni.client import OmniBridge
from venue.bridges.poa.client import Bridge
from venue.bridges.poa.withdrawals import BridgeWithdrawal
from venue.protocol.assets import Token
from venue.transport.amounts import amount_of
from venue.transport.bounds import is_name
from venue.transport.errors import VenueError

TRACK, UNTRACK = "track-withdrawal", "untrack-withdrawal"
GIVE_HASH = "give the hash of the NEAR transaction: base58 of 32 bytes, about 44 letters and digits"

RecordResult = Callable[[CommandRequest, str, Mapping[str, object], bool, str], Result]


class TrackingCommands:
    """What is tracked explains no balance before NEAR or the bridge has shown that it left this account."""

    def __init__(
        self,
        account: str,
        *,
        parser: OrderParser,
        book: WithdrawalBook,
        withdrawals: Withdrawals,
        deposits: DepositTracker,
        bridge: Bridge,
        omni: OmniBridge,
        record_result: RecordResult,
    ) -> None:
        self._account = account
        self._parser = parser
        self._book = book
        self._withdrawals = withdrawals
        self._deposits = deposits
        self._bridge = bridge
        self._omni = omni
        self._record_result = record_result

    async def track(self, order: WithdrawalOrder, given: str) -> Result:
        """Follow a withdrawal made elsewhere, by its hash on NEAR or, where the bridge lists it, of its payment."""
        # What is no hash at all stays out of the journal.
        arguments = {
            "asset_id": order.asset_id,
            "amount": order.amount,
            "destination_address": order.destination_address,
            "withdrawal_hash": given if is_name(given) else "",
        }
        accepted, text = await self._track(order, given)
        return self._record_result(order, TRACK, arguments, accepted, text)

    async def _track(self, order: WithdrawalOrder, given: str) -> tuple[bool, str]:
        try:
            near_hash, listed = self._near_hash(order, given)
            own = self._book.own(near_hash)
            if own:
                return False, f"it is the burn of this desk's withdrawal {own}, which the desk follows by itself"
            if self._book.follows(near_hash):
                return True, "it is tracked already"
            asset = self._deposits.asset_of(listed.near_token_id) if listed is not None else None
            asset = asset or self._parser.asset(order)
            amount = listed.amount if listed is not None and listed.amount else amount_of(order.amount or "")
            if not amount:
                return False, "it cannot be tracked: give an amount above 0"
            alike = self._book.without_hash(asset, amount)
            if alike:
                return False, (
                    f"withdrawal {alike} of this desk has the same token and amount and no known NEAR hash yet; "
                    "it may be its burn: wait until its hash is known"
                )
            address, owner = await self._ask_bridge(order, near_hash, asset, amount)
        except (InvalidOrderError, VenueError, ValueError) as exc:
            return False, f"it cannot be tracked: {exc}"
        if owner not in ("", self._account):
            return False, f"it left the account {owner}, not {self._account}"
        self._withdrawals.adopt(asset=asset, amount=amount, near_hash=near_hash, destination=address, actor=order.actor)
        return True, f"tracking {near_hash}; {NOT_SHOWN}"

    def _near_hash(self, order: WithdrawalOrder, given: str) -> tuple[str, BridgeWithdrawal | None]:
        """Return the hash on NEAR and the bridge's record; InvalidOrderError when it is neither form."""
        listed = self._deposits.withdrawals
        if is_near_hash(given):
            return given, next((one for one in listed if one.tx_hash == given), None)
        asset = self._parser.asset(order) if order.asset_id else None
        chains = {one.chain for one in listed} if asset is None else {asset.chain}
        if not any(is_payment_hash(chain, given) for chain in chains):
            raise InvalidOrderError(GIVE_HASH)
        paid = next((one for one in listed if (one.transfer_tx_hash or "").lower() == given.lower()), None)
        if paid is None or not is_near_hash(paid.tx_hash or ""):
            raise InvalidOrderError(f"the bridge lists no withdrawal paid by it; {GIVE_HASH}")
        return paid.tx_hash or "", paid

    async def _ask_bridge(self, order: WithdrawalOrder, near_hash: str, asset: Token, amount: int) -> tuple[str, str]:
        """Return destination and account as far as the bridge names them. Raises VenueError, InvalidOrderError."""
        if asset.bridge == "omni":
            # Its API tells no account, and several transfers of one transaction by amount and destination only.
            destination = self._parser.parse(order).destination
            await self._omni.transfer(near_hash, asset, amount, destination)
            return destination, ""
        found = await self._bridge.withdrawal_status(near_hash, near_token=asset.near_token, amount=amount)
        return (order.destination_address, "") if found is None else (found.address, found.account_id)

    def untrack(self, request: CommandRequest, near_hash: str) -> Result:
        """Stop following a withdrawal made elsewhere: from then on it explains nothing and holds up nothing."""

        def result(accepted: bool, text: str) -> Result:
            arguments = {"withdrawal_hash": near_hash if is_name(near_hash) else ""}
            return self._record_result(request, UNTRACK, arguments, accepted, text)

        if not is_name(near_hash):
            return result(False, "give the hash under which it is tracked")
        own = self._book.own(near_hash)
        if own:
            return result(False, f"it is the burn of this desk's withdrawal {own}, which is always followed")
        tracked = self._book.tracked(near_hash)
        if tracked is None:
            return result(False, f"{near_hash} is not tracked")
        if tracked.followed:
            self._book.move(tracked, "untracked", untracked_by(request.actor))
        return result(True, f"{near_hash} is not followed any more")
