"""A sandbox venue with a quick bridge, and desks on it that can be killed at any step of a withdrawal."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.venue_process import QUIET, Control, VenueProcess
from tests.support.waiting import until
from venue.protocol.assets import Token
from venue.protocol.tokens import BTC, EURE

QUICK = ("index_after_s=0.2", "send_after_s=0.3", "complete_after_s=0.6", "confirm_s=0.5")
ADDRESSES: Mapping[str, str] = {
    "BTC": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "nBTC": "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "EURe": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
}
TERMINAL = frozenset(("completed", "failed", "refunded", "returned", "expired"))
SETTINGS: Mapping[str, str] = {
    "WITHDRAWAL_COOLING_MS": "0",
    "INVENTORY_POLL_MS": "300",
    "QUOTE_DEADLINE_MS": "1000",
    "QUOTE_MAX_DEADLINE_MS": "1000",
    "QUOTE_DEATH_MARGIN_MS": "0",
    "TRADING_BTC_WITHDRAW_ADDRESS": ADDRESSES["BTC"],
    "TRADING_EURE_WITHDRAW_ADDRESS": ADDRESSES["EURe"],
}


def assets() -> tuple[Token, Token]:
    return BTC, EURE


class WithdrawalVenue:
    """A venue process and its control; close it when done."""

    def __init__(self, directory: Path, *options: str) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        sets = [word for one in (*QUICK, *options) for word in ("--set", one)]
        self.process = VenueProcess(directory, *QUIET, "--balance", "nBTC=0.3", *sets)
        self.control = Control(self.process.env)
        # A connection kept for later may be closed by the venue just when it is used again.
        self.control.http = httpx.AsyncClient(
            base_url=self.process.env["SANDBOX_CONTROL_URL"],
            trust_env=False,
            timeout=60,
            limits=httpx.Limits(max_keepalive_connections=0),
        )

    async def close(self) -> None:
        await self.control.http.aclose()
        self.process.process.kill()

    async def mend(self) -> None:
        await self.control.faults(mend=True)

    async def faults(self, **faults: object) -> None:
        await self.control.faults(**faults)

    async def forward(self, seconds: float) -> None:
        (await self.control.http.post("/time", json={"forward_s": seconds})).raise_for_status()

    async def chains(self) -> dict[str, Any]:
        found: dict[str, Any] = (await self.control.http.get("/chains")).json()
        return found

    async def withdrawals_listed(self, asset: Token, amount: int) -> list[dict[str, Any]]:
        """Return the withdrawals of exactly this amount that the bridge lists."""
        listed = (await self.chains())[asset.chain]["withdrawals"]
        return [row for row in listed if int(row["amount"]) == amount]

    async def payments(self, asset: Token, amount: int) -> list[dict[str, Any]]:
        """Return what was paid out on the asset's chain for withdrawals of exactly this amount."""
        chain = (await self.chains())[asset.chain]
        numbers = {row["burn_number"] for row in chain["withdrawals"] if int(row["amount"]) == amount}
        return [row for row in chain["payments"] if row["burn_number"] in numbers]

    def desk(self, state_dir: Path, **settings: str) -> DeskProcess:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return DeskProcess(state_dir, {**self.process.env, **SETTINGS, **settings})


async def post(desk: DeskProcess, name: str, body: Mapping[str, object]) -> httpx.Response:
    """Send a command to the liquidity manager."""
    transport = httpx.AsyncHTTPTransport(uds=str(desk.socket_path))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk", timeout=40) as client:
        return await client.post(f"/liquidity-manager/{name}", json=body)


async def state(desk: DeskProcess) -> dict[str, Any]:
    """The snapshot as JSON."""
    found: dict[str, Any] = (await desk.get("/state")).json()
    return found


async def ready(desk: DeskProcess) -> None:
    """Wait until balances and history are known, so that an order can pass the checks."""

    async def known() -> bool:
        shot = await state(desk)
        rows = shot["inventory"]["rows"]
        return shot["history"] == "ok" and all(row["balance"] is not None for row in rows)

    await until(known, 30, "balances are known")


async def order(
    desk: DeskProcess,
    asset: Token,
    amount: int,
    key: str,
    *,
    route: str | None = None,
    native_fee: int | None = None,
    unfreeze: bool = True,
) -> httpx.Response:
    """Unfreeze and order a withdrawal to the configured address."""
    if unfreeze:
        (await post(desk, "freeze-withdrawals", {"frozen": False})).raise_for_status()
    body: dict[str, object] = {"asset_id": asset.symbol, "amount": str(amount), "idempotency_key": key}
    if route is not None:
        body["route"] = route
    if native_fee is not None:
        body["expected_native_fee"] = str(native_fee)
    return await post(desk, "withdraw", body)


def steps(desk: DeskProcess, asset: Token | None = None) -> list[str]:
    """The states of the withdrawal in history, oldest first."""
    where = "" if asset is None else f" AND asset = '{asset.token_id}'"
    query = f"SELECT status FROM liquidity_actions WHERE kind = 'withdrawal'{where} ORDER BY id"
    return [row[0] for row in desk.rows(query)]


def fresh_key() -> str:
    return os.urandom(8).hex()


async def gone(task: "asyncio.Task[httpx.Response]") -> httpx.Response | None:
    """Return the answer, or None when the desk was killed before it gave one."""
    try:
        return await task
    except httpx.HTTPError:
        return None
