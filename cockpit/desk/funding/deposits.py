"""Liquidity: what the bridge tells of money on its way in, where to send more, and what leaving costs at least.

Pending money is listed and never counted as spendable; a credited deposit becomes a movement that explains the balance.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

from cockpit.desk.inventory.movements import Movement
from cockpit.model.events import LiquidityAction
from storage.history import CREDITED
from venue.bridges.poa.client import Bridge, BridgeToken, Deposit, DepositAddress
from venue.bridges.poa.withdrawals import BridgeWithdrawal
from venue.protocol.assets import Asset, Pair
from venue.transport.errors import VenueError

FINISHED = (*CREDITED, "FAILED")

SLOW_EVERY_S = 600.0
"""How often addresses and minima are read again: they hardly ever change."""


class DepositTracker:
    """The account's deposits on both chains, newest first; None until the bridge has answered."""

    def __init__(
        self,
        account: str,
        pair: Pair,
        bridge: Bridge,
        *,
        poll_s: float,
        credited: Callable[[], None],
        record: Callable[[LiquidityAction], None],
        wall_ns: Callable[[], int],
    ) -> None:
        self._account = account
        self._pair = pair
        self._bridge = bridge
        self._poll_s = poll_s
        self._credited = credited
        self._record = record
        self._wall_ns = wall_ns
        self._seen: dict[str, str] = {}
        self._keys: dict[tuple[str, int, str], str] = {}
        self._wanted = asyncio.Event()
        self.deposits: tuple[Deposit, ...] | None = None
        self.at_ns = 0
        self.last_error = ""
        self.tokens: dict[str, BridgeToken] = {}
        self.addresses: dict[str, DepositAddress] = {}
        self.withdrawals: tuple[BridgeWithdrawal, ...] = ()
        self.addresses_at_ns = 0
        self.counters: Counter[str] = Counter()

    def wanted(self) -> None:
        """Ask the bridge soon: money came that nobody has told of."""
        self._wanted.set()

    async def run(self) -> None:
        """Ask the bridge on the poll interval until cancelled."""
        while True:
            self._wanted.clear()
            await self.read()
            try:
                async with asyncio.timeout(self._poll_s):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    async def refresh(self) -> str | None:
        """Read everything now, addresses and minima too; the problem in one sentence when that failed."""
        self.addresses_at_ns = 0
        return await self.read()

    async def read(self) -> str | None:
        """Read the deposits and withdrawals once, and what changes rarely when it is due; the problem, if any."""
        asked_ns = self._wall_ns()
        found: list[Deposit] = []
        left: list[BridgeWithdrawal] = []
        try:
            if asked_ns - self.addresses_at_ns > SLOW_EVERY_S * 1e9:
                await self._read_addresses()
            for asset in (self._pair.base, self._pair.quote):
                found += await self._bridge.recent_deposits(self._account, asset.chain)
                left += await self._bridge.recent_withdrawals(self._account, asset.chain)
        except VenueError as exc:
            self.counters["failures"] += 1
            self.last_error = str(exc)
            return str(exc)
        self.counters["readings"] += 1
        self.last_error = ""
        self.at_ns = asked_ns
        self.withdrawals = tuple(sorted(left, key=lambda w: w.created_ns or 0, reverse=True))
        self.deposits = tuple(sorted(found, key=lambda d: d.created_ns or 0, reverse=True))
        for deposit in self.deposits:
            self._note(deposit)
        return None

    async def _read_addresses(self) -> None:
        assets = (self._pair.base, self._pair.quote)
        tokens = await self._bridge.supported_tokens([asset.chain for asset in assets])
        for asset in assets:
            for token in tokens:
                if asset.near_token == token.near_token_id or asset.token_id == token.intents_token_id:
                    self.tokens[asset.symbol] = token
            self.addresses[asset.symbol] = await self._bridge.deposit_address(self._account, asset.chain)
        self.addresses_at_ns = self._wall_ns()

    async def minimum_withdrawal(self, asset: Asset) -> tuple[int | None, str]:
        """The least that may be burned, base units, read now; None and why when the bridge does not tell."""
        try:
            await self._read_addresses()
        except VenueError as exc:
            return None, str(exc)
        token = self.tokens.get(asset.symbol)
        if token is None or token.min_withdrawal_amount is None:
            return None, f"the bridge names none for {asset.symbol}"
        return token.min_withdrawal_amount, ""

    async def notify(self, asset: Asset, tx_hash: str) -> str | None:
        """Tell the bridge of a deposit it may not have seen; the problem in one sentence when that failed."""
        address = self.addresses.get(asset.symbol)
        if address is None:
            return "the deposit address is not known yet; refresh and try again"
        try:
            await self._bridge.notify_deposit(address.chain, address.address, tx_hash)
        except VenueError as exc:
            return str(exc)
        return await self.read()

    def asset(self, deposit: Deposit) -> Asset | None:
        """Which side of the pair was deposited; None for another token of the same chain."""
        return self.asset_of(deposit.near_token_id)

    def asset_named(self, name: str) -> Asset | None:
        """The side of the pair with this symbol or token id."""
        return next((a for a in (self._pair.base, self._pair.quote) if name in (a.symbol, a.token_id)), None)

    def asset_of(self, near_token_id: str | None) -> Asset | None:
        """The side of the pair that the bridge means by this token."""
        for asset in (self._pair.base, self._pair.quote):
            if near_token_id in (asset.near_token, asset.token_id):
                return asset
        return None

    def pending(self, asset: Asset) -> int:
        """Base units of the asset that are on their way and not spendable."""
        return sum(deposit.amount for deposit in self.on_their_way(asset))

    def on_their_way(self, asset: Asset) -> list[Deposit]:
        """Deposits of the asset that are not spendable yet and have not failed."""
        return [one for one in self.deposits or () if one.status not in FINISHED and self.asset(one) is asset]

    def movements(self) -> list[Movement] | None:
        """What credited deposits did to the balances; None until the bridge has answered."""
        return None if self.deposits is None else self._movements(CREDITED)

    def incoming(self, since_ns: int) -> list[Movement]:
        """What every deposit made since then (UTC ns) that has not failed did to the balances, or may do."""
        statuses = {deposit.status for deposit in self.deposits or ()}
        return self._movements(tuple(statuses - {"FAILED"}), since_ns)

    def _movements(self, statuses: tuple[str, ...], since_ns: int = 0) -> list[Movement]:
        found = []
        for deposit in self.deposits or ():
            asset = self.asset(deposit)
            old = deposit.created_ns is not None and deposit.created_ns < since_ns
            if asset is None or deposit.status not in statuses or old:
                continue
            found.append(Movement(self._key(deposit), self._pair.only(asset, deposit.amount)))
        return found

    def _key(self, deposit: Deposit) -> str:
        """What tells the deposit from all others: one transaction may make several, the later known with a number."""
        token = deposit.near_token_id or deposit.defuse_asset_identifier
        named = f"deposit:{deposit.chain}:{deposit.tx_hash}:{token}"
        output = (named, deposit.amount, deposit.address)
        key = self._keys.get(output)
        if key is None:
            before = sum(other == named for other, _, _ in self._keys)
            key = self._keys[output] = f"{named}:{before + 1}" if before else named
        return key

    def _note(self, deposit: Deposit) -> None:
        """Record a deposit when it appears and whenever its status changes."""
        key = self._key(deposit)
        if self._seen.get(key) == deposit.status:
            return
        self._seen[key] = deposit.status
        asset = self.asset(deposit)
        self._record(
            LiquidityAction(
                self._wall_ns(),
                key,
                "deposit",
                asset.token_id if asset else deposit.defuse_asset_identifier,
                deposit.amount,
                deposit.chain,
                deposit.tx_hash,
                deposit.status,
                f"from {deposit.sender}" if deposit.sender else "",
            )
        )
        if deposit.status in CREDITED:
            self._credited()
