"""Orders to move money: reviewed, held to every gate, and carried out once per idempotency key."""

import asyncio
from collections.abc import Callable, Mapping
from decimal import Decimal

import msgspec

from cockpit.desk.funding.cooling_off import CoolingOff
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.freeze import Freeze
from cockpit.desk.funding.preflight import PreflightFacts, closed
from cockpit.desk.funding.withdrawal import UNPAID, RecordedOrder
from cockpit.desk.funding.withdrawals import NotPreparedError, Withdrawals
from cockpit.desk.inventory.sync import Inventory
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.model.commands import CommandRequest, Result, Route, WithdrawalOrder, WithdrawalReview
from venue.bridges.poa.client import Bridge
from venue.protocol.assets import Asset, Pair
from venue.protocol.units import NS_PER_MS
from venue.signing.addresses import check_address
from venue.signing.errors import InvalidAddressError
from venue.transport.amounts import amount_of
from venue.transport.errors import VenueError

READ_AGAIN = 4
READ_AGAIN_AFTER_S = 0.5
"""On a busy desk a reading can fall between a settlement and its status; the next one explains it."""


class InvalidOrderError(ValueError):
    """The order cannot be meant; the sentence says what to give instead."""


class ParsedOrder(msgspec.Struct, frozen=True):
    """An order that can be read: the asset, base units to burn (None: not said yet), a checked address, the route."""

    asset: Asset
    amount: int | None
    destination: str
    route: Route
    expected_fee: int | None


class WithdrawalOrders:
    """The one way to a signed withdrawal. ``defaults``: the configured destination by symbol."""

    def __init__(
        self,
        pair: Pair,
        account: str,
        *,
        defaults: Mapping[str, str],
        route: Route,
        bridge: Bridge,
        liquidity: DepositTracker,
        inventory: Inventory,
        reservations: Reservations,
        withdrawals: Withdrawals,
        freeze: Freeze,
        cooling: CoolingOff,
        limits: LimitsInForce,
        journal: Callable[[CommandRequest, str, Mapping[str, object], bool, str], Result],
        history_writable: Callable[[], bool],
        wall_ns: Callable[[], int],
        former_left_ms: Callable[[], int] = lambda: 0,
    ) -> None:
        self._pair = pair
        self._account = account
        self.defaults = dict(defaults)
        self._route = route
        self._bridge = bridge
        self._liquidity = liquidity
        self._inventory = inventory
        self._reservations = reservations
        self._withdrawals = withdrawals
        self._freeze = freeze
        self._cooling = cooling
        self._limits = limits
        self._journal = journal
        self._history_writable = history_writable
        self._wall_ns = wall_ns
        self._former_left_ms = former_left_ms
        self._one_at_a_time = asyncio.Lock()

    def name_defaults(self) -> None:
        """Begin the cooling of the configured destinations: they have been named by whoever wrote the settings."""
        for asset in (self._pair.base, self._pair.quote):
            if asset.symbol in self.defaults:
                self._cooling.name(asset.chain, self.defaults[asset.symbol])

    async def review(self, order: WithdrawalOrder) -> WithdrawalReview:
        """What the order would mean now, and why it would be refused. Raises BadOrder for one that cannot be read."""
        terms = self._read(order)
        self._cooling.name(terms.asset.chain, terms.destination)
        facts = await self._facts(terms)
        asset, amount, fee = terms.asset, terms.amount, facts.fee

        def whole(units: int | None) -> Decimal | None:
            return None if units is None else asset.to_decimal(units)

        def rest(units: int | None, less: int | None) -> Decimal | None:
            return None if units is None or less is None else asset.to_decimal(max(0, units - less))

        alive = [promise for promise in self._reservations if promise.asset_out == asset.token_id]
        return WithdrawalReview(
            asset_id=asset.token_id,
            symbol=asset.symbol,
            decimals=asset.decimals,
            chain=asset.chain,
            route=terms.route,
            destination=terms.destination,
            amount_units="" if amount is None else str(amount),
            fee_units="" if fee is None else str(fee),
            spendable_units="" if facts.spendable is None else str(facts.spendable),
            alive_quotes=len(alive),
            alive_promised=asset.to_decimal(sum(promise.amount_out for promise in alive)),
            cooling_left_ms=facts.cooling_left_ms,
            frozen=facts.frozen,
            refusals=closed(facts) if amount is not None else (),
            amount=whole(amount),
            fee=whole(fee),
            arrives=rest(amount, fee),
            minimum=whole(facts.minimum),
            balance=whole(facts.balance),
            spendable=whole(facts.spendable),
            spendable_after=rest(facts.spendable, amount),
        )

    async def withdraw(self, order: WithdrawalOrder) -> Result:
        """Sign and record the withdrawal, or refuse it with every reason. The same key gets the same withdrawal."""
        key = order.idempotency_key.strip()
        if not key:
            return self._refuse(order, "give an idempotency_key, so that a repeated order is not a second withdrawal")
        async with self._one_at_a_time:
            made = self._withdrawals.known(key)
            if made is not None and not self._same(order, made.order):
                return self._refuse(order, f"{key} already made another withdrawal; give a new idempotency_key")
            if made is not None:
                told = f"this key already made withdrawal {made.order.withdrawal_id}: {made.state}"
                if made.state in UNPAID:
                    return self._refuse(order, f"{told}: {made.detail}; another one needs a new idempotency_key")
                return self._journal(order, "withdraw", _arguments(order), True, told)
            try:
                terms = self._read(order)
                if terms.amount is None:
                    raise InvalidOrderError("give the amount to burn in base units, as decimal digits")
                self._cooling.name(terms.asset.chain, terms.destination)
                facts = await self._facts(terms)
                reasons = closed(facts)
                if reasons or facts.fee is None:
                    return self._refuse(order, "; ".join(reasons))
                withdrawal = await self._withdrawals.make(
                    terms.asset,
                    terms.amount,
                    facts.fee,
                    terms.destination,
                    terms.route,
                    order.actor,
                    key,
                    self._pair.amount(terms.asset, self._inventory.ledger.unexplained),
                )
            except InvalidOrderError as exc:
                return self._refuse(order, str(exc))
            except NotPreparedError as exc:
                return self._refuse(order, f"nothing was sent: {exc}")
        prepared = withdrawal.prepared
        named = f"withdrawal {withdrawal.order.withdrawal_id} is recorded and being sent"
        named += f" as {prepared.hash}" if prepared is not None else ""
        return self._journal(order, "withdraw", _arguments(order), True, named)

    async def track(self, order: WithdrawalOrder, near_hash: str) -> Result:
        """Follow a withdrawal made elsewhere by the NEAR hash of its burn."""
        arguments = {**_arguments(order), "withdrawal_hash": near_hash}
        if not near_hash.strip():
            return self._journal(order, "track-withdrawal", arguments, False, "give the NEAR hash of the burn")
        if self._withdrawals.follows(near_hash):
            return self._journal(order, "track-withdrawal", arguments, True, "it is followed already")
        listed = next((w for w in self._liquidity.withdrawals if w.tx_hash == near_hash), None)
        try:
            asset = self._liquidity.asset_of(listed.near_token_id) if listed is not None else None
            asset = asset or self._asset(order)
            amount = listed.amount if listed is not None and listed.amount else amount_of(order.amount or "")
            found = await self._bridge.withdrawal_status(near_hash, near_token=asset.near_token, amount=amount)
        except (InvalidOrderError, VenueError, ValueError) as exc:
            return self._journal(order, "track-withdrawal", arguments, False, f"it cannot be followed: {exc}")
        address = found.address if found is not None else order.destination_address
        foreign = found is not None and found.account_id not in ("", self._account)
        self._withdrawals.adopt(asset, amount, near_hash, address, order.actor, foreign=foreign)
        told = "" if found is not None else "; the bridge has not indexed it yet"
        return self._journal(order, "track-withdrawal", arguments, True, f"following {near_hash}{told}")

    def _same(self, order: WithdrawalOrder, made: RecordedOrder) -> bool:
        """Whether the order asks for what was made under its key."""
        try:
            terms = self._read(order)
        except InvalidOrderError:
            return False
        return (terms.asset, terms.amount, terms.destination) == (made.asset, made.amount, made.destination)

    def _refuse(self, order: WithdrawalOrder, reason: str) -> Result:
        return self._journal(order, "withdraw", _arguments(order), False, reason)

    def _asset(self, order: WithdrawalOrder) -> Asset:
        for asset in (self._pair.base, self._pair.quote):
            if order.asset_id in (asset.token_id, asset.symbol):
                if order.chain not in ("", asset.chain):
                    raise InvalidOrderError(f"{asset.symbol} leaves to {asset.chain}, not to the chain that was given")
                return asset
        raise InvalidOrderError(f"asset_id must be {self._pair.base.token_id} or {self._pair.quote.token_id}")

    def _read(self, order: WithdrawalOrder) -> ParsedOrder:
        asset = self._asset(order)
        destination = order.destination_address.strip() or self.defaults.get(asset.symbol, "")
        if not destination:
            name = f"TRADING_{asset.symbol.upper()}_WITHDRAW_ADDRESS"
            raise InvalidOrderError(f"give a destination_address: {name} is not configured")
        try:
            destination = check_address(asset.chain, destination)
            amount = None if order.amount == "" else amount_of(order.amount)
            expected = None if order.expected_fee in (None, "") else amount_of(order.expected_fee or 0)
        except InvalidAddressError as exc:
            raise InvalidOrderError(str(exc)) from None
        except ValueError as exc:
            raise InvalidOrderError(f"amounts are base units in decimal digits: {exc}") from None
        if amount == 0:
            raise InvalidOrderError("give an amount above zero")
        return ParsedOrder(asset, amount, destination, order.route or self._route, expected)

    async def _facts(self, terms: ParsedOrder) -> PreflightFacts:
        """Read the fee and the minimum now, and put everything known beside them."""
        asset, ledger = terms.asset, self._inventory.ledger
        fee, fee_problem = None, ""
        try:
            estimate = await self._bridge.withdrawal_estimate(asset.chain, asset.near_token, terms.destination)
            fee = estimate.fee
        except VenueError as exc:
            fee_problem = str(exc)
        minimum, minimum_problem = await self._liquidity.minimum_withdrawal(asset)
        await self._explained(asset)
        balance = None if ledger.balance is None else self._pair.amount(asset, ledger.balance)
        reserved = self._reservations.reserved(asset.token_id)
        age_ms = (self._wall_ns() - ledger.at_ns) // NS_PER_MS
        return PreflightFacts(
            asset=asset,
            amount=terms.amount or 0,
            destination=terms.destination,
            frozen=self._freeze.frozen,
            balance=balance,
            balance_fresh=0 <= age_ms <= self._limits.current.max_inventory_age_ms,
            spendable=None if balance is None else max(0, balance - reserved),
            unexplained=self._pair.amount(asset, ledger.unexplained) < 0,
            fee=fee,
            fee_problem=fee_problem,
            expected_fee=terms.expected_fee,
            minimum=minimum,
            minimum_problem=minimum_problem,
            cooling_left_ms=self._cooling.left_ms(asset.chain, terms.destination),
            undecided=self._withdrawals.undecided(asset),
            history_writable=self._history_writable(),
            former_left_ms=self._former_left_ms(),
        )

    async def _explained(self, asset: Asset) -> None:
        """Give a balance that misses something a few more readings to be explained."""
        for _ in range(READ_AGAIN):
            if self._pair.amount(asset, self._inventory.ledger.unexplained) >= 0:
                return
            await asyncio.sleep(READ_AGAIN_AFTER_S)
            await self._inventory.sync("refresh")


def _arguments(order: WithdrawalOrder) -> dict[str, object]:
    """What the journal keeps of an order."""
    return {
        "asset_id": order.asset_id,
        "amount": str(order.amount),
        "destination_address": order.destination_address,
        "expected_fee": None if order.expected_fee is None else str(order.expected_fee),
        "idempotency_key": order.idempotency_key,
    }
