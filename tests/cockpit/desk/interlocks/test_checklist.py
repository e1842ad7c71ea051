"""Every line of the arming ladder can fail, says what it measured, and closes an open rung after its own grace."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.interlocks.checklist import (
    AT_ONCE,
    CLOCK_GRACE_MS,
    MIN_FREE_BYTES,
    PROOF_GRACE_MS,
    SALT_MAX_AGE_MS,
    STALE_GRACE_MS,
    VENUE_GRACE_MS,
    GraceTimer,
    checklist,
    closing,
    graces,
    red,
)
from cockpit.desk.interlocks.facts import InterlockFacts
from cockpit.model.snapshot import InterlockRow
from venue.protocol.units import NS_PER_MS

SYMBOLS = ("BTC", "EURe")
RELAY_MS = 30_000
GREEN = InterlockFacts(
    reference_usable=True,
    reference_told="60000 EUR, 20 ms old",
    spendable=(("BTC", Decimal("0.5")), ("EURe", Decimal(0))),
    balances_age_ms=1_200,
    balances_max_age_ms=20_000,
    balances_error="",
    handles=SYMBOLS,
    pending_known=True,
    history_writable=True,
    history_whole=True,
    limits_told="a quote moves at most 5 EURe",
    limit_problems=(),
    strategy_armed=True,
    shadow_decisions=3,
    shadow_wanted=3,
    key_registered=True,
    key_problem="",
    clock_usable=True,
    clock_told="within ±40 ms of the venue's",
    salt_known=True,
    salt_age_ms=12_000,
    subscribed=True,
    relay_told="",
    former_ms=0,
    burning=False,
    refusals=4,
    refusals_most=5,
    refusals_told="invalid signature",
    unexplained_ms=0,
    unexplained_told="difference 0",
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
    ("reference", {"reference_usable": False, "reference_told": "kraken is 90 bps from the median"}, "90 bps"),
    ("funds", {"spendable": None}, "not known"),
    ("funds", {"spendable": (("BTC", Decimal(0)), ("EURe", Decimal(-1)))}, "0 BTC, 0 EURe spendable"),
    ("balances", {"balances_age_ms": None, "balances_error": "no NEAR RPC answered"}, "not known yet: no NEAR RPC"),
    ("balances", {"balances_age_ms": 20_001, "balances_error": "HTTP 429"}, "20.0 s old: HTTP 429"),
    ("deposits", {"handles": ("BTC",)}, "no deposit address of EURe"),
    ("deposits", {"pending_known": False}, "pending deposits not known"),
    ("history", {"history_writable": False}, "cannot be written"),
    ("limits", {"limit_problems": ("min_edge_bps must be from 0 to 5000",)}, "min_edge_bps"),
    ("strategy", {"strategy_armed": False}, "not armed"),
    ("shadow", {"shadow_decisions": 2}, "2 actionable"),
    ("key", {"key_registered": None}, "not known yet"),
    ("key", {"key_registered": False, "key_problem": "ed25519:x is not registered for maker.near"}, "maker.near"),
    ("clock", {"clock_usable": False, "clock_told": "60.0 s ahead of the venue's"}, "60.0 s ahead"),
    ("salt", {"salt_known": False}, "salt is not known"),
    ("salt", {"salt_age_ms": None}, "salt is not known"),
    ("salt", {"salt_age_ms": SALT_MAX_AGE_MS + 1}, "read 90 s ago"),
    ("relay", {"subscribed": False, "relay_told": "HTTP 401"}, "HTTP 401"),
    ("former", {"former_ms": 41_500}, "another 42 s"),
    ("burning", {"burning": True}, "hard stop"),
    ("refusals", {"refusals": 5}, "invalid signature"),
    ("proof", {"unexplained_ms": None}, "not known yet"),
    ("proof", {"unexplained_ms": PROOF_GRACE_MS, "unexplained_told": "7 base units of BTC unexplained"}, "7 base"),
    ("disk", {"free_bytes": None}, "unknown"),
    ("disk", {"free_bytes": MIN_FREE_BYTES - 1}, "255 MiB free"),
]
IDS = [f"{ident}-{index}" for index, (ident, _, _) in enumerate(FAILURES)]
GRACES: Mapping[str, int | None] = {
    "reference": STALE_GRACE_MS,
    "funds": None,
    "balances": STALE_GRACE_MS,
    "deposits": VENUE_GRACE_MS,
    "history": AT_ONCE,
    "limits": AT_ONCE,
    "strategy": AT_ONCE,
    "shadow": None,
    "key": AT_ONCE,
    "clock": CLOCK_GRACE_MS,
    "salt": STALE_GRACE_MS,
    "relay": RELAY_MS,
    "former": None,
    "burning": AT_ONCE,
    "refusals": AT_ONCE,
    "proof": AT_ONCE,
    "disk": AT_ONCE,
}


def listed(**changes: object) -> tuple[InterlockRow, ...]:
    return checklist(msgspec.structs.replace(GREEN, **changes), symbols=SYMBOLS)


def test_a_history_that_waits_in_the_journal_is_green_and_says_so() -> None:
    [row] = [one for one in listed(history_whole=False) if one.ident == "history"]
    assert (row.passed, row.measured) == (True, "to the journal, the database is away")


def ladder(relay_lost_ms: int = RELAY_MS) -> GraceTimer:
    return GraceTimer(graces(relay_lost_ms=relay_lost_ms))


def test_the_lines_stand_in_the_order_of_the_runbook_and_all_can_be_green() -> None:
    rows = listed()
    assert tuple(row.ident for row in rows) == RUNBOOK
    assert all(row.passed and row.measured and row.wanted and not row.remedy for row in rows)
    assert red(rows, "SHADOW") == red(rows, "LIVE") == ()


def test_the_amounts_of_the_funds_are_shown_to_the_last_digit() -> None:
    spendable = (("BTC", Decimal("0.50000001")), ("EURe", Decimal("25000.000000000000000001")))
    (row,) = [row for row in listed(spendable=spendable) if row.ident == "funds"]
    assert row.measured == "0.50000001 BTC, 25,000.000000000000000001 EURe spendable"


def test_every_line_has_a_case_that_fails_it() -> None:
    assert {ident for ident, _, _ in FAILURES} == set(RUNBOOK)


@pytest.mark.parametrize(("ident", "changes", "said"), FAILURES, ids=IDS)
def test_each_line_can_fail_alone_and_says_what_it_measured(
    ident: str, changes: Mapping[str, object], said: str
) -> None:
    rows = listed(**changes)
    (failed,) = [row for row in rows if not row.passed]
    assert failed.ident == ident
    assert said in failed.measured
    assert failed.remedy
    assert len(red(rows, "LIVE")) == 1
    assert len(red(rows, "SHADOW")) == (failed.rung == "SHADOW")
    assert red(rows, "LIVE", but=(ident,)) == ()


@pytest.mark.parametrize("rung", ["SHADOW", "LIVE"])
@pytest.mark.parametrize(("ident", "changes", "said"), FAILURES, ids=IDS)
def test_each_red_line_closes_the_rungs_it_guards_after_its_grace(
    rung: Literal["SHADOW", "LIVE"], ident: str, changes: Mapping[str, object], said: str
) -> None:
    rows, watched = listed(**changes), ladder()
    (failed,) = [row for row in rows if not row.passed]
    grace_ms = GRACES[ident]
    binds = grace_ms is not None and (rung == "LIVE" or failed.rung == "SHADOW")
    begin = watched.judge(rows, rung, 0)
    if not binds or grace_ms is None:
        assert closing(watched.judge(rows, rung, 10**9 * NS_PER_MS)) is None
        return
    assert {row.grace_left_ms for row in begin if row.ident == ident} == {grace_ms}
    if grace_ms:
        assert closing(watched.judge(rows, rung, grace_ms * NS_PER_MS - 1)) is None
    due = closing(watched.judge(rows, rung, grace_ms * NS_PER_MS))
    assert due is not None
    assert (due.ident, due.grace_left_ms) == (ident, 0)
    assert said in due.measured


def test_a_line_that_was_green_in_between_gets_its_whole_grace_again() -> None:
    watched, rows = ladder(), listed(salt_known=False)
    watched.judge(rows, "LIVE", 0)
    watched.judge(listed(), "LIVE", 9_000 * NS_PER_MS)
    assert closing(watched.judge(rows, "LIVE", 11_000 * NS_PER_MS)) is None
    assert closing(watched.judge(rows, "LIVE", 21_000 * NS_PER_MS)) is not None


def test_a_clock_that_was_stepped_gets_no_grace_and_one_that_is_right_again_keeps_its_rung() -> None:
    watched, rows = ladder(), listed(clock_usable=False)
    watched.without_grace("clock", 0)
    due = closing(watched.judge(rows, "LIVE", 0))
    assert due is not None
    assert due.ident == "clock"
    watched.without_grace("clock", 1)
    assert closing(watched.judge(listed(), "LIVE", 1)) is None
    assert closing(watched.judge(rows, "LIVE", 2)) is None


def test_nothing_closes_while_nothing_is_open() -> None:
    rows = ladder().judge(listed(history_writable=False, free_bytes=0), "SAFE", 0)
    assert closing(rows) is None
    assert all(row.grace_left_ms is None for row in rows)


def test_a_lost_relay_never_disarms_when_the_setting_says_so() -> None:
    watched, rows = ladder(relay_lost_ms=0), listed(subscribed=False)
    watched.judge(rows, "LIVE", 0)
    assert closing(watched.judge(rows, "LIVE", 10**15)) is None


def test_a_line_of_shadow_closes_before_one_of_live() -> None:
    due = closing(ladder().judge(listed(free_bytes=0, limit_problems=("no",)), "LIVE", 0))
    assert due is not None
    assert due.ident == "limits"
    due = closing(ladder().judge(listed(history_writable=False, limit_problems=("no",)), "LIVE", 0))
    assert due is not None
    assert due.ident == "limits"


@given(st.lists(st.tuples(st.sampled_from(FAILURES), st.integers(0, 40_000)), max_size=30))
def test_a_rung_never_outlives_a_line_that_stayed_red_for_its_grace(steps: list[tuple[Case, int]]) -> None:
    watched, now = ladder(), 0
    for (ident, changes, _), step_ms in steps:
        rows = listed(**changes)
        watched.judge(rows, "LIVE", now)
        now += step_ms * NS_PER_MS
        due = closing(watched.judge(rows, "LIVE", now))
        grace_ms = GRACES[ident]
        if grace_ms is None:
            assert due is None
        elif step_ms >= grace_ms:
            assert due is not None
            assert due.ident == ident
