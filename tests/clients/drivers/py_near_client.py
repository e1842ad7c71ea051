"""A wallet's and a solver's work with py-near; prints what it found as one line of JSON."""

import asyncio
import json
import os
import sys
import time
from contextlib import suppress
from decimal import Decimal
from typing import Any

import aiohttp
import base58
from nacl.signing import SigningKey
from py_near.account import Account
from py_near.omni_balance import OmniBalance
from py_near.omni_balance.solver import solver as solver_module
from py_near.omni_balance.solver.solver_fix_rate import SolverFixedRate, SolverRateTokenConfig

ACCOUNT, KEY = os.environ["USER_ACCOUNT"], os.environ["USER_KEY"]
NODES = os.environ["NEAR_RPC_URL"].split(",")
CONTRACT = "intents.near"
TGAS = 10**12
NEAR = 10**24
STORAGE = 125 * 10**19
WITHIN_S = 90
DEADLINE_S = 90


def new_key() -> str:
    return base58.b58encode(bytes(SigningKey.generate().verify_key)).decode()


def failure(outcome: Any) -> Any:
    """Return why a transaction failed, or None."""
    status = outcome.status
    return status.get("Failure") if isinstance(status, dict) else None


async def account() -> dict[str, object]:
    user = Account(ACCOUNT, KEY, NODES)
    await user.startup()
    key = f"ed25519:{new_key()}"
    outcome = await user.function_call(CONTRACT, "add_public_key", {"public_key": key}, 30 * TGAS, 1)
    again = await user.function_call(CONTRACT, "add_public_key", {"public_key": key}, 30 * TGAS, 1)
    known = await user.view_function(CONTRACT, "has_public_key", {"account_id": ACCOUNT, "public_key": key})
    head = await user.provider.get_block(known.block_height)
    found = {
        "balance": await user.get_balance(),
        "keys": [one.public_key for one in await user.get_access_key_list()],
        "added": known.result,
        "failed": failure(outcome),
        "refused": failure(again),
        "height": head["header"]["height"] - known.block_height,
        "sameByHash": (await user.provider.get_block(head["header"]["hash"]))["header"]["height"]
        == head["header"]["height"],
        "transaction": (await user.provider.get_tx(outcome.transaction.hash, ACCOUNT)).transaction.hash
        == outcome.transaction.hash,
        "validators": bool(await user.provider.get_validators()),
    }
    await user.shutdown()
    return found


async def transactions() -> dict[str, object]:
    user = Account(ACCOUNT, KEY, NODES)
    await user.startup()
    before = await user.get_balance("other.near")
    sent = await user.send_money("other.near", 2 * NEAR)
    full, limited = new_key(), new_key()
    added = [
        await user.add_full_access_public_key(full),
        await user.add_public_key(limited, CONTRACT, ["add_public_key"]),
    ]
    both = [one.public_key for one in await user.get_access_key_list()]
    deleted = [await user.delete_public_key(key) for key in (full, limited)]
    created = await user.create_account(f"child.{ACCOUNT}", new_key(), NEAR)
    again = await user.create_account(f"child.{ACCOUNT}", new_key(), NEAR)
    found = {
        "failed": [failure(one) for one in (sent, *added, *deleted, created)],
        "received": await user.get_balance("other.near") - before,
        "both": [f"ed25519:{key}" in both for key in (full, limited)],
        "child": await user.get_balance(f"child.{ACCOUNT}"),
        "taken": failure(again),
        "keys": len(await user.get_access_key_list()),
    }
    await user.shutdown()
    return found


async def deposit() -> dict[str, object]:
    """Take a token out of the Verifier and put a part of it back, as its own helper does."""
    token = sys.argv[2]
    async with OmniBalance(ACCOUNT, KEY, NODES) as manager:
        user = Account(ACCOUNT, KEY, NODES)
        await user.startup()
        # Its own registration looks at the answer's wrapper, which is never empty, and registers nobody.
        registered = await user.function_call(token, "storage_deposit", {"account_id": ACCOUNT}, 30 * TGAS, STORAGE)
        order = {"token": token, "receiver_id": ACCOUNT, "amount": "1000"}
        withdrawn = await user.function_call(CONTRACT, "ft_withdraw", order, 100 * TGAS, 1)
        await manager.deposit_near_token(token, "400")
        held = await user.ft.get_ft_raw_balance(token)
        await user.shutdown()
    return {"failed": [failure(registered), failure(withdrawn)], "left": held}


async def balance() -> dict[str, object]:
    """Send money inside the Verifier, published by the relay and simulated first."""
    token, receiver = sys.argv[2:4]
    async with OmniBalance(ACCOUNT, KEY, NODES, solver_bus_url=os.environ["NEAR_INTENTS_RELAY_RPC_URL"]) as manager:
        signed = manager.transfer({token: "7"}, receiver).sign()
        simulated = await manager.simulate_intent(signed)
        return {"simulated": str(simulated)[:500], "published": await manager.publish_intents(signed)}


async def solver() -> dict[str, object]:
    """Quote at a fixed rate until the venue counts as many fills as asked for."""
    base, quote, price, fills = sys.argv[2:6]
    solver_module.SOLVER_BUS_WSS = os.environ["NEAR_INTENTS_RELAY_WS_URL"]
    rates = SolverFixedRate(
        [
            SolverRateTokenConfig(base, 8, Decimal(price), Decimal(price)),
            SolverRateTokenConfig(quote, 18, Decimal(1), Decimal(1)),
        ]
    )
    headers = {"Authorization": f"Bearer {os.environ['NEAR_INTENTS_API_KEY']}"}
    async with OmniBalance(ACCOUNT, KEY, NODES) as manager, aiohttp.ClientSession() as http:
        running = asyncio.create_task(
            solver_module.run_solver([rates], manager, extra_headers=headers, deadline=DEADLINE_S)
        )
        settled: list[object] = []
        end = time.monotonic() + WITHIN_S
        while len(settled) < int(fills) and time.monotonic() < end and not running.done():
            await asyncio.sleep(0.2)
            url = f"{os.environ['SANDBOX_CONTROL_URL']}/state?account={ACCOUNT}"
            async with http.get(url) as answer:
                settled = (await answer.json())["fills"]
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return {"fills": len(settled)}


CASES = {case.__name__: case for case in (account, transactions, deposit, balance, solver)}
sys.stdout.write(f"\n{json.dumps(asyncio.run(CASES[sys.argv[1]]()))}\n")
