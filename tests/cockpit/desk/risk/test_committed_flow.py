"""What the last hour's requests would have the committed limit be."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.risk.committed_flow import LEAST_REQUESTS, CommittedFlow, resume
from cockpit.model.commands import Limits
from storage.history import RecordedRequest
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_MS, NS_PER_S

START = 1_800_000_000 * NS_PER_S
MINUTE_NS = 60 * NS_PER_S
EURE = 10**18


def steady(flow: CommittedFlow, *, minutes: int, from_ns: int = START) -> int:
    """Ten requests a minute of 85 EURe that live for 65 s; return when the last minute ends."""
    for number in range(10 * minutes):
        flow.note(from_ns + number * 6 * NS_PER_S, 85 * EURE, 65_000, tried=True, refused=number % 10 == 0)
    return from_ns + minutes * MINUTE_NS - 1


def test_a_steady_flow_needs_three_times_rate_times_size_times_life() -> None:
    flow = CommittedFlow(margin_ms=5_000)
    seen = flow.seen(steady(flow, minutes=30))
    assert (seen.requests, seen.needed) == (300, 3 * 10 * 85 * 70 * EURE // 60)
    assert (seen.tried, seen.refused, seen.refuses_many) == (300, 30, True)


def test_of_a_few_requests_nothing_is_said() -> None:
    flow = CommittedFlow(margin_ms=5_000)
    for _ in range(LEAST_REQUESTS - 1):
        flow.note(START, 500 * EURE, 60_000, tried=True, refused=True)
    assert (flow.seen(START).needed, flow.seen(START).refuses_many) == (None, False)


def test_what_is_an_hour_old_counts_no_more() -> None:
    flow = CommittedFlow(margin_ms=5_000)
    end = steady(flow, minutes=30)
    assert flow.seen(end + 30 * MINUTE_NS).requests == 300
    assert flow.seen(end + 40 * MINUTE_NS).requests == 200
    assert flow.seen(end + 60 * MINUTE_NS).requests == 0


def test_a_clock_that_is_set_back_starts_anew_and_one_that_trembles_loses_nothing() -> None:
    flow = CommittedFlow(margin_ms=5_000)
    end = steady(flow, minutes=30, from_ns=START + 86_400 * NS_PER_S)
    flow.note(end - 30 * NS_PER_S, EURE, 60_000, tried=True, refused=False)
    assert flow.seen(end - MINUTE_NS).requests == 301
    assert flow.seen(START).requests == 0
    assert flow.seen(steady(flow, minutes=10)).needed == 3 * 10 * 85 * 70 * EURE // 60


@given(st.lists(st.tuples(st.integers(0, 2 * 3_600), st.integers(0, 10**24), st.integers(-9, 10**7)), max_size=80))
def test_any_order_of_times_keeps_an_hour_at_most(requests: list[tuple[int, int, int]]) -> None:
    flow = CommittedFlow(margin_ms=5_000)
    for second, notional, life_ms in requests:
        flow.note(START + second * NS_PER_S, notional, life_ms, tried=False, refused=False)
    seen = flow.seen(START + 2 * 3_600 * NS_PER_S)
    assert seen.requests <= len(requests)
    assert seen.needed is None or seen.needed >= 0


class Recorded:
    def __init__(self, rows: tuple[RecordedRequest, ...]) -> None:
        self.rows = rows
        self.asked_ns = 0

    async def requests_since(self, at_ns: int) -> tuple[RecordedRequest, ...]:
        self.asked_ns = at_ns
        return self.rows


def recorded(*, second: int = 0, notional: int = 5 * EURE, life_ms: int = 65_000) -> RecordedRequest:
    at_ns = START + second * NS_PER_S
    return RecordedRequest(at_ns=at_ns, notional=notional, deadline_ns=at_ns + life_ms * NS_PER_MS)


async def test_a_start_takes_over_the_requests_that_its_limits_let_through() -> None:
    flow = CommittedFlow(margin_ms=5_000)
    fit = [recorded(second=second) for second in range(60)]
    others = [
        recorded(notional=5 * EURE + 1),
        recorded(notional=EURE // 2 - 1),
        recorded(life_ms=125_001),
        recorded(second=3_700),
    ]
    history = Recorded((*fit, *others))
    limits = Limits(min_notional_eure=Decimal("0.5"))
    await resume(flow, history, START + MINUTE_NS - 1, limits, DEFAULT_TOKENS.quote)
    assert history.asked_ns == START - 59 * MINUTE_NS - 1
    seen = flow.seen(START + MINUTE_NS - 1)
    assert (seen.requests, seen.needed) == (60, 3 * 5 * 70 * EURE)
    assert (seen.tried, seen.refused) == (0, 0)
