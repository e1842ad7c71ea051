"""The range shown of the local clock is always true, gets as narrow as the answers allow, and never narrower."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.interlocks.clock_skew import (
    AHEAD_NS,
    DRIFT,
    FORGET_AFTER_NS,
    LIMIT_NS,
    NEVER,
    ClockSource,
    Range,
    agreed,
    aimed,
    certain_error,
    combined,
    judged,
    of_block,
    of_date,
    skew,
)
from venue.protocol.units import NS_PER_MS, NS_PER_S

UTC0 = 1_790_000_000 * NS_PER_S
offsets = st.integers(UTC0 - 3_600 * NS_PER_S, UTC0 + 3_600 * NS_PER_S)
delays = st.integers(0, 2 * NS_PER_S)
answers = st.lists(st.tuples(st.integers(0, 20 * NS_PER_S), delays, delays, st.booleans()), min_size=1, max_size=20)


@given(offsets, st.integers(-DRIFT, DRIFT).filter(bool), answers)
def test_the_true_offset_is_never_left_out_whatever_the_delays_and_the_drift(
    offset: int, rate: int, answered: list[tuple[int, int, int, bool]]
) -> None:
    """``rate``: the local monotonic clock gains or loses one part in so many, at most the permitted drift."""
    rate = DRIFT if rate > 0 else -DRIFT
    evidence, now = ClockSource(), 0

    def venue(at_ns: int) -> int:
        return at_ns + offset + at_ns // rate

    for pause, there, back, is_block in answered:
        sent = now + pause
        made = sent + there
        now = made + back
        if is_block:
            evidence.add(of_block(venue(made) - pause + AHEAD_NS, now), now)
        else:
            evidence.add(of_date(venue(made) // NS_PER_S, sent, now), now)
        known = evidence.range(now)
        assert known is not None
        truth = venue(now) - now
        assert known.low_ns - 4 <= truth <= known.high_ns + 4


@given(offsets, st.integers(0, 40 * NS_PER_MS), st.integers(0, 40 * NS_PER_MS), st.integers(0, 3_600 * NS_PER_S))
def test_eight_aimed_questions_make_it_as_narrow_as_the_answers_are_slow(
    offset: int, there: int, back: int, now: int
) -> None:
    evidence = ClockSource()
    for _ in range(9):
        known = evidence.range(now)
        sent = now if known is None else aimed(known, now)
        assert now <= sent < now + NS_PER_S
        now = sent + there + back
        evidence.add(of_date((sent + there + offset) // NS_PER_S, sent, now), now)
    known = evidence.range(now)
    assert known is not None
    assert known.low_ns <= offset <= known.high_ns
    assert known.width_ns <= 2 * (there + back) + 20 * NS_PER_MS


@given(offsets, st.integers(3 * NS_PER_S, 3_600 * NS_PER_S), st.integers(1, 2), st.booleans())
def test_a_server_with_a_wrong_clock_is_outvoted(offset: int, error: int, width: int, ahead: bool) -> None:
    honest = [
        Range(offset - width * NS_PER_S, offset + NS_PER_S // 2),
        Range(offset - NS_PER_S // 3, offset + NS_PER_S),
        Range(offset, NEVER),
    ]
    wrong = offset + (error if ahead else -error)
    found = agreed([*honest, Range(wrong - NS_PER_S // 2, wrong + NS_PER_S // 2)])
    assert found is not None
    assert found.low_ns <= offset <= found.high_ns
    assert found.width_ns <= 2 * NS_PER_S


@given(
    offsets,
    st.lists(
        st.tuples(st.integers(0, NS_PER_S - 1), st.integers(0, NS_PER_S - 1), st.integers(0, 300 * NS_PER_MS)),
        max_size=3,
    ),
    st.integers(0, NS_PER_S - 1),
    st.integers(0, 5 * NS_PER_S),
)
def test_dates_that_are_reused_for_a_second_do_not_mislead_while_one_service_is_prompt(
    offset: int, late: list[tuple[int, int, int]], phase: int, old: int
) -> None:
    """A service whose dates are late looks as if its clock were behind; the truth must not be voted out."""

    def dated(lag: int, at: int, delay: int) -> Range:
        return of_date((at + offset - lag) // NS_PER_S, at, at + delay)

    ranges = [dated(lag, at, delay) for lag, at, delay in late]
    ranges.insert(len(ranges) // 2, dated(0, phase, 20 * NS_PER_MS))
    found = combined(ranges, of_block(offset - old, 0))
    assert found is not None
    assert found.low_ns <= offset <= found.high_ns


def test_without_dates_the_blocks_alone_are_the_bound() -> None:
    assert combined([], None) is None
    assert combined([], Range(5, NEVER)) == Range(5, NEVER)
    assert combined([Range(0, NS_PER_S)], None) == Range(0, NS_PER_S)


def test_two_that_contradict_each_other_leave_everything_between_open() -> None:
    assert agreed([Range(0, 10), Range(500, 600)]) == Range(0, 600)
    assert agreed([Range(0, 10), Range(10, 20)]) == Range(10, 10)
    assert agreed([Range(0, 10)]) == Range(0, 10)
    assert agreed([]) is None


def test_the_newest_answer_is_believed_over_what_it_contradicts() -> None:
    evidence = ClockSource()
    evidence.add(Range(0, 100), 0)
    evidence.add(Range(50, 150), 0)
    assert evidence.range(0) == Range(50, 100)
    evidence.add(Range(5 * NS_PER_S, 6 * NS_PER_S), 0)
    assert evidence.range(0) == Range(5 * NS_PER_S, 6 * NS_PER_S)


def test_a_source_that_fell_silent_grows_wider_and_then_counts_no_longer() -> None:
    evidence = ClockSource()
    evidence.add(Range(0, 0), 0)
    assert evidence.range(DRIFT) == Range(-1, 1)
    assert evidence.range(FORGET_AFTER_NS) == Range(-FORGET_AFTER_NS // DRIFT, FORGET_AFTER_NS // DRIFT)
    assert evidence.range(FORGET_AFTER_NS + 1) is None


@given(st.integers(-10 * NS_PER_S, 10 * NS_PER_S), st.integers(0, 10 * NS_PER_S))
def test_only_what_lies_wholly_outside_fails_and_the_detail_covers_the_range(low: int, width: int) -> None:
    found = Range(low, low + width)
    judgement = judged(found)
    assert judgement.passed == any(-LIMIT_NS <= at <= LIMIT_NS for at in (low, min(max(0, low), low + width)))
    if low <= 0 <= low + width:
        number, unit = judgement.detail.removeprefix("no error found; known to ±").split(" ")
        assert float(number) * (NS_PER_S if unit == "s" else NS_PER_MS) >= max(-low, low + width)


@pytest.mark.parametrize(
    ("found", "passed", "detail"),
    [
        (Range(-20 * NS_PER_MS, 31 * NS_PER_MS), True, "no error found; known to ±40 ms"),
        (Range(499 * NS_PER_MS, 800 * NS_PER_MS), True, "490 ms to 800 ms ahead of the venue's"),
        (Range(501 * NS_PER_MS, 800 * NS_PER_MS), False, "500 ms to 800 ms ahead of the venue's"),
        (Range(-61 * NS_PER_S, -60 * NS_PER_S), False, "60.0 s to 61.0 s behind the venue's"),
        (Range(-NEVER, -2 * NS_PER_S), False, "at least 2.0 s behind the venue's"),
    ],
)
def test_the_detail_names_the_range(found: Range, passed: bool, detail: str) -> None:
    assert (judged(found).passed, judged(found).detail) == (passed, detail)


def test_a_step_of_the_wall_clock_shows_at_once() -> None:
    offset = Range(UTC0 - 50 * NS_PER_MS, UTC0 + 50 * NS_PER_MS)
    assert judged(skew(offset, UTC0 + 7 * NS_PER_S, 7 * NS_PER_S)).passed
    stepped = judged(skew(offset, UTC0 + 7 * NS_PER_S + 60 * NS_PER_S, 7 * NS_PER_S))
    assert (stepped.passed, stepped.detail) == (False, "59.9 s to 60.1 s ahead of the venue's")


@given(st.integers(-3 * NS_PER_S, 3 * NS_PER_S), st.integers(0, NS_PER_S), st.integers(0, NS_PER_S))
def test_what_is_certain_of_the_error_is_never_more_than_the_error(error: int, below: int, above: int) -> None:
    found = Range(error - below, error + above)
    certain = certain_error(found)
    assert abs(certain) <= min(abs(error), LIMIT_NS)
    assert certain * error >= 0
    # As far as it is proven, it is taken.
    assert certain == 0 or certain in (found.low_ns, found.high_ns) or abs(certain) == LIMIT_NS


def test_of_a_range_without_an_end_only_what_is_proven_counts() -> None:
    assert certain_error(Range(-NEVER, NEVER)) == 0
    assert certain_error(Range(-NEVER, -200 * NS_PER_MS)) == -200 * NS_PER_MS
    assert certain_error(Range(200 * NS_PER_MS, NEVER)) == 200 * NS_PER_MS
    assert certain_error(Range(3_600 * NS_PER_S, NEVER)) == LIMIT_NS
