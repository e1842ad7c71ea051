"""Calls wait for the next block, and one block holds all of them."""

import asyncio
from typing import Any

import pytest

from tests.support.sandbox.rig import Launch
from tests.support.sandbox.signing import Clock
from venue.protocol.units import NS_PER_S
from venue.sandbox.flow.wallet import Wallet
from venue.sandbox.relay.mempool import Mempool
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.outcomes import Executed
from venue.sandbox.wire.errors import ContractPanicError

NOW = 1_790_000_000 * NS_PER_S
TOKEN = "nep141:wrap.near"


def ledger() -> Ledger:
    made = Ledger(clock=Clock(NOW), salt=b"salt")
    for name in ("a.near", "b.near"):
        made.register_key(name, Wallet(name, name.encode().ljust(32)).public_key)
        made.mint(name, TOKEN, 100)
    return made


def payment(account: str, amount: int, random: int) -> dict[str, object]:
    wallet = Wallet(account, account.encode().ljust(32))
    intent = {"intent": "transfer", "receiver_id": "c.near", "tokens": {TOKEN: str(amount)}}
    deadline = NOW + 60 * NS_PER_S
    return wallet.sign([intent], deadline_ns=deadline, salt=b"salt", random=random.to_bytes(15, "big")).data


async def test_one_block_holds_every_call_that_waited_for_it() -> None:
    chain = ledger()
    pool = Mempool(chain)
    calls = [
        asyncio.create_task(pool.execute([payment(name, amount, number)], tx_hash=f"tx{number}"))
        for number, (name, amount) in enumerate((("a.near", 60), ("b.near", 10), ("a.near", 60)))
    ]
    await asyncio.sleep(0)
    height = chain.height
    assert not any(call.done() for call in calls)
    assert chain.balance("c.near", TOKEN) == 0
    pool.make_block()
    found: list[Any] = await asyncio.gather(*calls, return_exceptions=True)
    assert chain.height == height + 1
    assert [isinstance(one, Executed) and one.height for one in found[:2]] == [height + 1] * 2
    assert isinstance(found[2], ContractPanicError)
    assert chain.balance("c.near", TOKEN) == 70
    pool.make_block()
    assert chain.height == height + 2


async def test_a_call_whose_caller_has_ended_is_left_out() -> None:
    chain = ledger()
    pool = Mempool(chain)
    call = asyncio.create_task(pool.execute([payment("a.near", 60, 1)], tx_hash="tx"))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    pool.make_block()
    assert chain.balance("a.near", TOKEN) == 100


async def test_settlements_of_a_busy_market_share_blocks(launch: Launch) -> None:
    rig = await launch(rate=60.0, other_pairs=0.0, rivals=True, block_s=0.3, settle_s=(0.0, 0.2))

    async def settled() -> Any:
        state = await rig.state()
        return state if state["settlements"]["settled"] >= 30 else None

    state = await rig.until(settled, timeout_s=30)
    heights = {fill["height"] for fill in state["fills"]}
    transactions = {fill["tx_hash"] for fill in state["fills"]}
    assert len(heights) < len(transactions)
