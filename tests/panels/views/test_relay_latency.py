"""The line of the Market panel that says how long requests take from the relay, and of what kinds they are."""

from msgspec.structs import replace

from cockpit.model.snapshot import Counts, DecisionRow, RelayLatency
from panels.views.decisions import reason
from panels.views.market import latency_line
from tests.support.cockpit.samples import snapshot


def line(latency: RelayLatency, counts: Counts) -> str:
    return "".join(cell.text for cell in latency_line(replace(snapshot(), relay_latency=latency, counts=counts), 200))


def test_nothing_is_said_before_the_first_request() -> None:
    assert line(RelayLatency(), Counts()) == ""


def test_the_latency_says_that_it_includes_the_clocks_and_how_many_requests_it_is_of() -> None:
    latency = RelayLatency(p50_ms=23, p99_ms=48, max_ms=90, dated=1_200, requests=5_120)
    text = line(latency, Counts(requests=5_000, router_legs=1_800, dry=120))
    assert text == (
        "relay latency p50 23 ms, p99 48 ms, incl. the clocks' offset · 1,200 of 5,120 dated · "
        "1,800 router legs · 120 dry, not counted as requests"
    )


def test_a_latency_that_no_request_states_is_unknown_and_never_zero() -> None:
    assert line(RelayLatency(requests=3), Counts(requests=3)).startswith("relay latency unknown: no request is dated")


def test_a_dry_request_is_marked_quoted_or_not() -> None:
    row: DecisionRow = replace(snapshot().decisions[0], reason="dry", actionable=False, dry=True)
    assert reason(row).text == "· price check"
    assert reason(replace(row, reason="quote")).text == "✓ quoted (dry)"
