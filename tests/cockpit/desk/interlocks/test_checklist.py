"""Every interlock can fail, shows what it measured, and closes an open rung after its own grace."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.interlocks.checklist import (
    CLOCK_GRACE_MS,
    NO_GRACE_MS,
    STALE_GRACE_MS,
    VENUE_GRACE_MS,
    checklist,
    configured,
    failing,
    tripped,
)
from cockpit.desk.interlocks.grace_timer import GraceTimer
from cockpit.desk.interlocks.measures import MIN_FREE_BYTES, SALT_MAX_AGE_MS, UNEXPLAINED_MAX_MS, InterlockFacts
from cockpit.model.snapshot import InterlockRow
from venue.protocol.units import NS_PER_MS

SYMBOLS = ("BTC", "EURe")
RELAY_MS = 30_000
PASSING = InterlockFacts(
    symbols=SYMBOLS,
    reference_usable=True,
    reference_detail="60000 EUR, 20 ms old",
    available=(("BTC", Decimal("0.5")), ("EURe", Decimal(0))),
    balances_age_ms=1_200,
    balances_max_age_ms=20_000,
    balances_error="",
    addresses=SYMBOLS,
    pending_known=True,
    history_writable=True,
    history_complete=True,
    limits_detail="max size 5 EURe",
    limit_problems=(),
    strategy_armed=True,
    shadow_decisions=3,
    min_shadow_decisions=3,
    key_registered=True,
    key_problem="",
    clock_usable=True,
    clock_detail="no error found; known to ±40 ms",
    salt_known=True,
    salt_age_ms=12_000,
    subscribed=True,
    relay_error="",
    previous_run_ms=0,
    hard_stop=False,
    refusals=4,
    max_refusals=5,
    last_refusal="invalid signature",
    unexplained_ms=0,
    unexplained_detail="difference 0",
    free_bytes=MIN_FREE_BYTES,
)
RUNBOOK = (
    "reference",
    "funds",
    "balances",
    "deposits",
    "history",
    "limits",
    "strategy",
    "shadow",
    "key",
    "clock",
    "salt",
    "relay",
    "former",
    "burning",
    "refusals",
    "proof",
    "disk",
)
Case = tuple[str, Mapping[str, object], str]
FAILURES: list[Case] = [
    ("reference", {"reference_usable": False, "reference_detail": "kraken is 90 bps from the median"}, "90 bps"),
    ("funds", {"available": None}, "not known"),
    ("funds", {"available": (("BTC", Decimal(0)), ("EURe", Decimal(-1)))}, "0 BTC, 0 EURe available"),
    ("balances", {"balances_age_ms": None, "balances_error": "no NEAR RPC answered"}, "not known yet: no NEAR RPC"),
    ("balances", {"balances_age_ms": 20_001, "balances_error": "HTTP 429"}, "20.0 s old: HTTP 429"),
    ("deposits", {"addresses": ("BTC",)}, "no deposit address for EURe"),
    ("deposits", {"pending_known": False}, "pending deposits unknown"),
    ("history", {"history_writable": False}, "cannot be written"),
    ("limits", {"limit_problems": ("min_edge_bps must be from 0 to 5000",)}, "min_edge_bps"),
    ("strategy", {"strategy_armed": False}, "not armed"),
    ("shadow", {"shadow_decisions": 2}, "2 actionable"),
    ("key", {"key_registered": None}, "not known yet"),
    ("key", {"key_registered": False, "key_problem": "ed25519:x is not registered for maker.near"}, "maker.near"),
    ("clock", {"clock_usable": False, "clock_detail": "60.0 s ahead of the venue's"}, "60.0 s ahead"),
    ("salt", {"salt_known": False}, "salt not known"),
    ("salt", {"salt_age_ms": None}, "salt not known"),
    ("salt", {"salt_age_ms": SALT_MAX_AGE_MS + 1}, "read 90 s ago"),
    ("relay", {"subscribed": False, "relay_error": "HTTP 401"}, "HTTP 401"),
    ("former", {"previous_run_ms": 41_500}, "another 42 s"),
    ("burning", {"hard_stop": True}, "hard stop"),
    ("refusals", {"refusals": 5}, "invalid signature"),
    ("proof", {"unexplained_ms": None}, "not reconciled yet"),
    (
        "proof",
        {"unexplained_ms": UNEXPLAINED_MAX_MS, "unexplained_detail": "7 base units of BTC unexplained"},
        "7 base",
    ),
    ("disk", {"free_bytes": None}, "unknown"),
    ("disk", {"free_bytes": MIN_FREE_BYTES - 1}, "255 MiB free"),
]
IDS = [f"{ident}-{index}" for index, (ident, _, _) in enumerate(FAILURES)]
GRACES: Mapping[str, int | None] = {
    "reference": STALE_GRACE_MS,
    "funds": None,
    "balances": STALE_GRACE_MS,
    "deposits": VENUE_GRACE_MS,
    "history": NO_GRACE_MS,
    "limits": NO_GRACE_MS,
    "strategy": NO_GRACE_MS,
    "shadow": None,
    "key": NO_GRACE_MS,
    "clock": CLOCK_GRACE_MS,
    "salt": STALE_GRACE_MS,
    "relay": RELAY_MS,
    "former": None,
    "burning": NO_GRACE_MS,
    "refusals": NO_GRACE_MS,
    "proof": NO_GRACE_MS,
    "disk": NO_GRACE_MS,
}


def listed(**changes: object) -> tuple[InterlockRow, ...]:
    return checklist(msgspec.structs.replace(PASSING, **changes))


def test_a_history_that_waits_in_the_journal_passes_and_shows_it() -> None:
    [row] = [one for one in listed(history_complete=False) if one.ident == "history"]
    assert (row.passed, row.measured) == (True, "writing to the journal; the database is unavailable")


def timer(relay_lost_ms: int = RELAY_MS) -> GraceTimer:
    return GraceTimer(configured(relay_lost_ms=relay_lost_ms))


def test_the_interlocks_are_in_the_order_of_the_runbook_and_all_can_pass() -> None:
    rows = listed()
    assert tuple(row.ident for row in rows) == RUNBOOK
    assert all(row.passed and row.measured and row.wanted and not row.remedy for row in rows)
    assert failing(rows, "SHADOW") == failing(rows, "LIVE") == ()


def test_the_amounts_of_the_funds_are_shown_to_the_last_digit() -> None:
    available = (("BTC", Decimal("0.50000001")), ("EURe", Decimal("25000.000000000000000001")))
    (row,) = [row for row in listed(available=available) if row.ident == "funds"]
    assert row.measured == "0.50000001 BTC, 25,000.000000000000000001 EURe available"


def test_every_interlock_has_a_case_that_fails_it() -> None:
    assert {ident for ident, _, _ in FAILURES} == set(RUNBOOK)


@pytest.mark.parametrize(("ident", "changes", "text"), FAILURES, ids=IDS)
def test_each_interlock_can_fail_alone_and_shows_what_it_measured(
    ident: str, changes: Mapping[str, object], text: str
) -> None:
    rows = listed(**changes)
    (failed,) = [row for row in rows if not row.passed]
    assert failed.ident == ident
    assert text in failed.measured
    assert failed.remedy
    assert len(failing(rows, "LIVE")) == 1
    assert len(failing(rows, "SHADOW")) == (failed.rung == "SHADOW")
    assert failing(rows, "LIVE", exclude=(ident,)) == ()


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
