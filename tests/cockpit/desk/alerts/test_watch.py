"""What two readings of the desk tell: each kind of event once, and nothing that was so before."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from cockpit.desk.alerts.facts import DeskFacts, TransferFact
from cockpit.desk.alerts.feed import AlertFeed
from cockpit.desk.alerts.watch import DAY_NS, DOWN_NS, RELAY_LOST_NS, AlertWatch
from cockpit.desk.interlocks.checklist import checklist
from cockpit.desk.risk.venue_access import VenueFacts
from cockpit.model.alerts.alert import Alert
from cockpit.model.environment import Environment
from cockpit.model.snapshot import FillRow, InterlockRow
from tests.support.desk.interlock_facts import PASSING

NOW = 20_000 * DAY_NS


class Watched:
    def __init__(self) -> None:
        self.feed = AlertFeed(Environment(), configured=True)
        self.watch = AlertWatch(self.feed)
        self.at_ns = NOW

    def look(self, facts: DeskFacts, *, after_ns: int = 10**9) -> list[Alert]:
        self.at_ns += after_ns
        self.watch.look(facts, wall_ns=self.at_ns, monotonic_ns=self.at_ns)
        seq, alerts = self.feed.batch
        self.feed.confirmed(seq)
        return list(alerts)

    def tells(self, facts: DeskFacts, *, after_ns: int = 10**9) -> list[tuple[str, str]]:
        return [(one.kind, one.severity) for one in self.look(facts, after_ns=after_ns)]


def row(
    ident: str, measured: str, *, passed: bool = True, warning: bool = False, unknown: bool = False
) -> InterlockRow:
    return InterlockRow(
        ident=ident,
        rung="LIVE",
        name=ident,
        passed=passed,
        measured=measured,
        wanted="",
        warning=warning,
        unknown=unknown,
    )


def transfer(state: str, text: str) -> TransferFact:
    return TransferFact(state, lambda: text)


def fill(amount: int, price: str = "90000") -> FillRow:
    return FillRow(
        quote_hash=str(amount),
        quote_id="q",
        age_ms=0,
        side="buy",
        base_amount=Decimal("0.001"),
        quote_amount=Decimal(amount),
        price=Decimal(price),
        edge_bps=None,
        confirmed=True,
        tx_hash="",
    )


CALM = DeskFacts(deposits={})
CHANGES: tuple[tuple[dict[str, Any], tuple[str, str]], ...] = (
    ({"trading": "HALTED", "loss_halt": "the day's fills lost 6 EURe"}, ("loss_limit", "critical")),
    ({"trading": "HALTED", "trading_why": "60 fills within the hour"}, ("halt", "critical")),
    ({"trading": "REDUCING", "trading_why": "BTC is 92 %"}, ("halt", "warning")),
    ({"history_problem": "the disk is full"}, ("fault", "critical")),
    ({"exceptions": 3}, ("fault", "critical")),
    ({"unmade_texts": 2}, ("fault", "warning")),
    ({"restarts": {"relay": 1}, "errors": {"relay": "OSError"}}, ("fault", "warning")),
    ({"rows": {"proof": row("proof", "-3 base units", passed=False)}}, ("difference", "critical")),
    ({"rows": {"proof": row("proof", "+3 base units", warning=True)}}, ("difference", "critical")),
    ({"rows": {"api_key_end": row("api_key_end", "ends in 6 days", warning=True)}}, ("key", "warning")),
    ({"rows": {"api_key_end": row("api_key_end", "ended", passed=False)}}, ("key", "critical")),
    ({"rows": {"api_key": row("api_key", "not accepted", passed=False)}}, ("key", "critical")),
    ({"withdrawals": {"w": transfer("completed", "withdrawal completed")}}, ("withdrawal", "info")),
    ({"withdrawals": {"w": transfer("failed", "withdrawal failed")}}, ("withdrawal", "critical")),
    ({"withdrawals": {"w": transfer("unknown", "withdrawal unknown")}}, ("withdrawal", "warning")),
    ({"deposits": {"d": transfer("CREDITED", "deposit credited")}}, ("deposit", "info")),
    ({"deposits": {"d": transfer("FAILED", "deposit failed")}}, ("deposit", "critical")),
    ({"settled": 1, "fills": (fill(90),)}, ("fill", "info")),
)


@pytest.mark.parametrize(("change", "alert"), CHANGES)
def test_what_happens_is_told_once(change: dict[str, Any], alert: tuple[str, str]) -> None:
    watched = Watched()
    assert watched.tells(CALM) == []
    after = msgspec.structs.replace(CALM, **change)
    assert watched.tells(after) == [alert]
    assert watched.tells(msgspec.structs.replace(after, fills=())) == []


def test_what_was_so_before_the_start_is_told_only_where_it_still_holds() -> None:
    old = {
        "settled": 100,
        "withdrawals": {"w": transfer("failed", "")},
        "deposits": {"d": transfer("CREDITED", "")},
    }
    assert Watched().tells(msgspec.structs.replace(CALM, **old)) == []
    assert Watched().tells(msgspec.structs.replace(CALM, trading="HALTED", loss_halt="lost")) == [
        ("loss_limit", "critical")
    ]


def test_a_lost_relay_is_told_after_a_while_and_its_return_too() -> None:
    watched, lost = Watched(), msgspec.structs.replace(CALM, relay_connected=False, armed=True)
    assert watched.tells(lost) == []
    assert watched.tells(lost, after_ns=RELAY_LOST_NS) == [("relay", "critical")]
    assert watched.tells(lost, after_ns=RELAY_LOST_NS) == []
    assert watched.tells(CALM) == [("relay", "info")]
    assert watched.tells(lost) == []
    assert watched.tells(CALM) == []


def test_a_part_that_stays_down_is_a_fault_whatever_its_detail_says() -> None:
    watched = Watched()
    assert watched.tells(msgspec.structs.replace(CALM, down=("inventory-sync: 1 s old",))) == []
    down = msgspec.structs.replace(CALM, down=("inventory-sync: 70 s old",))
    assert watched.tells(down, after_ns=DOWN_NS) == [("fault", "warning")]
    assert watched.tells(down, after_ns=DOWN_NS) == []
    assert watched.feed.problem == "inventory-sync: 70 s old"
    watched.look(CALM)
    assert watched.feed.problem == ""


def test_the_end_of_a_key_is_told_again_every_day() -> None:
    watched = Watched()
    ends = msgspec.structs.replace(CALM, rows={"api_key_end": row("api_key_end", "in 5 days", warning=True)})
    assert watched.tells(ends) == [("key", "warning")]
    assert watched.tells(ends, after_ns=DAY_NS // 2) == []
    assert watched.tells(ends, after_ns=DAY_NS // 2) == [("key", "warning")]


def test_what_is_not_known_yet_is_no_alert() -> None:
    """A desk that has just started has neither read its balances nor an answer to its key."""
    facts = replace(PASSING, unexplained_ms=None, venue=VenueFacts())
    rows = {one.ident: one for one in checklist(facts)}
    assert not any(rows[ident].passed for ident in ("proof", "api_key"))
    assert Watched().tells(msgspec.structs.replace(CALM, rows=rows)) == []


def test_a_difference_is_told_once_also_where_it_was_not_known_for_a_while() -> None:
    watched = Watched()

    def proof(measured: str, *, passed: bool, unknown: bool = False) -> DeskFacts:
        found = row("proof", measured, passed=passed, unknown=unknown)
        return msgspec.structs.replace(CALM, rows={"proof": found})

    lost = proof("-3 base units", passed=False)
    assert watched.tells(lost) == [("difference", "critical")]
    assert watched.tells(proof("not reconciled yet", passed=False, unknown=True)) == []
    assert watched.tells(lost) == []
    assert watched.tells(proof("0", passed=True)) == []
    assert watched.tells(lost) == [("difference", "critical")]


def test_a_list_of_deposits_that_was_gone_for_a_while_hides_none() -> None:
    watched = Watched()
    watched.look(CALM)
    assert watched.tells(msgspec.structs.replace(CALM, deposits=None)) == []
    credited = msgspec.structs.replace(CALM, deposits={"d": transfer("CREDITED", "")})
    assert watched.tells(credited) == [("deposit", "info")]


def test_more_fills_than_the_desk_lists_are_counted() -> None:
    watched = Watched()
    watched.look(CALM)
    (alert,) = watched.look(msgspec.structs.replace(CALM, settled=1_000, fills=(fill(5), fill(90), fill(7))))
    assert (alert.count, alert.amount_eure) == (1_000, Decimal(90))
    assert "0.001" in alert.text
