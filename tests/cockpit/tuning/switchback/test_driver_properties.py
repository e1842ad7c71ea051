"""Whatever happens to the desk while a plan runs: when it says that the old half spread is in force, it is."""

import asyncio
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cockpit.tuning.switchback.tried import OLD, PLAN, Tried

FOREIGN, RESTARTED = Decimal(30), Decimal(18)
PLANNED = {step.half_spread_bps for step in PLAN.steps}
HAPPENINGS = ("disarm", "arm", "halt", "go on", "silent", "down", "up", "restart", "other", "stop")
EVENTS = st.lists(st.tuples(st.integers(1, 120), st.sampled_from(HAPPENINGS)), max_size=8)


def happen(tried: Tried, what: str) -> None:
    desk = tried.desk
    if what in ("disarm", "arm"):
        desk.change(executor_armed=what == "arm")
    elif what in ("halt", "go on"):
        desk.change(trading="HALTED" if what == "halt" else "ACTIVE")
    elif what == "silent":
        desk.silent = 2
    elif what in ("down", "up"):
        desk.up = what == "up"
    elif what == "restart":
        desk.restart(RESTARTED)
    elif what == "other":
        desk.width = FOREIGN
    else:
        tried.stopping.set()


async def played(tried: Tried, events: list[tuple[int, str]]) -> None:
    due: dict[int, list[str]] = {}
    for tick, what in events:
        due.setdefault(tick, []).append(what)

    def each(tick: int) -> None:
        for what in due.pop(tick, ()):
            happen(tried, what)
        if tick == 400:
            # Whatever was left: an operator who gives up.
            tried.stopping.set()

    tried.desk.each, tried.desk.pace_s = each, 0
    end = await tried.run()
    progress = tried.progress.current
    if tried.restored:
        assert tried.desk.width in (OLD, FOREIGN, RESTARTED), (end, tried.said)
        assert progress.asked is None
    else:
        assert progress.asked in PLANNED, (end, tried.said)
    assert end != "finished" or progress.step == len(PLAN.steps)
    assert set(tried.desk.commands) <= PLANNED | {OLD, FOREIGN, RESTARTED}


@pytest.mark.slow
@settings(deadline=None, max_examples=300)
@given(EVENTS)
def test_when_it_says_that_the_old_width_is_in_force_it_is(events: list[tuple[int, str]]) -> None:
    with TemporaryDirectory() as folder, patch("cockpit.tuning.switchback.driver.AGAIN_S", 0):
        asyncio.run(played(Tried(Path(folder)), events))
