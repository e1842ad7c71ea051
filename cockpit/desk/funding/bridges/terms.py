"""What a bridge asks for a withdrawal now, read anew for every review and every order."""

from typing import Protocol

import msgspec

from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.messages import other_decimals
from cockpit.desk.funding.order_parser import ParsedOrder
from venue.bridges.omni.client import OmniBridge
from venue.bridges.poa.client import Bridge
from venue.near.rpc import NearRpc
from venue.near.storage import available_storage
from venue.protocol.tokens import OMNI_BRIDGE
from venue.transport.errors import VenueError
from venue.verifier import Verifier

WRAPPED_NEAR = "nep141:wrap.near"
"""What a native fee is paid in, out of the balance on the Verifier."""


class OmniAsks(msgspec.Struct, frozen=True, kw_only=True):
    """The Omni bridge's part. Fees in base units of the token, ``native_fee`` and ``storage`` in yoctoNEAR.

    ``storage``: what the Verifier's storage deposit at the bridge has left; ``wrapped_near``: the account's wNEAR on
    the Verifier. Both are None where they could not be read, for the reason beside them.
    """

    gas_fee: int
    protocol_fee: int
    native_fee: int
    insufficient_utxo: bool
    storage: int | None
    storage_problem: str
    wrapped_near: int | None
    wrapped_near_problem: str


class BridgeTerms(msgspec.Struct, frozen=True, kw_only=True):
    """Fee and minimum in base units, None where they could not be read, for the reason beside them.

    ``minimum_of``: whether the minimum holds for what arrives, or for what leaves. ``omni``: of the Omni bridge only.
    """

    fee: int | None
    fee_problem: str
    minimum: int | None
    minimum_problem: str
    minimum_of: str = "arrives"
    omni: OmniAsks | None = None


class TermsReader(Protocol):
    async def read(self, order: ParsedOrder) -> BridgeTerms:
        """Return what the order would cost now."""


class PoaTerms:
    def __init__(self, bridge: Bridge, deposits: DepositTracker) -> None:
        self._bridge = bridge
        self._deposits = deposits

    async def read(self, order: ParsedOrder) -> BridgeTerms:
        """Return the fee by the bridge's estimate, and the minimum of its list."""
        asset = order.asset
        fee, fee_problem = None, ""
        try:
            estimate = await self._bridge.withdrawal_estimate(asset.chain, asset.near_token, order.destination)
            if estimate.decimals in (None, asset.decimals):
                fee = estimate.fee
            else:
                fee_problem = other_decimals("the fee", estimate.decimals, asset.symbol, asset.decimals)
        except VenueError as exc:
            fee_problem = str(exc)
        minimum, minimum_problem = await self._deposits.minimum_withdrawal(asset)
        return BridgeTerms(
            fee=fee, fee_problem=fee_problem, minimum=minimum, minimum_problem=minimum_problem, minimum_of="arrives"
        )


class OmniTermsReader:
    """``contract``: the Verifier, whose storage deposit at ``omni_bridge`` every transfer uses."""

    def __init__(
        self,
        account: str,
        omni: OmniBridge,
        rpc: NearRpc,
        verifier: Verifier,
        *,
        contract: str,
        omni_bridge: str = OMNI_BRIDGE,
    ) -> None:
        self._account = account
        self._omni = omni
        self._rpc = rpc
        self._verifier = verifier
        self._contract = contract
        self._omni_bridge = omni_bridge

    async def read(self, order: ParsedOrder) -> BridgeTerms:
        """Return the fees for this amount and destination, and what must be there for the transfer not to be lost."""
        try:
            fees = await self._omni.fees(order.asset, order.amount or 0, order.destination)
        except VenueError as exc:
            return BridgeTerms(fee=None, fee_problem=str(exc), minimum=None, minimum_problem=str(exc))
        storage, storage_problem = await self._storage()
        wrapped, wrapped_problem = await self._wrapped_near() if fees.native_fee else (None, "")
        return BridgeTerms(
            fee=fees.fee,
            fee_problem="",
            minimum=fees.min_amount,
            minimum_problem="",
            minimum_of="leaves",
            omni=OmniAsks(
                gas_fee=fees.gas_fee,
                protocol_fee=fees.protocol_fee,
                native_fee=fees.native_fee,
                insufficient_utxo=fees.insufficient_utxo,
                storage=storage,
                storage_problem=storage_problem,
                wrapped_near=wrapped,
                wrapped_near_problem=wrapped_problem,
            ),
        )

    async def _storage(self) -> tuple[int | None, str]:
        try:
            return await available_storage(self._rpc, self._omni_bridge, self._contract), ""
        except VenueError as exc:
            return None, str(exc)

    async def _wrapped_near(self) -> tuple[int | None, str]:
        try:
            return (await self._verifier.balances(self._account, [WRAPPED_NEAR])).amounts[0], ""
        except VenueError as exc:
            return None, str(exc)
