"""What the tests of all clients ask of a venue: a funded account, and the quotes of a request."""

from collections.abc import Mapping
from typing import Any

from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until

USER = "user.near"
OTHER = "other.near"
FUNDS = {"BTC": "0.5", "nBTC": "0.5", "EURe": "40000"}


async def opened(control: Control, account: str = USER) -> dict[str, str]:
    """Open a funded account; returns the settings of a driver that uses it."""
    answer = await control.http.post("/accounts", json={"account": account, "balances": FUNDS})
    key = answer.raise_for_status().json()["private_key"]
    return {**control.env, "USER_ACCOUNT": account, "USER_KEY": key}


async def quotes_of(taker: Taker, asset: str, amount: Mapping[str, int], makers: int = 1) -> list[dict[str, Any]]:
    """Ask until so many makers quote, best first; a maker may be slow to listen."""
    found: list[dict[str, Any]] = []

    async def enough() -> bool:
        found[:] = await taker.ask(asset, **amount)
        return len(found) >= makers

    await until(enough, 60, f"{makers} makers quote")
    return found
