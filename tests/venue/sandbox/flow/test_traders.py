"""The venue's own traders over the real relay: what each kind takes, and what they do for a solver of another pair."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox.maker import Maker as Solver
from tests.support.sandbox.maker import Signer, relay
from tests.support.sandbox.rig import Launch, Rig
from venue.protocol.tokens import EURE
from venue.sandbox.flow.traders import LOOKS_EVERY_S
from venue.sandbox.pairs import USDC, USDT, WNEAR

JUMP = """time,open,high,low,close
2026-01-01T00:00:02Z,80000.00,80000.00,80000.00,80000.00
2026-01-01T00:00:04Z,84000.00,84000.00,84000.00,84000.00
"""
"""The mid stands still for two seconds, then it is 5 % higher for good."""
MARGIN_S = 30.0
DECIDES_AFTER_S = 70.0 - MARGIN_S
"""Rivals sign for 10 s more than the 60 s asked, and holders decide so long before the deadline."""


async def takers(rig: Rig) -> Any:
    return (await rig.http.get(rig.env["SANDBOX_CONTROL_URL"] + "/takers")).json()


@pytest.mark.slow
async def test_holders_and_sweepers_execute_just_before_the_deadline_what_is_in_the_money(
    launch: Launch, tmp_path: Path
) -> None:
    file = tmp_path / "jump.csv"
    file.write_text(JUMP)
    rig = await launch(
        rate=20.0,
        other_pairs=0.0,
        takers="holder=0.5,sweeper=0.5",
        margin_s=MARGIN_S,
        rivals=True,
        rival_set="static",
        prices=str(file),
    )

    async def jumped() -> bool:
        market = (await rig.state())["market"]
        return bool(market["offset_ns"] > 2_600_000_000 and market["mid"] == "84000.00")

    await rig.until(jumped, timeout_s=30)
    await rig.control("/traders", {"running": False})

    async def every_auction_is_over() -> bool:
        asked = sum(one["asked"] for one in (await takers(rig))["kinds"].values())
        return bool(asked == (await rig.state())["requests"]["active"])

    await rig.until(every_auction_is_over, timeout_s=30)
    before = (await takers(rig))["taken"]
    state = await rig.state()
    await rig.control("/time", {"forward_s": DECIDES_AFTER_S + 2.4 - state["market"]["offset_ns"] / 1e9})

    paused_at = time.monotonic()

    async def looked() -> bool:
        return time.monotonic() > paused_at + 2 * LOOKS_EVERY_S

    await rig.until(looked, timeout_s=30)
    assert (await takers(rig))["taken"] == before
    await rig.control("/traders", {"running": True})

    async def settled() -> Any:
        now = await rig.state()
        return now if now["settlements"]["settled"] >= 5 else None

    state = await rig.until(settled, timeout_s=60)
    taken = (await takers(rig))["taken"]
    kinds = {one["quote_hash"]: one["kind"] for one in taken}
    bought = [fill for fill in state["fills"] if fill["quote_hash"] in kinds]
    # Makers sold BTC before the rise: nobody executes a purchase by them.
    assert bought
    assert all(int(fill["diff"][EURE.token_id]) > 0 for fill in bought)
    per_request = Counter((one["quote_id"], one["kind"]) for one in taken)
    assert all(count == 1 for (_, kind), count in per_request.items() if kind == "holder")
    assert set(kinds.values()) <= {"holder", "sweeper"}


async def test_a_solver_of_another_pair_earns_fills(launch: Launch) -> None:
    rig = await launch(rate=10.0, other_pairs=1.0, pairs=("USDC/EURe",), takers="prompt=1")
    guest = (await rig.control("/accounts", {"account": "solver.near"})).json()
    assert int(guest["balances"][USDC.token_id]) > 10_000 * 10**6
    signer = Signer("solver.near", guest["private_key"])

    async def filled() -> bool:
        answer = await rig.http.get(rig.env["SANDBOX_CONTROL_URL"] + "/state", params={"account": "solver.near"})
        return bool(answer.json()["fills"])

    async with relay(rig.env) as socket:
        solver = Solver(socket)
        await solver.call("subscribe", ["quote"])
        answered = 0
        while not await filled():
            answered += 1
            event = (await solver.events(answered))[-1]["params"]["data"]
            await quote(solver, signer, rig, event)
    assert (await takers(rig))["kinds"]["prompt"]["published"] > 0


async def quote(solver: Solver, signer: Signer, rig: Rig, event: dict[str, Any]) -> None:
    """Answer a request for USDC/EURe a little beside 0.9."""
    asset_in, asset_out = event["defuse_asset_identifier_in"], event["defuse_asset_identifier_out"]
    assert {asset_in, asset_out} == {USDC.token_id, EURE.token_id}
    # EURe units per USDC unit are 0.9 · 10^12; the taker pays 10 bps.
    cost = 8_991 if asset_in == USDC.token_id else 9_009
    ratio = (cost * 10**8, 1) if asset_in == USDC.token_id else (1, cost * 10**8)
    if "exact_amount_in" in event:
        amount_in = int(event["exact_amount_in"])
        amount_out = amount_in * ratio[0] // ratio[1]
        output = {"amount_out": str(amount_out)}
    else:
        amount_out = int(event["exact_amount_out"])
        amount_in = -(-amount_out * ratio[1] // ratio[0])
        output = {"amount_in": str(amount_in)}
    _, signed = signer.diff({asset_in: amount_in, asset_out: -amount_out}, rig.salt, rig.deadline_ms(130_000))
    answer = {"quote_id": event["quote_id"], "quote_output": output, "signed_data": signed}
    await solver.send("quote_response", [answer])


async def test_rivals_of_a_pair_settle_with_its_traders(launch: Launch) -> None:
    rig = await launch(rate=20.0, other_pairs=1.0, pairs=("wNEAR/USDT", "USDC/EURe"), rivals=True)

    async def settled() -> Any:
        fills = (await rig.state())["fills"]
        return {tuple(sorted(fill["diff"])) for fill in fills} if fills else None

    async def both() -> bool:
        return len(await settled() or ()) == 2

    await rig.until(both, timeout_s=30)
    mids = (await rig.state())["pairs"]
    assert 2 < float(mids["wNEAR/USDT"]) < 4
    assert 0.85 < float(mids["USDC/EURe"]) < 0.95
    assert await settled() == {
        tuple(sorted((WNEAR.token_id, USDT.token_id))),
        tuple(sorted((USDC.token_id, EURE.token_id))),
    }


async def test_nobody_holds_another_pair_without_the_setting(launch: Launch) -> None:
    rig = await launch(accounts=("solver.near",))
    held = {token for balances in (await rig.state())["balances"].values() for token in balances}
    assert not held & {USDC.token_id, USDT.token_id, WNEAR.token_id}
