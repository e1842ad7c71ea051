"""A request is as old as the relay says, and as long as it lay unread: one that cannot be won is not signed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.quoting.desk_view import read_view, record_view
from cockpit.desk.quoting.strategy import LEAST_WINDOW_MS, Decision, decide, desk_prices
from cockpit.model.events import SwapDemand, TradeDecision
from tests.support.desk.builders import NOW, request, view
from tests.support.desk.quoting_harness import ask, quoting
from tests.support.waiting import until
from venue.protocol.units import NS_PER_MS

BOUND = 3_000
ages = st.integers(0, 5_000)


def decided(asked: SwapDemand, waited_ms: int = 0, bound: int | None = BOUND) -> Decision:
    seen = view(request_max_age_ms=bound, request_waited_ms=waited_ms)
    return decide(asked, seen, desk_prices(seen))


@given(st.none() | ages, ages, st.none() | st.integers(0, 10_000))
def test_the_older_of_the_two_ages_counts_against_the_shorter_of_the_bounds(
    stated_ms: int | None, waited_ms: int, window_ms: int | None
) -> None:
    asked = request(asked_ns=None if stated_ms is None else NOW - stated_ms * NS_PER_MS, max_wait_ms=window_ms)
    age_ms = max(waited_ms, stated_ms or 0)
    most_ms = BOUND if window_ms is None else min(BOUND, max(window_ms, LEAST_WINDOW_MS))
    decision = decided(asked, waited_ms)
    check = decision.checks[0]
    assert check.name == "request_age"
    assert check.text() == f"{age_ms} ms, at most {most_ms} ms"
    assert check.passed is (age_ms <= most_ms)
    assert decision.execute is check.passed
    assert (decision.reason == "request_age") is not check.passed


def test_a_decision_of_before_the_bound_is_made_again_to_the_letter() -> None:
    old = view()
    assert "request_" not in record_view(old)
    again = read_view(record_view(old), old.market, old.limits, old.params)
    asked = request(asked_ns=NOW - 10**12)
    decision = decide(asked, again, desk_prices(again))
    assert decision == decided(asked, bound=None)
    assert decision.execute
    assert "request_age" not in [check.name for check in decision.checks]


@pytest.mark.parametrize("age_ms", [3_001, 59_000, 61_000, 900_000])
async def test_a_request_that_the_relay_dates_too_old_is_declined_and_counted(age_ms: int) -> None:
    async with quoting(declines=True) as (desk, server):
        await ask(server, "old", metadata={"quote_timestamp": NOW // NS_PER_MS - age_ms})
        await ask(server, "new", metadata={"quote_timestamp": NOW // NS_PER_MS - 20})
        await until(lambda: len(server.frames) == 2)
    made = [event for event in desk.events if isinstance(event, TradeDecision)]
    assert [event.reason for event in made] == ["request_age", "quote"]
    assert desk.intake.reasons["request_age"] == 1
    outputs = {frame["params"][0]["quote_id"]: frame["params"][0]["quote_output"] for frame in server.frames}
    assert outputs["old"] == {"type": "DEADLINE_EXCEEDED"}
    assert "amount_out" in outputs["new"]


async def test_a_request_that_lay_unread_is_not_signed() -> None:
    async with quoting() as (desk, server):
        desk.on_request(request(quote_id="waited"), desk.ticking.now_ns - 3_100 * NS_PER_MS)
        desk.on_request(request(quote_id="came"), desk.ticking.now_ns)
        await until(lambda: len(server.frames) == 1)
    made = [event for event in desk.events if isinstance(event, TradeDecision)]
    assert [(event.quote_id, event.reason) for event in made] == [("waited", "request_age"), ("came", "quote")]
