"""No permission of the venue counts as given while it is unknown: for any answers, of any age."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from cockpit.desk.interlocks import venue_measures
from cockpit.desk.interlocks.measures import InterlockFacts, Measurement
from cockpit.desk.interlocks.venue_measures import ENDS_NOW_MS, ENDS_SOON_MS
from cockpit.desk.risk.venue_access import WITHOUT_EFFECT, Known, VenueFacts
from tests.support.desk.interlock_facts import PASSING
from venue.protocol.units import NS_PER_MS

MAX_AGE_MS = 185_000
PROBLEMS = st.sampled_from(["", "HTTP 500", "no answer"])
AGES = st.none() | st.integers(0, 2 * MAX_AGE_MS)


def known(values: st.SearchStrategy[object]) -> st.SearchStrategy[Known[object]]:
    """Answers as a reader can hold them: before the first one there is no value."""

    def of(age_ms: int | None, value: object, problem: str) -> Known[object]:
        if age_ms is None:
            return Known(problem=problem)
        return Known(value=value, absent=value is None, age_ms=age_ms, problem=problem)

    return st.builds(of, AGES, values, PROBLEMS)


FLAGS = known(st.none() | st.booleans())
NAMES = st.sampled_from(["ALL", "intents", "ft_withdraw", "unheard_of", *sorted(WITHOUT_EFFECT)])
FEATURES = known(st.none() | st.lists(NAMES, max_size=3).map(tuple))
MEASURES: tuple[Callable[[InterlockFacts], Measurement], ...] = (
    venue_measures.locked,
    venue_measures.paused,
    venue_measures.key_accepted,
    venue_measures.listed,
    venue_measures.transaction_route,
    venue_measures.token_end,
)


def measured(measure: Callable[[InterlockFacts], Measurement], **changes: object) -> Measurement:
    found = measure(replace(PASSING, venue=replace(VenueFacts(max_age_ms=MAX_AGE_MS), **changes)))
    assert found.measured
    assert found.wanted
    return found


def fresh(answer: Known[object]) -> bool:
    return answer.age_ms is not None and answer.age_ms <= MAX_AGE_MS


@given(answer=FLAGS)
def test_a_lock_passes_only_on_a_fresh_answer(answer: Known[object]) -> None:
    found = measured(venue_measures.locked, locked=answer)
    assert found.passed == (fresh(answer) and answer.value is not True)
    assert (found.passed and not found.warning) == (fresh(answer) and answer.value is False)


@given(answer=FEATURES, seen=st.sampled_from(["", "a quote was refused"]))
def test_a_pause_passes_only_on_a_fresh_list_without_anything_that_is_used(answer: Known[object], seen: str) -> None:
    found = measured(venue_measures.paused, paused=answer, pause_seen=seen)
    names = answer.value if isinstance(answer.value, tuple) else ()
    harmless = all(name in WITHOUT_EFFECT for name in names)
    assert found.passed == (not seen and fresh(answer) and harmless)
    assert not (found.passed and answer.value is None and not found.warning)


@given(answer=FLAGS.filter(lambda one: not one.absent))
def test_a_key_passes_only_on_a_fresh_acceptance(answer: Known[object]) -> None:
    found = measured(venue_measures.key_accepted, key_accepted=answer)
    assert found.passed == (fresh(answer) and answer.value is True)
    assert not (found.passed and answer.problem and not found.warning)


@given(answer=known(st.lists(st.sampled_from(["BTC", "EURe"]), max_size=2).map(tuple)))
def test_a_listing_passes_only_when_a_whole_answer_had_every_token(answer: Known[object]) -> None:
    found = measured(venue_measures.listed, unlisted=answer)
    assert found.passed == (answer.value == ())
    assert not (found.passed and answer.problem and not found.warning)


@given(answer=FLAGS)
def test_the_transaction_route_never_closes_live_and_is_green_only_when_known_to_be_open(
    answer: Known[object],
) -> None:
    found = measured(venue_measures.transaction_route, predecessor=answer)
    assert found.passed
    assert found.warning == (not fresh(answer) or answer.value is not True)


@given(left_ms=st.integers(-(10**14), 10**14))
def test_a_key_closes_live_before_it_ends_and_warns_a_week_before(left_ms: int) -> None:
    end_ns = max(0, 1_790_000_000_000 + left_ms) * NS_PER_MS
    found = measured(venue_measures.token_end, token_end_ns=end_ns, token_left_ms=left_ms)
    assert found.passed == (left_ms > ENDS_NOW_MS)
    assert (found.passed and not found.warning) == (left_ms > ENDS_SOON_MS)


def test_before_any_answer_nothing_but_the_route_and_a_nameless_end_passes() -> None:
    passing = [measure.__name__ for measure in MEASURES if measured(measure).passed]
    assert passing == ["transaction_route", "token_end"]
