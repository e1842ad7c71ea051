"""The desk is killed at every step of a withdrawal, on every way out, under every fault: one payment, or no loss."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.support.funding.crash_runs import STEPS, Plan, omni_plan, plan, run, settle
from tests.support.funding.withdrawal_venue import WithdrawalVenue

LANES = 3
QUICK_SEEDS = range(6)
SLOW_SEEDS = (*range(6, 12), *range(100, 320))
QUICK_OMNI_SEEDS = range(0, len(STEPS), 2)
SLOW_OMNI_SEEDS = (*range(1, len(STEPS), 2), *range(100, 200))


async def _all(short_dir: Path, plans: list[Plan]) -> Counter[str]:
    lanes = [plans[lane::LANES] for lane in range(LANES)]
    ends: Counter[str] = Counter()
    async with asyncio.TaskGroup() as group:
        done = [group.create_task(_lane(short_dir / str(number), lane)) for number, lane in enumerate(lanes)]
    for one in done:
        ends.update(one.result().values())
    return ends


async def _lane(directory: Path, plans: list[Plan]) -> dict[int, str]:
    venue = WithdrawalVenue(directory / "venue")
    try:
        opening = await venue.control.balances()
        ends = {one.seed: await run(venue, directory / str(one.seed), one) for one in plans}
        await settle(venue, plans, opening, ends)
    finally:
        await venue.close()
    return ends


async def test_a_killed_desk_pays_once_or_not_at_all(short_dir: Path) -> None:
    ends = await _all(short_dir, [plan(seed) for seed in QUICK_SEEDS])
    assert sum(ends.values()) == len(QUICK_SEEDS)
    assert ends["completed"] > 0, ends


@pytest.mark.slow
async def test_two_hundred_killed_desks_pay_once_or_not_at_all(short_dir: Path) -> None:
    ends = await _all(short_dir, [plan(seed) for seed in SLOW_SEEDS])
    assert sum(ends.values()) == len(SLOW_SEEDS)
    assert {"completed", "failed", "refunded", "returned"} <= set(ends), ends


async def test_a_desk_killed_at_steps_of_an_omni_withdrawal_pays_once_or_not_at_all(short_dir: Path) -> None:
    ends = await _all(short_dir, [omni_plan(seed) for seed in QUICK_OMNI_SEEDS])
    assert sum(ends.values()) == len(QUICK_OMNI_SEEDS)
    assert ends["completed"] > 0, ends


@pytest.mark.slow
async def test_a_hundred_killed_omni_withdrawals_pay_once_or_not_at_all(short_dir: Path) -> None:
    ends = await _all(short_dir, [omni_plan(seed) for seed in SLOW_OMNI_SEEDS])
    assert sum(ends.values()) == len(SLOW_OMNI_SEEDS)
    assert set(ends) <= {"completed", "failed", "never ordered"}, ends
    assert ends["completed"] > 50, ends
