"""Which alert is told when: once, repeats together, after quiet hours, again without an acknowledgement."""

from datetime import time

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cockpit.alerting.alert_book import AlertBook, Told, Topic
from cockpit.alerting.quiet_hours import QuietHours
from cockpit.alerting.rules import Rule
from cockpit.model.alerts.alert import ALERT_KINDS, MAX_SUBJECTS, SEVERITIES, Alert
from tests.cockpit.alerting.builders import DAY, MIN, NOON, S, alert, rule

NIGHT = QuietHours(start=time(23), end=time(7))
MIDNIGHT = NOON + 12 * 60 * MIN


def book(*rules: Rule) -> AlertBook:
    return AlertBook(rules or (rule(),), heading="[SANDBOX] maker.near")


def told(found: tuple[Told, ...]) -> list[tuple[tuple[str, ...], int]]:
    return [(one.to, one.message.count) for one in found]


def test_an_alert_is_told_at_once_and_only_once() -> None:
    one = book()
    one.add(alert())
    assert told(one.due(NOON)) == [(("phone",), 1)]
    assert one.due(NOON + DAY) == ()


def test_repeats_are_told_together_once_the_time_for_them_is_over() -> None:
    one = book()
    one.add(alert())
    one.due(NOON)
    for number in range(500):
        one.add(alert(at_ns=NOON + number * S))
    assert one.due(NOON + 10 * MIN - 1) == ()
    (message,) = (found.message for found in one.due(NOON + 10 * MIN))
    assert message.count == 500
    assert (message.first_ns, message.last_ns) == (NOON, NOON + 499 * S)


def test_another_kind_or_subject_is_not_held_back_by_the_first() -> None:
    one = book()
    one.add(alert(subject="history"))
    one.due(NOON)
    one.add(alert(subject="relay"))
    one.add(alert("disarm"))
    assert len(one.due(NOON + 1)) == 2


def test_a_rule_takes_its_kinds_its_severity_and_large_fills_only() -> None:
    one = book(rule(kinds=frozenset(("fill", "fault")), severity="info", fill_over=100))
    assert one.add(alert("disarm")) == 0
    assert one.add(alert("fill", "info", amount_eure=99)) == 0
    assert one.add(alert("fill", "info", amount_eure=100)) == 1
    # A fill without a price may be of any size.
    assert one.add(alert("fill", "info", amount_eure=None)) == 1
    assert book(rule(severity="critical")).add(alert(severity="warning")) == 0


def test_quiet_hours_hold_all_but_the_worst_back_and_then_tell_it() -> None:
    one = book(rule(quiet=NIGHT))
    one.add(alert("fill", "info", at_ns=MIDNIGHT))
    one.add(alert("fault", "critical", at_ns=MIDNIGHT))
    assert [found.message.severity for found in one.due(MIDNIGHT)] == ["critical"]
    assert one.due(MIDNIGHT + 7 * 60 * MIN - S) == ()
    (message,) = (found.message for found in one.due(MIDNIGHT + 7 * 60 * MIN))
    assert "quiet hours" in message.title


def test_what_nobody_acknowledged_is_told_to_others_once() -> None:
    one = book(rule(escalate_to=("mail",), escalate_ms=900_000))
    one.add(alert())
    one.due(NOON)
    assert one.unacknowledged == 1
    assert one.due(NOON + 15 * MIN - 1) == ()
    (found,) = one.due(NOON + 15 * MIN)
    assert found.to == ("mail",)
    assert "not acknowledged for 15 min" in found.message.title
    assert one.unacknowledged == 0
    assert one.due(NOON + DAY) == ()


def test_an_acknowledgement_stops_what_was_raised_before_it_and_nothing_newer() -> None:
    one = book(rule(escalate_to=("mail",), escalate_ms=900_000))
    one.add(alert(subject="old"))
    one.add(alert(subject="new", at_ns=NOON + 2 * S))
    one.due(NOON + 2 * S)
    one.acknowledge(NOON + S)
    assert [found.message.key for found in one.due(NOON + 16 * MIN)] == ["all/fault/new/escalated"]


def test_a_repeat_that_was_acknowledged_before_it_was_told_does_not_escalate() -> None:
    one = book(rule(escalate_to=("mail",), escalate_ms=60_000))
    one.add(alert())
    one.due(NOON)
    one.add(alert(at_ns=NOON + S))
    one.acknowledge(NOON + 2 * S)
    assert told(one.due(NOON + 10 * MIN)) == [(("phone",), 1)]
    assert one.due(NOON + DAY) == ()


def test_a_restart_forgets_neither_what_waits_nor_what_escalates() -> None:
    rules = rule(quiet=NIGHT, quiet_lets="critical", escalate_to=("mail",), escalate_ms=900_000)
    one = book(rules)
    one.add(alert(at_ns=MIDNIGHT))
    one.add(alert("fill", "info", at_ns=MIDNIGHT))
    one.due(MIDNIGHT)
    kept = msgspec.json.decode(msgspec.json.encode(one.topics), type=tuple[Topic, ...])
    again = book(rules)
    again.load(kept)
    assert [found.to for found in again.due(MIDNIGHT + 15 * MIN)] == [("mail",)]
    assert [found.message.key for found in again.due(MIDNIGHT + 7 * 60 * MIN)] == ["all/fill/"]


def test_what_a_removed_rule_had_not_told_goes_by_the_rules_that_are_left() -> None:
    one = book(rule("old", quiet=NIGHT))
    one.add(alert("fill", "info", at_ns=MIDNIGHT))
    one.due(MIDNIGHT)
    again = book(rule("new"))
    again.load(one.topics)
    assert [found.message.rule for found in again.due(MIDNIGHT)] == ["new"]


def test_a_clock_that_is_set_back_delays_nothing() -> None:
    one = book(rule(escalate_to=("mail",), escalate_ms=900_000))
    one.add(alert())
    one.due(NOON)
    one.add(alert())
    assert {found.to for found in one.due(NOON - DAY)} == {("phone",), ("mail",)}


alerts = st.builds(
    alert,
    st.sampled_from(ALERT_KINDS),
    st.sampled_from(SEVERITIES),
    subject=st.sampled_from(("", *(f"s{number}" for number in range(MAX_SUBJECTS + 20)))),
)
steps = st.lists(st.tuples(st.integers(0, 40), st.lists(alerts, max_size=5)), max_size=25)


@given(steps, st.integers(0, 30), st.booleans())
def test_every_alert_is_told_exactly_once_and_repeats_keep_their_distance(
    steps: list[tuple[int, list[Alert]]], repeat_min: int, quiet: bool
) -> None:
    rules = rule(repeat_ms=repeat_min * 60_000, quiet=NIGHT if quiet else None)
    one, now, raised, found = book(rules), NOON, 0, 0
    last: dict[str, int] = {}
    for minutes, some in steps:
        now += minutes * MIN
        for each in some:
            one.add(each)
            raised += 1
        for message in (item.message for item in one.due(now)):
            assert now - last.get(message.key, 0) >= repeat_min * MIN
            assert not quiet or message.severity == "critical" or not NIGHT.contain(now)
            last[message.key] = now
            found += message.count
    found += sum(item.message.count for item in one.due(now + DAY - (now - NOON) % DAY))
    assert found == raised
    assert len(one.topics) <= len(ALERT_KINDS) * (MAX_SUBJECTS + 1)


@given(st.lists(st.tuples(st.integers(0, 20), st.booleans(), st.booleans()), max_size=40))
def test_an_alert_escalates_if_and_only_if_nobody_acknowledged_it_in_time(steps: list[tuple[int, bool, bool]]) -> None:
    one = book(rule(repeat_ms=0, escalate_to=("mail",), escalate_ms=600_000))
    now, open_since = NOON, None
    for minutes, raises, acknowledges in steps:
        now += minutes * MIN + 1
        escalated = [item for item in one.due(now) if item.to == ("mail",)]
        assert bool(escalated) == (open_since is not None and now - open_since >= 10 * MIN)
        open_since = None if escalated else open_since
        if raises:
            one.add(alert(at_ns=now))
            one.due(now)
            open_since = now if open_since is None else open_since
        if acknowledges:
            one.acknowledge(now)
            open_since = None
