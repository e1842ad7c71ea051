"""A failing interlock closes the rungs that need it after its own grace, and not before."""

from collections.abc import Mapping
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.interlocks.checklist import (
    CLOCK_GRACE_MS,
    NO_GRACE_MS,
    STALE_GRACE_MS,
    VENUE_GRACE_MS,
    configured,
    tripped,
)
from cockpit.desk.interlocks.grace_timer import GraceTimer
from tests.cockpit.desk.interlocks.test_checklist import FAILURES, IDS, Case, listed
from venue.protocol.units import NS_PER_MS

RELAY_MS = 30_000
GRACES: Mapping[str, int | None] = {
    "reference": STALE_GRACE_MS,
    "funds": None,
    "balances": STALE_GRACE_MS,
    "deposits": VENUE_GRACE_MS,
    "listed": VENUE_GRACE_MS,
    "history": NO_GRACE_MS,
    "limits": NO_GRACE_MS,
    "strategy": NO_GRACE_MS,
    "shadow": None,
    "key": NO_GRACE_MS,
    "locked": NO_GRACE_MS,
    "paused": NO_GRACE_MS,
    "api_key": VENUE_GRACE_MS,
    "api_key_end": NO_GRACE_MS,
    "clock": CLOCK_GRACE_MS,
    "salt": STALE_GRACE_MS,
    "relay": RELAY_MS,
    "former": None,
    "burning": NO_GRACE_MS,
    "refusals": NO_GRACE_MS,
    "proof": NO_GRACE_MS,
    "alarms": NO_GRACE_MS,
    "disk": NO_GRACE_MS,
}


def timer(relay_lost_ms: int = RELAY_MS) -> GraceTimer:
    return GraceTimer(configured(relay_lost_ms=relay_lost_ms))


@pytest.mark.parametrize("rung", ["SHADOW", "LIVE"])
@pytest.mark.parametrize(("ident", "changes", "text"), FAILURES, ids=IDS)
def test_each_failing_interlock_closes_the_rungs_that_need_it_after_its_grace(
    rung: Literal["SHADOW", "LIVE"], ident: str, changes: Mapping[str, object], text: str
) -> None:
    rows, graces = listed(**changes), timer()
    (failed,) = [row for row in rows if not row.passed]
    grace_ms = GRACES[ident]
    applies = grace_ms is not None and (rung == "LIVE" or failed.rung == "SHADOW")
    first = graces.apply(rows, rung, 0)
    if not applies or grace_ms is None:
        assert tripped(graces.apply(rows, rung, 10**9 * NS_PER_MS)) is None
        return
    assert {row.grace_left_ms for row in first if row.ident == ident} == {grace_ms}
    if grace_ms:
        assert tripped(graces.apply(rows, rung, grace_ms * NS_PER_MS - 1)) is None
    due = tripped(graces.apply(rows, rung, grace_ms * NS_PER_MS))
    assert due is not None
    assert (due.ident, due.grace_left_ms) == (ident, 0)
    assert text in due.measured


def test_an_interlock_that_passed_in_between_gets_its_whole_grace_again() -> None:
    graces, rows = timer(), listed(salt_known=False)
    graces.apply(rows, "LIVE", 0)
    graces.apply(listed(), "LIVE", 9_000 * NS_PER_MS)
    assert tripped(graces.apply(rows, "LIVE", 11_000 * NS_PER_MS)) is None
    assert tripped(graces.apply(rows, "LIVE", 21_000 * NS_PER_MS)) is not None


def test_a_clock_that_was_stepped_gets_no_grace_and_one_that_is_right_again_keeps_its_rung() -> None:
    graces, rows = timer(), listed(clock_usable=False)
    graces.end_grace("clock", 0)
    due = tripped(graces.apply(rows, "LIVE", 0))
    assert due is not None
    assert due.ident == "clock"
    graces.end_grace("clock", 1)
    assert tripped(graces.apply(listed(), "LIVE", 1)) is None
    assert tripped(graces.apply(rows, "LIVE", 2)) is None


def test_nothing_closes_while_nothing_is_open() -> None:
    rows = timer().apply(listed(history_writable=False, free_bytes=0), "SAFE", 0)
    assert tripped(rows) is None
    assert all(row.grace_left_ms is None for row in rows)


def test_a_lost_relay_never_disarms_when_the_setting_says_so() -> None:
    graces, rows = timer(relay_lost_ms=0), listed(subscribed=False)
    graces.apply(rows, "LIVE", 0)
    assert tripped(graces.apply(rows, "LIVE", 10**15)) is None


def test_an_interlock_of_shadow_trips_before_one_of_live() -> None:
    due = tripped(timer().apply(listed(free_bytes=0, limit_problems=("no",)), "LIVE", 0))
    assert due is not None
    assert due.ident == "limits"
    due = tripped(timer().apply(listed(history_writable=False, limit_problems=("no",)), "LIVE", 0))
    assert due is not None
    assert due.ident == "limits"


@given(st.lists(st.tuples(st.sampled_from(FAILURES), st.integers(0, 40_000)), max_size=30))
def test_a_rung_never_stays_open_over_an_interlock_that_failed_for_its_grace(steps: list[tuple[Case, int]]) -> None:
    graces, now = timer(), 0
    for (ident, changes, _), step_ms in steps:
        rows = listed(**changes)
        graces.apply(rows, "LIVE", now)
        now += step_ms * NS_PER_MS
        due = tripped(graces.apply(rows, "LIVE", now))
        grace_ms = GRACES[ident]
        if grace_ms is None:
            assert due is None
        elif step_ms >= grace_ms:
            assert due is not None
            assert due.ident == ident
