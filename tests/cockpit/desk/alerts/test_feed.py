"""What waits to be told: bounded in any storm, and complete."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.alerts.feed import BATCH, AlertFeed
from cockpit.model.alerts.alert import ALERT_KINDS, MAX_SUBJECTS, MAX_TEXT
from cockpit.model.environment import Environment


def feed() -> AlertFeed:
    return AlertFeed(Environment(), configured=True)


def test_a_storm_of_alerts_is_summed_up_and_none_is_lost() -> None:
    one = feed()
    for number in range(20_000):
        one.note(ALERT_KINDS[number % len(ALERT_KINDS)], "warning", f"text {number}", subject=str(number % 1_000))
    assert one.unconfirmed <= len(ALERT_KINDS) * (MAX_SUBJECTS + 1)
    counted = 0
    while one.unconfirmed:
        seq, batch = one.batch
        assert len(batch) <= BATCH
        counted += sum(alert.count for alert in batch)
        one.confirmed(seq)
    assert counted == 20_000


def test_a_batch_stays_the_same_until_it_is_confirmed() -> None:
    one = feed()
    one.note("fault", "critical", "one")
    first = one.batch
    one.note("fault", "critical", "two")
    one.confirmed(first[0] - 1)
    assert one.batch == first
    one.confirmed(first[0])
    seq, (alert,) = one.batch
    assert (seq, alert.text) == (first[0] + 1, "two")


def test_without_a_file_of_alerts_nothing_is_kept() -> None:
    one = AlertFeed(Environment(), configured=False)
    one.note("fault", "critical", "one")
    one.note_many("fault", "critical", "one", 3)
    assert one.unconfirmed == 0
    assert not one.acknowledge("marie")


def test_texts_are_bounded_and_hold_nothing_that_a_terminal_acts_on() -> None:
    one = feed()
    one.note("fault", "critical", "\x1b[31m" + "x" * 10_000, subject="y" * 10_000)
    _, (alert,) = one.batch
    assert len(alert.text) == MAX_TEXT
    assert "\x1b" not in alert.text


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**6)), min_size=1, max_size=30))
def test_the_largest_fill_speaks_for_all(amounts: list[int | None]) -> None:
    one = feed()
    for amount in amounts:
        one.note("fill", "info", str(amount), amount_eure=None if amount is None else Decimal(amount))
    _, (alert,) = one.batch
    known = [amount for amount in amounts if amount is not None]
    assert alert.count == len(amounts)
    assert alert.amount_eure == (max(known) if known else None)
    assert alert.text == (str(max(known)) if known else "None")
