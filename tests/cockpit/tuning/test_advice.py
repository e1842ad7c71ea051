"""What is advised, and when nothing is."""

from decimal import Decimal

import msgspec
import pytest

from cockpit.tuning import messages
from cockpit.tuning.advice import FoldCheck, judge, miss
from cockpit.tuning.bootstrap import Interval, RealityCheck
from cockpit.tuning.candidates import Candidate
from cockpit.tuning.scores import BlockSum, Score

CURRENT, BEST, FAR = (Candidate(Decimal(base), Decimal(0)) for base in (20, 14, 10))
CHECK = FoldCheck(from_ns=0, quotes=1_000, fills=300, predicted_fills=290, predicted=11.0, booked=10.0, by_chance=True)
GAIN = Interval(gain=5.0, low=2.0, high=8.0, deflated=1.0)


def score(candidate: Candidate, **changes: object) -> Score:
    one = Score(
        candidate=candidate, blocks={0: BlockSum(0, 1.0)}, quotes=100, inside=100, fills=30, eure=1_000, near=99
    )
    return msgspec.structs.replace(one, **changes)


def checked(**intervals: Interval) -> RealityCheck:
    named = {"best": BEST, "far": FAR}
    return RealityCheck({str(named[name]): one for name, one in intervals.items()}, 0.01)


def test_the_best_that_is_better_beyond_chance_is_advised() -> None:
    advice = judge(300, [CHECK], score(CURRENT), [score(BEST)], checked(best=GAIN))
    assert (advice.verdict, advice.advised) == ("change", BEST)


def test_no_step_is_larger_than_six_bps_however_good_it_looks() -> None:
    better = msgspec.structs.replace(GAIN, gain=50.0)
    advice = judge(300, [CHECK], score(CURRENT), [score(BEST), score(FAR)], checked(best=GAIN, far=better))
    assert advice.advised == BEST
    assert judge(300, [CHECK], score(CURRENT), [score(FAR)], checked(far=better)).verdict == "keep"


def test_a_gain_that_may_be_the_luck_of_the_best_is_not_advised() -> None:
    lucky = msgspec.structs.replace(GAIN, deflated=-0.1)
    advice = judge(300, [CHECK], score(CURRENT), [score(BEST)], checked(best=lucky))
    assert (advice.verdict, advice.reason, advice.advised) == ("keep", messages.KEEP, None)


def test_too_few_fills_mean_explore() -> None:
    advice = judge(99, [CHECK], score(CURRENT), [score(BEST)], checked(best=GAIN))
    assert advice.verdict == "explore"
    assert messages.TOO_FEW in advice.reason
    assert "99" in advice.reason


def test_a_span_without_a_judged_day_means_explore() -> None:
    assert messages.ONE_FOLD in judge(300, [], score(CURRENT), [score(BEST)], checked(best=GAIN)).reason


@pytest.mark.parametrize(
    ("predicted", "booked", "by_chance", "believed"),
    [
        (12.4, 10.0, False, True),
        (12.6, 10.0, True, False),
        (7.4, 10.0, True, False),
        (-10.0, 10.0, True, False),
        (1.0, 0.0, True, False),
        (0.0, 0.0, True, True),
        (-12.0, -10.0, True, True),
    ],
)
def test_a_prediction_that_is_more_than_a_quarter_off_gives_no_advice(
    predicted: float, booked: float, by_chance: bool, believed: bool
) -> None:
    one = msgspec.structs.replace(CHECK, predicted=predicted, booked=booked, by_chance=by_chance)
    advice = judge(300, [one], score(CURRENT), [score(BEST)], checked(best=GAIN))
    assert advice.verdict == ("change" if believed else "no advice")
    assert (miss(predicted, booked) <= 0.25) == believed


def test_errors_of_two_days_that_cancel_out_are_no_proof() -> None:
    first = msgspec.structs.replace(CHECK, predicted=7.0, booked=10.0)
    last = msgspec.structs.replace(CHECK, predicted=13.0, booked=10.0, by_chance=False)
    assert judge(300, [first, last], score(CURRENT), [score(BEST)], checked(best=GAIN)).verdict == "no advice"


def test_nothing_is_said_of_widths_that_were_not_tried() -> None:
    untried = score(CURRENT, inside=59)
    assert untried.unknown
    assert messages.UNTRIED in judge(300, [CHECK], untried, [score(BEST)], checked()).reason
    assert messages.NOTHING_TRIED in judge(300, [CHECK], score(CURRENT), [], checked()).reason
    assert score(BEST, near=29).unknown
    assert score(BEST, quotes=0, inside=0).unknown
    assert score(BEST, inside=60).unknown == ""
