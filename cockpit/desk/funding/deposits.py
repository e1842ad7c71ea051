"""Deposits as the bridge lists them, the addresses to send more to, and the bridge's minima.

Pending deposits are listed and never available; a credited one becomes a movement that explains the balance.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence

from cockpit.desk.funding.bridges.deposit_keys import DepositKeys
from cockpit.desk.funding.bridges.hash_form import hash_problem
from cockpit.desk.funding.messages import other_decimals
from cockpit.desk.inventory.movements import Movement
from cockpit.model.environment import Environment
from cockpit.model.events import LiquidityAction
from cockpit.model.recorder import Recorder
from storage.history import CREDITED
from venue.bridges.poa.client import Bridge, BridgeToken, Deposit, DepositAddress
from venue.bridges.poa.withdrawals import BridgeWithdrawal
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S
from venue.signing.addresses import GNOSIS_CHAIN, check_address, eip55
from venue.signing.errors import InvalidAddressError
from venue.transport.bounds import is_marked
from venue.transport.errors import VenueError

FINISHED = (*CREDITED, "FAILED")

CERTAIN_NS = 30 * NS_PER_S
"""A deposit that the bridge has listed as credited for so long is in every reading that is requested from then on."""
ADDRESSES_EVERY_NS = 600 * NS_PER_S
"""How often addresses and minima are read again: they hardly ever change."""


class DepositTracker:
    """The account's deposits on every chain of the table, newest first; None until the bridge has answered.

    ``tokens``: the bridge's row of each token that it lists, by symbol; ``foreign_tokens``: its rows for the same coins
    that the table lacks. ``foreign``: deposits in a token that the table lacks, failed ones excepted; ``credited`` and
    ``last_credited``: how many deposits were credited in each token, and the newest of them, by symbol.
    ``addresses``: where to send each token, by symbol; ``bad_addresses``: why the bridge's is not shown, by chain.
    """

    def __init__(
        self,
        env: Environment,
        recorder: Recorder,
        account: str,
        tokens: TokenTable,
        bridge: Bridge,
        *,
        poll_s: float,
        requested: asyncio.Event,
        on_credited: Callable[[], None],
    ) -> None:
        self._env = env
        self._recorder = recorder
        self._account = account
        self._table = tokens
        self._chains = tuple(dict.fromkeys(token.chain for token in tokens.tokens))
        self._bridge = bridge
        self._poll_s = poll_s
        self._requested = requested
        self._on_credited = on_credited
        self._seen: dict[str, str] = {}
        self._own: set[str] = set()
        self._keys = DepositKeys()
        self._credited_ns: dict[str, int] = {}
        self.deposits: tuple[Deposit, ...] | None = None
        self._summed: tuple[Deposit, ...] | None = None
        self._pending_units: Counter[str] = Counter()
        self._unfinished = 0
        self._pending_first: list[Deposit] = []
        self.at_ns = 0
        self.last_error = ""
        self.tokens: dict[str, BridgeToken] = {}
        self.foreign_tokens: tuple[BridgeToken, ...] = ()
        self.foreign: tuple[Deposit, ...] = ()
        self.credited: Counter[str] = Counter()
        self.last_credited: dict[str, Deposit] = {}
        self.addresses: dict[str, DepositAddress] = {}
        self.bad_addresses: dict[str, str] = {}
        self.withdrawals: tuple[BridgeWithdrawal, ...] = ()
        self.addresses_at_ns = 0
        self.counters: Counter[str] = Counter()

    def load(self, recorded: Sequence[LiquidityAction]) -> None:
        """Take over what earlier runs recorded of deposits: each keeps its key."""
        self._keys.load(recorded)

    def request_read(self) -> None:
        """Have the bridge polled soon, instead of at the next interval."""
        self._requested.set()

    async def run(self) -> None:
        """Poll the bridge until cancelled."""
        while True:
            self._requested.clear()
            await self.read()
            try:
                async with asyncio.timeout(self._poll_s):
                    await self._requested.wait()
            except TimeoutError:
                continue

    async def refresh(self) -> str | None:
        """Read everything now, addresses and minima too; return the problem in one sentence when that failed."""
        self.addresses_at_ns = 0
        return await self.read()

    async def read(self) -> str | None:
        """Read deposits and withdrawals once, and the addresses when due; return the problem, None without one."""
        requested_ns = self._env.wall_ns()
        found: list[Deposit] = []
        left: list[BridgeWithdrawal] = []
        try:
            if requested_ns - self.addresses_at_ns > ADDRESSES_EVERY_NS:
                await self._read_addresses()
            for chain in self._chains:
                found += await self._bridge.recent_deposits(self._account, chain)
                left += await self._bridge.recent_withdrawals(self._account, chain)
        except VenueError as exc:
            self.counters["failures"] += 1
            self.last_error = str(exc)
            return str(exc)
        self.counters["readings"] += 1
        self.last_error = ""
        self.at_ns = requested_ns
        self.withdrawals = tuple(sorted(left, key=lambda w: w.created_ns or 0, reverse=True))
        self.deposits = tuple(sorted(found, key=lambda d: d.created_ns or 0, reverse=True))
        for deposit in self.deposits:
            self._record_change(deposit)
        self._sort_by_token(self.deposits)
        self._sum_pending()
        return None

    def _sort_by_token(self, deposits: Sequence[Deposit]) -> None:
        named = [(self.asset(deposit), deposit) for deposit in deposits]
        self.foreign = tuple(one for asset, one in named if asset is None and one.status != "FAILED")
        credited = [(asset.symbol, one) for asset, one in named if asset is not None and one.status in CREDITED]
        self.credited = Counter(symbol for symbol, _ in credited)
        self.last_credited = dict(reversed(credited))

    async def _read_addresses(self) -> None:
        listed = await self._bridge.supported_tokens(self._chains)
        addresses = {chain: await self._bridge.deposit_address(self._account, chain) for chain in self._chains}
        rows = [(self._listed_as(row), row) for row in listed]
        coins = {row.defuse_asset_identifier for asset, row in rows if asset is not None}
        self.tokens = {asset.symbol: row for asset, row in rows if asset is not None}
        self.foreign_tokens = tuple(
            row for asset, row in rows if asset is None and row.defuse_asset_identifier in coins
        )
        problems = {chain: _problem(given) for chain, given in addresses.items()}
        self.bad_addresses = {chain: problem for chain, problem in problems.items() if problem}
        self.addresses = {
            asset.symbol: addresses[asset.chain]
            for asset in self._table.tokens
            if asset.chain not in self.bad_addresses
        }
        self._own = {_folded(given.address) for given in addresses.values()}
        self.addresses_at_ns = self._env.wall_ns()

    def _listed_as(self, row: BridgeToken) -> Token | None:
        # By the token's own ids: the bridge's name of the coin is the same for all tokens of it.
        return self.asset_of(row.near_token_id) or self.asset_of(row.intents_token_id)

    async def minimum_withdrawal(self, asset: Token) -> tuple[int | None, str]:
        """Read the least that may be withdrawn, base units; None and the reason when the bridge does not name it."""
        try:
            await self._read_addresses()
        except VenueError as exc:
            return None, str(exc)
        token = self.tokens.get(asset.symbol)
        if token is None or token.min_withdrawal_amount is None:
            return None, f"the bridge returns none for {asset.symbol}"
        if token.decimals != asset.decimals:
            return None, other_decimals("it", token.decimals, asset.symbol, asset.decimals)
        return token.min_withdrawal_amount, ""

    async def notify(self, asset: Token, tx_hash: str) -> str | None:
        """Notify the bridge of a deposit it may have missed; return the problem in one sentence when that failed."""
        address = self.addresses.get(asset.symbol)
        if address is None:
            return "the deposit address is not known yet; refresh and try again"
        problem = hash_problem(address.chain, tx_hash)
        if problem:
            return problem
        try:
            await self._bridge.notify_deposit(address.chain, address.address, tx_hash)
        except VenueError as exc:
            return str(exc)
        return await self.read()

    async def is_own_address(self, destination: str) -> bool | None:
        """Return whether money sent there would be a deposit of this account, on whatever chain; None when unknown."""
        if not self.addresses_at_ns:
            try:
                await self._read_addresses()
            except VenueError:
                return None
        used = {_folded(deposit.address) for deposit in self.deposits or () if deposit.address}
        return _folded(destination) in self._own | used

    def asset(self, deposit: Deposit) -> Token | None:
        """Return which token of the table was deposited; None for another one of the same chain, and for an amount
        that the bridge counts in other units than the table.
        """
        asset = self.asset_of(deposit.near_token_id)
        return asset if asset is not None and asset.decimals == deposit.decimals else None

    def asset_named(self, name: str) -> Token | None:
        """Return the token of the table with this symbol or token id."""
        return self._table.get(name) or self._table.by_symbol(name)

    def asset_of(self, near_token_id: str | None) -> Token | None:
        """Return the token of the table by the bridge's id of it."""
        for asset in self._table.tokens:
            if near_token_id in (asset.near_token, asset.token_id):
                return asset
        return None

    def pending_amount(self, asset: Token) -> int:
        """Return the base units of the asset that are pending."""
        self._sum_pending()
        return self._pending_units[asset.token_id]

    def unfinished(self) -> int:
        """Return how many deposits, of any token, are not credited yet and have not failed."""
        self._sum_pending()
        return self._unfinished

    def pending_first(self) -> Sequence[Deposit]:
        """Return the deposits as they are shown: pending ones first, then newest first."""
        self._sum_pending()
        return self._pending_first

    def _sum_pending(self) -> None:
        # Once for each reading, however long its list is: what is shown asks many times a second.
        if self._summed is self.deposits:
            return
        waiting = [one for one in self.deposits or () if one.status not in FINISHED]
        self._summed, self._unfinished, self._pending_units = self.deposits, len(waiting), Counter()
        self._pending_first = sorted(self.deposits or (), key=lambda deposit: deposit.status != "PENDING")
        for one in waiting:
            if (asset := self.asset(one)) is not None:
                self._pending_units[asset.token_id] += one.amount

    def pending(self, asset: Token) -> list[Deposit]:
        """Return the deposits of the asset that are not credited yet and have not failed."""
        return [one for one in self.deposits or () if one.status not in FINISHED and self.asset(one) is asset]

    def movements(self) -> list[Movement] | None:
        """Return what credited deposits did to the balances; None until the bridge has answered."""
        return None if self.deposits is None else self._movements(CREDITED)

    def certain(self, requested_ns: int) -> set[str]:
        """Return the keys of deposits that are in every reading requested then (UTC ns), if the bridge is right."""
        return {key for key, at_ns in self._credited_ns.items() if at_ns + CERTAIN_NS <= requested_ns}

    def incoming(self, since_ns: int) -> list[Movement]:
        """Return what every deposit made since then (UTC ns) did to the balances or may do, failed ones excepted."""
        statuses = {deposit.status for deposit in self.deposits or ()}
        return self._movements(tuple(statuses - {"FAILED"}), since_ns)

    def _movements(self, statuses: tuple[str, ...], since_ns: int = 0) -> list[Movement]:
        found: dict[str, Movement] = {}
        for deposit in self.deposits or ():
            asset = self.asset(deposit)
            old = deposit.created_ns is not None and deposit.created_ns < since_ns
            if asset is None or deposit.status not in statuses or old or is_marked(deposit.tx_hash):
                # One without a usable hash explains nothing: under its right one it would be another deposit.
                continue
            # A deposit that is listed twice is one deposit.
            key = self._keys.key(deposit)
            found[key] = Movement(key, TokenAmounts({asset.token_id: deposit.amount}))
        return list(found.values())

    def _record_change(self, deposit: Deposit) -> None:
        key = self._keys.key(deposit)
        if self._seen.get(key) == deposit.status:
            return
        self._seen[key] = deposit.status
        asset = self.asset(deposit)
        self._recorder.record(
            LiquidityAction(
                at_ns=self._env.wall_ns(),
                action_id=key,
                kind="deposit",
                asset=asset.token_id if asset else deposit.defuse_asset_identifier,
                amount=deposit.amount,
                chain=deposit.chain,
                tx_hash=deposit.tx_hash,
                status=deposit.status,
                detail=f"from {deposit.sender}" if deposit.sender else "",
            )
        )
        if deposit.status in CREDITED:
            self._credited_ns.setdefault(key, self._env.wall_ns())
            self._on_credited()
        else:
            self._credited_ns.pop(key, None)


def _problem(given: DepositAddress) -> str:
    """Return why nothing should be sent to an address that the bridge gave; empty when it can be one."""
    address = given.address
    if (
        given.chain == GNOSIS_CHAIN
        and address.startswith("0x")
        and address[2:] in (address[2:].lower(), address[2:].upper())
    ):
        # Without a checksum it is still an address; a bridge does not mistype.
        address = eip55(address)
    try:
        check_address(given.chain, address)
    except InvalidAddressError as exc:
        return str(exc)
    return ""


def _folded(address: str) -> str:
    """Return one text for all that name the same address: case counts in base58 only."""
    lower = address.lower()
    return lower if lower.startswith(("0x", "bc1")) else address
