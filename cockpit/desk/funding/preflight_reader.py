"""Reads what the preflight checks need to know, from the bridge and from the desk itself."""

import asyncio
from collections.abc import Callable, Mapping

from cockpit.desk.funding.bridges.terms import TermsReader
from cockpit.desk.funding.cooling_off import CoolingOff
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.freeze import Freeze
from cockpit.desk.funding.order_parser import ParsedOrder
from cockpit.desk.funding.preflight import PreflightFacts
from cockpit.desk.funding.withdrawal_book import WithdrawalBook
from cockpit.desk.inventory.sync import Inventory
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.desk.risk.venue_access import VenueAccess
from cockpit.model.environment import Environment
from cockpit.model.formatting import exact
from cockpit.model.recorder import Recorder
from venue.protocol.assets import BridgeRoute, Token
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_MS

READ_AGAIN = 4
READ_AGAIN_AFTER_S = 0.5
"""On a busy desk a reading can fall between a settlement and its status; the next one explains it."""


class PreflightReader:
    """Collects the facts for an order.

    ``clock_right``: this machine's clock is judged so. ``previous_run_ms``: until the last quote of the previous run
    expires.
    """

    def __init__(
        self,
        env: Environment,
        recorder: Recorder,
        *,
        tokens: TokenTable,
        bridges: Mapping[BridgeRoute, TermsReader],
        inventory: Inventory,
        reservations: Reservations,
        book: WithdrawalBook,
        freeze: Freeze,
        cooling: CoolingOff,
        limits: LimitsInForce,
        access: VenueAccess,
        deposits: DepositTracker,
        previous_run_ms: Callable[[], int],
        clock_right: Callable[[], bool],
    ) -> None:
        self._env = env
        self._recorder = recorder
        self._tokens = tokens
        self._bridges = bridges
        self._inventory = inventory
        self._reservations = reservations
        self._book = book
        self._freeze = freeze
        self._cooling = cooling
        self._limits = limits
        self._access = access
        self._deposits = deposits
        self._previous_run_ms = previous_run_ms
        self._clock_right = clock_right

    def unexplained(self, asset: Token) -> int:
        """Return the unexplained difference of the asset, base units; below 0 something is missing."""
        return self._inventory.ledger.unexplained[asset.token_id]

    async def read(self, order: ParsedOrder) -> PreflightFacts:
        """Read fee and minimum now, and put everything else known beside them."""
        asset, ledger = order.asset, self._inventory.ledger
        terms = await self._bridges[asset.bridge].read(order)
        await self._access.read_account()
        await self._wait_for_explanation(asset)
        own = await self._deposits.is_own_address(order.destination)
        balance = None if ledger.balance is None else ledger.balance[asset.token_id]
        age_ms = (self._env.wall_ns() - ledger.at_ns) // NS_PER_MS
        return PreflightFacts(
            asset=asset,
            amount=order.amount or 0,
            destination=order.destination,
            route=order.route,
            venue=self._access.facts(),
            frozen=self._freeze.frozen,
            balance=balance,
            balance_fresh=0 <= age_ms <= self._limits.current.max_inventory_age_ms,
            available=self._available(asset),
            unexplained=self.unexplained(asset) < 0,
            fee=terms.fee,
            fee_problem=terms.fee_problem,
            expected_fee=order.expected_fee,
            minimum=terms.minimum,
            minimum_problem=terms.minimum_problem,
            minimum_of=terms.minimum_of,
            omni=terms.omni,
            expected_native_fee=order.expected_native_fee,
            elsewhere=self._elsewhere(asset),
            cooling_left_ms=self._cooling.left_ms(asset.chain, order.destination),
            undecided=self._book.undecided(asset),
            history_complete=self._recorder.complete,
            previous_run_ms=self._previous_run_ms(),
            clock_right=self._clock_right(),
            own_deposit_address=own,
        )

    def _available(self, asset: Token) -> int | None:
        usable = self._inventory.ledger.usable
        return None if usable is None else max(0, usable[asset.token_id] - self._reservations.reserved(asset.token_id))

    def _elsewhere(self, asset: Token) -> tuple[str, ...]:
        others = [other for other in self._tokens.of(asset.underlying) if other != asset]
        return tuple(
            f"{exact(other.to_decimal(units))} is in {other.symbol}"
            for other in others
            if (units := self._available(other))
        )

    async def _wait_for_explanation(self, asset: Token) -> None:
        for _ in range(READ_AGAIN):
            if self.unexplained(asset) >= 0:
                return
            await asyncio.sleep(READ_AGAIN_AFTER_S)
            await self._inventory.sync("refresh")
