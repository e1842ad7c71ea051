"""One seeded run: order a withdrawal under a fault, kill the desk again and again, start it again, and see who has the
money in the end."""

import asyncio
import json
import random
import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from cockpit.desk.funding.preflight import PREVIOUS_RUN
from cockpit.desk.funding.withdrawal import UNPAID
from tests.support.funding.withdrawal_venue import (
    TERMINAL,
    WithdrawalVenue,
    gone,
    order,
    ready,
    state,
    steps,
)
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.reconciliation import reconcile
from tests.support.waiting import until
from venue.protocol.assets import Token
from venue.protocol.tokens import BTC, EURE, NBTC

TX_FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "drop": {"near_send": {node: {"mode": "drop", "times": 2} for node in ("near_a", "near_b")}},
    "drop-500": {"near_send": {node: {"mode": "drop", "times": 1, "silence": "500"} for node in ("near_a", "near_b")}},
    "swallow": {"near_send": {node: {"mode": "swallow", "times": 1} for node in ("near_a", "near_b")}},
    "swallow-and-unknown": {
        "near_send": {node: {"mode": "swallow", "times": 1} for node in ("near_a", "near_b")},
        "near_tx_unknown_s": {"near_a": 2.5, "near_b": 2.5},
    },
    "hang": {"near_send": {"near_a": {"mode": "swallow", "times": 1, "silence": "timeout"}}},
    "late": {
        "near_send": {node: {"mode": "late", "times": 1, "delay_s": 1.2} for node in ("near_a", "near_b")},
    },
    "late-hang": {"near_send": {"near_a": {"mode": "late", "times": 1, "delay_s": 1.5, "silence": "timeout"}}},
    "twice": {"near_send": {"near_a": {"mode": "twice", "times": 1}}},
    "garbled": {"near_send": {"near_a": {"mode": "garbled", "times": 1}}},
    "invalid-nonce": {
        "near_send": {node: {"mode": "swallow", "times": 1} for node in ("near_a", "near_b")},
        "near_resend": "invalid_nonce",
    },
    "tx-unknown": {"near_tx_unknown_s": {"near_a": 3, "near_b": 3}},
    "stale": {"near_stale_s": {"near_a": 2}},
    "node-down": {"near_b": "500"},
    "no-gas": {"near_no_gas": True},
}
INTENT_FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "publish-drop": {"publish": {"mode": "drop", "times": 2}},
    "publish-swallow": {"publish": {"mode": "swallow", "times": 1}},
    "publish-500": {"publish": {"mode": "swallow", "times": 1, "silence": "500"}},
    "publish-hang": {"publish": {"mode": "swallow", "times": 1, "silence": "timeout"}},
    "publish-late": {"publish": {"mode": "late", "times": 1, "delay_s": 1.2}},
    "publish-twice": {"publish": {"mode": "twice", "times": 1}},
    "publish-garbled": {"publish": {"mode": "garbled", "times": 1}},
    "relay-forgets": {"relay_not_found_s": 3},
    "swallow-and-forget": {"publish": {"mode": "swallow", "times": 1}, "relay_not_found_s": 4},
    "tx-unknown": {"near_tx_unknown_s": {"near_a": 3, "near_b": 3}},
}
BRIDGE_FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "none again": {},
    "not-found": {"bridge_not_found_s": 3},
    "rejects": {"withdrawal_rejects": 1},
    "transfer-fails": {"ft_transfer_fails": 1},
    "list": {"status_shape": "list"},
    "estimate": {"estimate_fails": 1},
}
NATIVE_FEE = 3 * 10**21
OMNI_FAULTS: dict[str, dict[str, Any]] = {
    "none": {},
    "not-found": {"omni_not_found_s": 3},
    "fourth-form": {"omni": {"version": "v4"}},
    "cheaper": {"omni": {"pays_below": 200}},
    "native-fee": {"omni": {"native_fee": NATIVE_FEE}, "gift": {"token_id": "nep141:wrap.near", "amount": 10**22}},
}
"""Without a transfer that fails: with its message it would neither be paid nor come back, and nothing would end."""
STEPS = ("requested", "prepared", "sent", "unknown", "burned", "bridging", "completed")


class Plan(msgspec.Struct, frozen=True):
    """What a run does; the same seed gives the same plan."""

    seed: int
    route: str
    fault: str
    bridge: str
    in_base: bool
    kills: tuple[str, ...]
    pauses: tuple[float, ...]
    again: bool

    @property
    def asset(self) -> Token:
        if self.route == "omni":
            return NBTC
        return BTC if self.in_base else EURE

    @property
    def ordered_route(self) -> str | None:
        """The Omni bridge has no choice of routes."""
        return None if self.route == "omni" else self.route

    @property
    def native_fee(self) -> int | None:
        """What the order accepts beside the amount, yoctoNEAR."""
        return NATIVE_FEE if self.bridge == "native-fee" else None

    @property
    def amount(self) -> int:
        """Unique: a withdrawal of it is this run's."""
        if self.route == "omni":
            return 500_000 + self.seed
        return (100_000 if self.in_base else 10 * 10**18) + self.seed

    @property
    def faults(self) -> dict[str, Any]:
        own = TX_FAULTS if self.route == "transaction" else INTENT_FAULTS
        bridge = OMNI_FAULTS if self.route == "omni" else BRIDGE_FAULTS
        return {**own[self.fault], **bridge[self.bridge]}


def plan(seed: int) -> Plan:
    """Walks through faults and steps in order, so that few seeds cover much; the rest is drawn."""
    rng = random.Random(seed)
    route = ("transaction", "intent")[seed % 2]
    number = seed // 2
    faults = list(TX_FAULTS if route == "transaction" else INTENT_FAULTS)
    first = STEPS[number % len(STEPS)]
    return Plan(
        seed=seed,
        route=route,
        fault=faults[number % len(faults)],
        bridge=rng.choice(list(BRIDGE_FAULTS)),
        in_base=rng.random() < 0.5,
        kills=(first, *rng.choices((*STEPS, "soon"), k=rng.randrange(3))),
        pauses=tuple(rng.random() ** 2 for _ in range(3)),
        again=rng.random() < 0.5,
    )


def omni_plan(seed: int) -> Plan:
    """The same for nBTC by the Omni bridge: killed at each step in turn, under each fault of publishing and bridge."""
    rng = random.Random(f"omni {seed}")
    faults, bridges = list(INTENT_FAULTS), list(OMNI_FAULTS)
    return Plan(
        seed=seed,
        route="omni",
        fault=faults[seed % len(faults)],
        bridge=bridges[seed % len(bridges)],
        in_base=True,
        kills=(STEPS[seed % len(STEPS)], *rng.choices((*STEPS, "soon"), k=rng.randrange(3))),
        pauses=tuple(rng.random() ** 2 for _ in range(3)),
        again=rng.random() < 0.5,
    )


async def kill_at(desk: DeskProcess, step: str, pause_s: float, within_s: float) -> None:
    """SIGKILL once the history holds the step, or when it will not come."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within_s
    while step != "soon" and loop.time() < deadline and desk.process.running:
        found = steps(desk)
        if step in found or (found and found[-1] in TERMINAL):
            break
        await asyncio.sleep(0.003)
    await asyncio.sleep(pause_s if step == "soon" else pause_s * 0.1)
    desk.process.kill()


async def run(venue: WithdrawalVenue, state_dir: Path, plan: Plan) -> str:
    """Carry the plan out; what became of the withdrawal. AssertionError when money is lost or paid twice."""
    await venue.mend()
    token = plan.asset.token_id
    before = (await venue.control.balances())[token]
    desk = venue.desk(state_dir)
    key = f"key-{plan.seed}"
    try:
        await desk.start()
        await ready(desk)
        await venue.faults(**plan.faults)
        if plan.bridge == "estimate":
            refused = await order(
                desk, plan.asset, plan.amount, key, route=plan.ordered_route, native_fee=plan.native_fee
            )
            assert refused.status_code == 409, refused.text
            assert "fee is not known" in refused.json()["reason"]
        ordering = asyncio.create_task(
            order(desk, plan.asset, plan.amount, key, route=plan.ordered_route, native_fee=plan.native_fee)
        )
        killing = asyncio.create_task(kill_at(desk, plan.kills[0], plan.pauses[0], 6))
        answer = await gone(ordering)
        assert answer is None or answer.status_code == 200, answer.text
        await killing
        for step, pause in zip(plan.kills[1:], plan.pauses[1:], strict=False):
            await desk.start()
            await kill_at(desk, step, pause, 3)
        if "no-gas" in plan.fault:
            await venue.faults(near_no_gas=False)
        await desk.start()
        if plan.again:
            await ready(desk)
            await until(lambda: _accepted(desk, plan, key), 20, "the same order is accepted again")
        await until(lambda: not (found := steps(desk)) or found[-1] in TERMINAL, 40, f"{plan} ends")
        await reconcile(desk, venue.control)
        return await judge(venue, desk, plan, before)
    except BaseException as error:
        error.add_note(f"{plan}\nfaults {plan.faults}\n{_record(desk)}")
        raise
    finally:
        await desk.close()


async def _accepted(desk: DeskProcess, plan: Plan, key: str) -> bool:
    """Order the same again; refused while quotes of the killed run may still settle.

    One that ended unpaid is refused, as history has it.
    """
    answer = await order(desk, plan.asset, plan.amount, key, route=plan.ordered_route, native_fee=plan.native_fee)
    if "this key already made withdrawal" in answer.text:
        if answer.status_code != 200:
            await until(lambda: steps(desk)[-1] in UNPAID, 20, f"history has the reason: {answer.text}")
        return True
    assert answer.status_code == 200 or PREVIOUS_RUN in answer.text, answer.text
    return answer.status_code == 200


async def judge(venue: WithdrawalVenue, desk: DeskProcess, plan: Plan, before: int) -> str:
    """Chains, ledger and history must agree on one payment or none."""
    found = steps(desk)
    end = found[-1] if found else "never ordered"
    payments = await venue.payments(plan.asset, plan.amount)
    held = (await venue.control.balances())[plan.asset.token_id]
    assert len(desk.rows("SELECT 1 FROM prepared_withdrawals")) <= 1
    if end == "completed":
        assert len(payments) == 1, payments
        assert held == before - plan.amount
    else:
        assert payments == [], (end, payments)
        assert held == before, (end, held - before)
    if end != "never ordered":
        [row] = (await state(desk))["withdrawals"][:1]
        assert row["state"] == end, row
        paid = payments[0]["tx_hash"] if payments else ""
        assert row["destination_hash"] == paid, row
    return end


async def settle(venue: WithdrawalVenue, plans: list[Plan], opening: dict[str, int], ends: dict[int, str]) -> None:
    """After all runs: nothing came late, nothing came twice."""
    for plan in plans:
        completed = ends[plan.seed] == "completed"
        assert len(await venue.payments(plan.asset, plan.amount)) == int(completed), plan
    spent = dict.fromkeys(opening, 0)
    for plan in plans:
        if ends[plan.seed] == "completed":
            spent[plan.asset.token_id] += plan.amount
    held = await venue.control.balances()
    assert {token: opening[token] - held[token] for token in opening} == spent


def _record(desk: DeskProcess) -> str:
    try:
        rows = desk.rows("SELECT status, detail, tx_hash FROM liquidity_actions WHERE kind = 'withdrawal' ORDER BY id")
    except sqlite3.Error as error:
        return f"no history: {error}"
    return json.dumps(rows, indent=1) + desk.process.output()[-3000:]
