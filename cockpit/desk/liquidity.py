"""Liquidity: deposits on their way, as the bridge tells them. Withdrawals are frozen and not part of this yet.

Pending money is listed and never counted as spendable; a credited deposit becomes a movement that explains the balance.
"""

import asyncio
from collections import Counter
from collections.abc import Callable

from cockpit.desk.proof import Movement
from cockpit.events import LiquidityAction
from venue.assets import Asset, Pair
from venue.bridge import Bridge, Deposit
from venue.jsonrpc import VenueError

CREDITED = ("CREDITED", "COMPLETED")
FINISHED = (*CREDITED, "FAILED")


class Liquidity:
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
        self.deposits: tuple[Deposit, ...] | None = None
        self.at_ns = 0
        self.last_error = ""
        self.withdrawals_frozen = True
        self.counters: Counter[str] = Counter()

    async def run(self) -> None:
        """Ask the bridge on the poll interval until cancelled."""
        while True:
            await self.refresh()
            await asyncio.sleep(self._poll_s)

    async def refresh(self) -> str | None:
        """Read the deposits once; the problem in one sentence when that failed."""
        asked_ns = self._wall_ns()
        found: list[Deposit] = []
        try:
            for asset in (self._pair.base, self._pair.quote):
                found += await self._bridge.recent_deposits(self._account, asset.chain)
        except VenueError as exc:
            self.counters["failures"] += 1
            self.last_error = str(exc)
            return str(exc)
        self.counters["readings"] += 1
        self.last_error = ""
        self.at_ns = asked_ns
        self.deposits = tuple(sorted(found, key=lambda d: d.created_ns or 0, reverse=True))
        for deposit in self.deposits:
            self._note(deposit)
        return None

    def asset(self, deposit: Deposit) -> Asset | None:
        """Which side of the pair was deposited; None for another token of the same chain."""
        for asset in (self._pair.base, self._pair.quote):
            if deposit.near_token_id in (asset.near_token, asset.token_id):
                return asset
        return None

    def pending(self, asset: Asset) -> int:
        """Base units of the asset that are on their way and not spendable."""
        return sum(
            deposit.amount
            for deposit in self.deposits or ()
            if deposit.status not in FINISHED and self.asset(deposit) is asset
        )

    def movements(self) -> list[Movement] | None:
        """What credited deposits did to the balances; None until the bridge has answered."""
        if self.deposits is None:
            return None
        found = []
        for deposit in self.deposits:
            asset = self.asset(deposit)
            if asset is None or deposit.status not in CREDITED:
                continue
            in_base = asset is self._pair.base
            found.append(Movement(_key(deposit), deposit.amount if in_base else 0, 0 if in_base else deposit.amount))
        return found

    def _note(self, deposit: Deposit) -> None:
        """Record a deposit when it appears and whenever its status changes."""
        key = _key(deposit)
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


def _key(deposit: Deposit) -> str:
    return f"deposit:{deposit.chain}:{deposit.tx_hash}:{deposit.near_token_id or deposit.defuse_asset_identifier}"
