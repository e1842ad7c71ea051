import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.risk.operators import KEPT, WATCHED_NS, Operators
from cockpit.model.commands import MAX_KEY_AGE_MS, MAX_SEQ, OperatorReport
from cockpit.model.environment import Environment
from tests.support.desk.builders import Clock
from venue.protocol.units import NS_PER_MS


class Seen:
    """One attached cockpit and its clock."""

    def __init__(self) -> None:
        self.clock = Clock(0)
        self.operators = Operators(Environment(monotonic_ns=self.clock))
        self.cockpit = self.operators.attach()

    def report(self, painted: int | None, key_age_ms: int | None = None) -> None:
        self.cockpit.report(OperatorReport(painted=painted, key_age_ms=key_age_ms))


def test_an_attached_cockpit_is_not_watched_until_it_has_painted() -> None:
    seen = Seen()
    seen.cockpit.sent(1)
    assert (seen.operators.attached, seen.operators.watched) == (1, 0)
    seen.report(None, key_age_ms=0)
    assert (seen.operators.watched, seen.operators.sign_age_ms()) == (0, None)
    seen.report(1)
    assert seen.operators.watched == 1
    seen.operators.detach(seen.cockpit)
    assert (seen.operators.attached, seen.operators.watched) == (0, 0)


def test_a_picture_that_stays_is_soon_nobody_however_often_it_is_reported() -> None:
    seen = Seen()
    seen.cockpit.sent(1)
    for seq in range(2, 15):
        seen.report(1, key_age_ms=0)
        assert seen.operators.watched == 1
        seen.clock.pass_ms(1_000)
        seen.cockpit.sent(seq)
    sign_ns = seen.operators.sign_ns
    seen.report(1, key_age_ms=0)
    assert (seen.operators.watched, seen.operators.sign_ns) == (0, sign_ns)
    seen.report(14)
    assert seen.operators.watched == 1


def test_a_number_that_was_never_sent_counts_for_nothing() -> None:
    seen = Seen()
    seen.cockpit.sent(7)
    for painted in (0, 6, 8, MAX_SEQ):
        seen.report(painted, key_age_ms=0)
    assert (seen.operators.watched, seen.operators.sign_ns) == (0, None)


def test_what_was_sent_to_another_cockpit_counts_for_nothing() -> None:
    seen = Seen()
    other = seen.operators.attach()
    other.sent(1)
    seen.report(1)
    assert seen.operators.watched == 0


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(0, 400), st.none() | st.integers(0, MAX_KEY_AGE_MS))))
def test_whatever_is_reported_only_a_snapshot_lately_sent_counts(
    steps: list[tuple[int, int, int | None]],
) -> None:
    seen = Seen()
    sent: dict[int, int] = {}
    newest_ns = None
    for seq, (wait_ms, painted, key_age_ms) in enumerate(steps):
        seen.clock.pass_ms(wait_ms)
        seen.cockpit.sent(seq)
        sent[seq] = seen.clock()
        at_ns = sent.get(painted)
        if at_ns is not None and painted > seq - KEPT:
            newest_ns = at_ns if newest_ns is None else max(newest_ns, at_ns)
        seen.report(painted, key_age_ms)
        watched = newest_ns is not None and seen.clock() - newest_ns <= WATCHED_NS
        assert seen.operators.watched == watched
        if seen.operators.sign_ns is not None:
            assert seen.operators.sign_ns <= seen.clock()


def test_a_key_was_pressed_when_it_was_pressed_and_never_later_than_now() -> None:
    seen = Seen()
    seen.clock.pass_ms(60_000)
    seen.cockpit.sent(1)
    seen.report(1, key_age_ms=20_000)
    assert seen.operators.sign_ns == 40_000 * NS_PER_MS
    seen.report(1, key_age_ms=MAX_KEY_AGE_MS)
    assert seen.operators.sign_age_ms() == 20_000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"painted": -1}',
        '{"painted": 9007199254740992}',
        '{"painted": 1e400}',
        '{"painted": "1"}',
        '{"painted": 1.5}',
        '{"painted": true}',
        '{"painted": 1, "key_age_ms": -1}',
        '{"painted": 1, "key_age_ms": 31622400001}',
        '{"painted": 1, "key_age_ms": "0"}',
    ],
)
def test_each_field_of_a_report_is_bounded(text: str) -> None:
    with pytest.raises(msgspec.MsgspecError):
        msgspec.json.decode(text, type=OperatorReport)
