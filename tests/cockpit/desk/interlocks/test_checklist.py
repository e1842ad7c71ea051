"""Every interlock can fail alone and shows what it measured."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec
import pytest

from cockpit.desk.interlocks.checklist import (
    checklist,
    failing,
)
from cockpit.desk.interlocks.measures import MIN_FREE_BYTES, SALT_MAX_AGE_MS, UNEXPLAINED_MAX_MS, InterlockFacts
from cockpit.model.snapshot import InterlockRow

SYMBOLS = ("BTC", "EURe")
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


def listed(**changes: object) -> tuple[InterlockRow, ...]:
    return checklist(msgspec.structs.replace(PASSING, **changes))


def test_a_history_that_waits_in_the_journal_passes_and_shows_it() -> None:
    [row] = [one for one in listed(history_complete=False) if one.ident == "history"]
    assert (row.passed, row.measured) == (True, "writing to the journal; the database is unavailable")


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
