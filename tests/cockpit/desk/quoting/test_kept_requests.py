"""What is kept of the last hour's requests: bounded, spread over the hour, whatever comes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.quoting.kept_requests import MOST, OVER_NS, KeptRequests
from tests.support.desk.builders import NOW, request
from venue.protocol.tokens import BTC_EURE
from venue.protocol.units import NS_PER_MS, NS_PER_S


def filled(every_ns: int, many: int) -> tuple[KeptRequests, int]:
    kept, at_ns = KeptRequests(), NOW
    for _ in range(many):
        at_ns += every_ns
        kept.note(request(at_ns=at_ns), BTC_EURE, lambda: "{}")
    return kept, at_ns


def test_few_requests_are_all_kept() -> None:
    kept, at_ns = filled(NS_PER_S, 500)
    assert len(kept.of_last_hour(at_ns)) == 500


def test_many_are_spread_over_the_hour() -> None:
    kept, at_ns = filled(50 * NS_PER_MS, 80_000)
    times = [one.request.at_ns for one in kept.of_last_hour(at_ns)]
    assert MOST // 2 <= len(times) <= MOST
    assert times == sorted(times)
    assert at_ns - times[0] >= OVER_NS * 0.9
    assert max(later - earlier for earlier, later in pairwise(times)) <= 8 * NS_PER_S


def test_older_ones_and_price_checks_do_not_count() -> None:
    kept, at_ns = filled(NS_PER_S, 10)
    kept.note(request(at_ns=at_ns + NS_PER_S, dry=True), BTC_EURE, lambda: "{}")
    assert len(kept.of_last_hour(at_ns + NS_PER_S)) == 10
    assert len(kept.of_last_hour(at_ns + OVER_NS - 4 * NS_PER_S)) == 5
    assert kept.of_last_hour(at_ns + 2 * OVER_NS) == ()


@given(st.lists(st.integers(-OVER_NS, OVER_NS), max_size=60))
def test_clocks_that_jump_keep_neither_too_many_nor_the_future(moves: list[int]) -> None:
    kept, at_ns = KeptRequests(), NOW
    for move in moves:
        at_ns += move
        kept.note(request(at_ns=at_ns), BTC_EURE, lambda: "{}")
        found = kept.of_last_hour(at_ns)
        assert len(found) <= MOST
        assert all(at_ns - OVER_NS <= one.request.at_ns <= at_ns for one in found)
        assert found, "what just came is kept"
