"""A sandbox venue in its own process, and its control endpoint."""

from pathlib import Path
from typing import Any

import httpx

from tests.support.processes.processes import Process, await_file, bare_environment
from tests.support.waiting import PATIENCE_S

LEGACY = ("--funded", "BTC", "--credited", "BTC")
"""The kind of BTC that most tests trade; its route is the shorter one."""
QUIET = ("--rate", "0", "--no-rivals", "--deposit-btc", "0", "--settle-s", "0.05", "0.1", *LEGACY)
WHOLE: dict[str, object] = {
    "relay_stall": False,
    "relay_mute": False,
    "relay_late_ms": 0,
    "relay_rpc": "ok",
    "relay_refuses_worse": False,
    "relay_refuses_taken": False,
    "quotes_settle_s": None,
    "status_after_s": None,
    "near_a": "ok",
    "near_b": "ok",
    "exchange_frozen": [],
    "exchange_lie_bps": {},
    "exchange_late_ms": {},
    "exchange_silent": [],
    "exchange_clock_ms": {},
    "exchange_undated": [],
    "exchange_status": {},
    "clock_skew_ms": 0,
    "near_stale_s": {},
    "near_send": {},
    "bridge_credits": "",
    "paused": [],
    "account_locked": False,
    "no_predecessor": False,
    "verifier_lacks": [],
    "bridge_delists": [],
    "shield": "ok",
    "status_page": "ok",
    "shield_count": None,
    "near_lies": {},
    "bridge_lies": None,
    "relay_rpc_lies": None,
    "status_lies": None,
}


class VenueProcess:
    """``cockpit venue`` without traders, rivals or deposits; ``env`` is what it announced."""

    def __init__(self, directory: Path, *options: str) -> None:
        env_file = directory / "venue.env"
        arguments = ["venue", "--write-env", str(env_file), *(options or QUIET)]
        self.process = Process(arguments, directory / "venue.log", bare_environment())
        await_file(env_file, self.process)
        lines = env_file.read_text("utf-8").splitlines()
        self.env = dict(line.split("=", 1) for line in lines if not line.startswith("#"))


class Control:
    """Reads and controls a venue; close it when done."""

    def __init__(self, env: dict[str, str]) -> None:
        self.env = env
        self.http = httpx.AsyncClient(base_url=env["SANDBOX_CONTROL_URL"], trust_env=False, timeout=PATIENCE_S)

    async def state(self) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.http.get("/state")).json()
        return answer

    async def chains(self) -> dict[str, Any]:
        answer: dict[str, Any] = (await self.http.get("/chains")).json()
        return answer

    async def faults(self, **faults: object) -> None:
        """Switch faults; what is not named stays."""
        (await self.http.post("/faults", json=faults)).raise_for_status()

    async def mend(self) -> None:
        """Switch every fault off."""
        await self.faults(**WHOLE)

    async def alarms(self, **order: object) -> list[str]:
        """Raise, publish or resolve alarms of the venue; the ids of new ones."""
        answer = await self.http.post("/alarms", json=order)
        raised: list[str] = answer.raise_for_status().json()["raised"]
        return raised

    async def token(self, life_s: float) -> str:
        """Return a new bearer token of the relay that ends so many seconds from now."""
        answer = await self.http.post("/token", json={"life_s": life_s})
        token: str = answer.raise_for_status().json()["token"]
        return token

    async def traders(self, running: bool) -> None:
        """Start or pause the traders and market time."""
        (await self.http.post("/traders", json={"running": running})).raise_for_status()

    async def deposit(self, token_id: str, amount: int, *, account: str | None = None, after_s: float = 0.0) -> None:
        """Announce a deposit, credited ``after_s`` seconds later; the maker's unless an account is named."""
        body = {"token_id": token_id, "amount": str(amount), "account": account, "confirm_after_s": after_s}
        (await self.http.post("/deposit", json=body)).raise_for_status()

    async def balances(self, account: str | None = None) -> dict[str, int]:
        """Return what the ledger holds for the account, the maker's by default; base units by token id."""
        state = await self.state()
        held = state["balances"].get(account or state["account"], {})
        return {token: int(amount) for token, amount in held.items()}

    async def view(self, method: str) -> Any:
        """Return a view of the Verifier without arguments, read from the second NEAR node."""
        import base64
        import json

        params = {
            "request_type": "call_function",
            "finality": "optimistic",
            "account_id": "intents.near",
            "method_name": method,
            "args_base64": base64.b64encode(b"{}").decode(),
        }
        body = {"jsonrpc": "2.0", "id": "1", "method": "query", "params": params}
        answer = (await self.http.post(self.env["NEAR_RPC_URL"].split(",")[1], json=body)).json()
        return json.loads(bytes(answer["result"]["result"]))
