"""Every interlock can fail alone and shows what it measured."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from cockpit.desk.interlocks.checklist import (
    checklist,
    failing,
)
from cockpit.desk.interlocks.measures import MIN_FREE_BYTES, SALT_MAX_AGE_MS, UNEXPLAINED_MAX_MS
from cockpit.desk.risk.committed_flow import FlowSeen
from cockpit.desk.risk.venue_access import Known
from cockpit.model.alarms import AlarmRow, AlarmSourceRow, AlarmsState
from cockpit.model.snapshot import InterlockRow
from tests.support.desk.interlock_facts import PASSING
from tests.support.desk.open_venue import OPEN_VENUE
from venue.protocol.units import NS_PER_S
from venue.verifier import PAUSED

OURS = AlarmRow(source="SHIELD", subject="chain gnosis", effect="disarms", reason="touches what this desk uses")
RUNBOOK = (
    "reference",
    "funds",
    "balances",
    "deposits",
    "listed",
    "history",
    "limits",
    "committed_limit",
    "strategy",
    "shadow",
    "key",
    "locked",
    "paused",
    "transaction_route",
    "api_key",
    "api_key_end",
    "clock",
    "salt",
    "relay",
    "former",
    "burning",
    "refusals",
    "proof",
    "alarms",
    "disk",
)
Case = tuple[str, Mapping[str, object], str]
NEVER_FAILS = ("transaction_route", "committed_limit")
DAY_MS = 86_400_000


def flow(*, needed: int | None, tried: int = 30, refused: int = 0) -> Mapping[str, object]:
    """The facts of requests like these."""
    return {"flow": FlowSeen(requests=30, needed=needed, tried=tried, refused=refused)}


def venue(**changes: object) -> Mapping[str, object]:
    """The facts of a venue that is open but for these changes."""
    return {"venue": msgspec.structs.replace(OPEN_VENUE, **changes)}


def answered(value: object = None, *, age_ms: int = 1_000, problem: str = "") -> Known[object]:
    return Known(value=value, age_ms=age_ms, problem=problem)


def unread(value: object) -> Known[object]:
    """An answer that is too old."""
    return answered(value, age_ms=185_001, problem="no NEAR RPC answered")


NEVER = Known[bool](problem="HTTP 500")
ABSENT = Known[bool](absent=True, age_ms=1_000)


def token(left_ms: int) -> Mapping[str, object]:
    return venue(token_end_ns=1_796_205_600 * NS_PER_S, token_left_ms=left_ms)


FAILURES: list[Case] = [
    ("reference", {"reference_usable": False, "reference_detail": "kraken is 90 bps from the median"}, "90 bps"),
    ("funds", {"available": None}, "not known"),
    ("funds", {"available": (("BTC", Decimal(0)), ("EURe", Decimal(-1)))}, "0 BTC, 0 EURe available"),
    ("balances", {"balances_age_ms": None, "balances_error": "no NEAR RPC answered"}, "not known yet: no NEAR RPC"),
    ("balances", {"balances_age_ms": 20_001, "balances_error": "HTTP 429"}, "20.0 s old: HTTP 429"),
    ("deposits", {"addresses": ("BTC",)}, "no deposit address for EURe"),
    ("deposits", {"pending_known": False}, "pending deposits unknown"),
    ("history", {"history_writable": False}, "cannot be written"),
    ("history", {"history_writable": False, "history_problem": "81 of 100 events wait"}, "81 of 100 events wait"),
    ("limits", {"limit_problems": ("min_edge_bps must be from 0 to 5000",)}, "min_edge_bps"),
    ("strategy", {"strategy_armed": False}, "not armed"),
    ("shadow", {"shadow_decisions": 2}, "2 of 3 actionable decisions"),
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
        {
            "unexplained_ms": UNEXPLAINED_MAX_MS,
            "unexplained_detail": "-70 base units of BTC unexplained",
            "missing": Decimal("0.011"),
        },
        "-70 base",
    ),
    ("proof", {"unexplained_ms": UNEXPLAINED_MAX_MS, "unexplained_detail": "-1 base", "missing": None}, "-1 base"),
    ("listed", venue(unlisted=answered(("BTC", "EURe"))), "no longer lists BTC, EURe"),
    ("listed", venue(unlisted=NEVER), "not known yet: HTTP 500"),
    ("locked", venue(locked=answered(True)), "locked the account"),
    ("locked", venue(locked=NEVER), "not known yet: HTTP 500"),
    ("locked", venue(locked=unread(False)), "unknown for 185 s: no NEAR RPC answered"),
    ("paused", venue(paused=answered(("ALL",))), "paused: ALL"),
    ("paused", venue(paused=answered(("ft_withdraw", "nft_withdraw"))), "paused: ft_withdraw"),
    ("paused", venue(paused=answered(("a_new_feature",))), "paused: a_new_feature"),
    ("paused", venue(paused=NEVER), "not known yet: HTTP 500"),
    ("paused", venue(paused=unread(())), "unknown for 185 s"),
    ("paused", venue(pause_seen="a quote was refused"), f"a quote was refused: {PAUSED}"),
    ("api_key", venue(key_accepted=answered(False, problem="HTTP 401")), "not accepted by the RPC (HTTP 401)"),
    ("api_key", venue(key_accepted=NEVER), "not known yet: HTTP 500"),
    ("api_key", venue(key_accepted=unread(True)), "unknown for 185 s"),
    ("api_key_end", token(0), "ended on 2026-12-02 10:00 UTC"),
    ("api_key_end", token(-DAY_MS), "ended on 2026-12-02 10:00 UTC"),
    ("api_key_end", token(600_000), "ends on 2026-12-02 10:00 UTC, in 10 min"),
    ("alarms", {"alarms": AlarmsState(rows=(OURS,))}, "SHIELD: chain gnosis (touches what this desk uses)"),
    ("alarms", {"alarms": AlarmsState(rows=(OURS,) * 20, more=5)}, "; and 24 more"),
    ("alarms", {"alarms": AlarmsState(sources=(AlarmSourceRow(source="SHIELD"),))}, "SHIELD not read yet"),
    ("disk", {"free_bytes": None}, "unknown"),
    ("disk", {"free_bytes": MIN_FREE_BYTES - 1}, "255 MiB free"),
]
WARNINGS: list[Case] = [
    ("listed", venue(unlisted=answered((), age_ms=900_000, problem="HTTP 500")), "all listed 900 s ago; HTTP 500"),
    ("locked", venue(locked=ABSENT), "does not say"),
    ("paused", venue(paused=ABSENT), "does not say"),
    ("transaction_route", venue(predecessor=answered(False)), "by transaction are closed, by intent open"),
    ("transaction_route", venue(predecessor=ABSENT), "does not say"),
    ("transaction_route", venue(predecessor=NEVER), "not known yet: HTTP 500"),
    ("transaction_route", venue(predecessor=unread(True)), "unknown for 185 s"),
    ("api_key", venue(key_accepted=answered(True, age_ms=70_000, problem="timed out")), "70 s ago; timed out"),
    ("api_key_end", token(600_001), "in 10 min"),
    ("committed_limit", flow(needed=175 * 10**18 + 1), "limit 175 EURe; the last hour's requests need 175"),
    ("committed_limit", flow(needed=3_000 * 10**18), "the last hour's requests need 3,000"),
    ("committed_limit", flow(needed=0, tried=100, refused=6), "requests need 0; it refused 6 of 100"),
    ("committed_limit", flow(needed=None, tried=30, refused=2), "too few to judge; it refused 2 of 30"),
    ("api_key_end", token(5 * 3_600_000), "in 5 h"),
    ("api_key_end", token(7 * DAY_MS), "ends on 2026-12-02 10:00 UTC, in 7 days"),
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


@pytest.mark.parametrize(
    "facts", [flow(needed=175 * 10**18), flow(needed=0, tried=100, refused=5), flow(needed=None, tried=29, refused=29)]
)
def test_a_committed_limit_that_suits_the_requests_does_not_warn(facts: Mapping[str, object]) -> None:
    [row] = [one for one in listed(**facts) if one.ident == "committed_limit"]
    assert (row.passed, row.warning, row.remedy) == (True, False, "")


def test_the_amounts_of_the_funds_are_shown_to_the_last_digit() -> None:
    available = (("BTC", Decimal("0.50000001")), ("EURe", Decimal("25000.000000000000000001")))
    (row,) = [row for row in listed(available=available) if row.ident == "funds"]
    assert row.measured == "0.50000001 BTC, 25,000.000000000000000001 EURe available"


ANNOUNCED = AlarmRow(
    source="status page", subject="maintenance: x", effect="warns", reason="announced", starts_ns=1_800_000_000 * 10**9
)
OTHERS = AlarmRow(source="SHIELD", subject="chain sol", effect="shown", reason="touches others only")
READ = AlarmSourceRow(source="SHIELD", age_ms=35_000)
LOST = AlarmSourceRow(source="SHIELD", age_ms=95_000, unreadable_ms=61_000, problem="HTTP 500")


@pytest.mark.parametrize(
    ("state", "warning", "text"),
    [
        (AlarmsState(sources=(READ,)), False, "no alarms; SHIELD read 35s ago"),
        (AlarmsState(rows=(OTHERS,), more=3, sources=(READ,)), False, "4 alarms touch others only; SHIELD read "),
        (AlarmsState(rows=(ANNOUNCED,), sources=(READ,)), True, "starts 2027-01-15 08:00:00 UTC and then disarms"),
        (AlarmsState(sources=(LOST,)), True, "no alarms; SHIELD unreadable for 1m00s (read 1m35s ago): HTTP 500"),
        (AlarmsState(rows=(OTHERS,), sources=(READ,)), False, "1 alarm touches others only; SHIELD read "),
        (AlarmsState(rows=(ANNOUNCED,) * 20, more=9, sources=(READ,)), True, "; and 28 more; SHIELD read "),
        (AlarmsState(sources=(replace(LOST, age_ms=None),)), True, "SHIELD unreadable for 1m00s (never read): HTTP"),
        (AlarmsState(sources=(AlarmSourceRow(source="SHIELD", off=True),)), False, "SHIELD switched off"),
    ],
)
def test_what_only_warns_or_is_only_shown_passes(state: AlarmsState, warning: bool, text: str) -> None:
    (row,) = [row for row in listed(alarms=state) if row.ident == "alarms"]
    assert (row.passed, row.warning) == (True, warning)
    assert text in row.measured
    assert bool(row.remedy) == warning


def test_every_interlock_has_a_case_that_fails_it() -> None:
    assert {ident for ident, _, _ in FAILURES} == set(RUNBOOK) - set(NEVER_FAILS)


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


@pytest.mark.parametrize(("ident", "changes", "text"), WARNINGS)
def test_a_warning_says_what_to_do_and_closes_nothing(ident: str, changes: Mapping[str, object], text: str) -> None:
    rows = listed(**changes)
    (warned,) = [row for row in rows if row.warning]
    assert (warned.ident, warned.passed) == (ident, True)
    assert text in warned.measured
    assert warned.remedy
    assert failing(rows, "LIVE") == ()


@pytest.mark.parametrize(
    ("changes", "ident", "text"),
    [
        (venue(token_end_ns=None), "api_key_end", "unknown"),
        (token(7 * DAY_MS + 1), "api_key_end", "in 7 days"),
        (venue(paused=answered(("mt_transfer",))), "paused", "without effect here: mt_transfer"),
        (venue(locked=answered(False, age_ms=185_000, problem="HTTP 429")), "locked", "not locked"),
    ],
)
def test_what_is_harmless_passes_without_a_warning(changes: Mapping[str, object], ident: str, text: str) -> None:
    (row,) = [row for row in listed(**changes) if row.ident == ident]
    assert (row.passed, row.warning, row.remedy) == (True, False, "")
    assert text in row.measured


@pytest.mark.parametrize("missing", [Decimal(0), Decimal("0.01")])
def test_a_strangers_transfer_and_dust_that_is_missing_warn_and_do_not_close_live(missing: Decimal) -> None:
    """Anybody can send an account one base unit."""
    told = {"unexplained_ms": UNEXPLAINED_MAX_MS, "unexplained_detail": "+1 base units of BTC unexplained"}
    facts = replace(PASSING, **told, missing=missing)
    [row] = [one for one in checklist(facts) if one.ident == "proof"]
    assert (row.passed, row.warning, row.measured) == (True, True, "+1 base units of BTC unexplained")
    brief = replace(facts, unexplained_ms=UNEXPLAINED_MAX_MS - 1, missing=Decimal(5))
    [row] = [one for one in checklist(brief) if one.ident == "proof"]
    assert (row.passed, row.warning) == (True, False), "a settlement and its status arrive apart"
