"""Messages that wait for a target: merged, retried, given up, and never lost."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.alerting.delivery.outbox import MOST_WAITING, NS_PER_S, Outbox, Patience
from cockpit.alerting.message import AlertMessage

PATIENCE = Patience(first_retry_s=5, last_retry_s=60, give_up_s=300)


def message(key: str = "a", count: int = 1, queued_ns: int = 0) -> AlertMessage:
    return AlertMessage(
        rule="all",
        key=key,
        severity="critical",
        title="title",
        text=key,
        count=count,
        first_ns=0,
        last_ns=0,
        queued_ns=queued_ns,
    )


def test_messages_of_one_key_are_merged_while_they_wait() -> None:
    box = Outbox("phone", PATIENCE)
    for _ in range(1_000):
        box.put(message())
    assert [one.count for one in box.messages] == [1_000]


def test_only_one_is_sent_at_a_time_and_a_failure_is_tried_again_later_and_later() -> None:
    box = Outbox("phone", PATIENCE)
    box.put(message())
    now, waits = 0, []
    for _ in range(5):
        start = now
        while box.take(now) is None:
            now += NS_PER_S
        waits.append((now - start) // NS_PER_S)
        assert box.take(now) is None
        box.failed("refused", monotonic_ns=now, wall_ns=0)
    assert waits == [0, 5, 10, 20, 40]


def test_a_message_that_always_fails_does_not_hold_up_the_others() -> None:
    box = Outbox("phone", PATIENCE)
    box.put(message("bad"))
    box.put(message("good"))
    assert box.take(0) == message("bad")
    box.failed("refused", monotonic_ns=0, wall_ns=0)
    assert box.take(5 * NS_PER_S) == message("good")


def test_what_has_waited_too_long_is_given_up_with_its_count_and_the_reason() -> None:
    box = Outbox("phone", PATIENCE)
    box.put(message(count=7))
    box.take(0)
    box.failed("refused", monotonic_ns=0, wall_ns=300 * NS_PER_S)
    (row,) = box.undelivered
    assert (row.count, row.reason, row.target) == (7, "refused", "phone")
    assert box.messages == ()


def test_what_arrives_late_is_not_sent_again() -> None:
    box = Outbox("phone", PATIENCE)
    box.put(message())
    sent = box.take(0)
    assert sent is not None
    box.failed("no answer", monotonic_ns=0, wall_ns=0)
    box.arrived_late(sent)
    assert box.messages == ()


operations = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 300)),
        st.tuples(st.just("deliver"), st.just(0)),
        st.tuples(st.just("fail"), st.integers(0, 400)),
    ),
    max_size=400,
)


@given(operations)
def test_whatever_a_target_does_no_alert_is_lost_and_nothing_grows(steps: list[tuple[str, int]]) -> None:
    box, now, put, delivered = Outbox("phone", PATIENCE), 0, 0, 0
    for what, number in steps:
        now += 60 * NS_PER_S
        if what == "put":
            box.put(message(f"k{number}", queued_ns=now))
            put += 1
        elif (taken := box.take(now)) is not None:
            if what == "deliver":
                delivered += taken.count
                box.delivered()
            else:
                box.failed("refused", monotonic_ns=now, wall_ns=now)
        waiting = sum(one.count for one in box.messages)
        assert put == delivered + waiting + sum(row.count for row in box.undelivered)
        assert len(box.messages) <= MOST_WAITING + 1
