"""What a scenario makes of its steps: moves in market time, faults that end, a list for a person."""

from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from venue.protocol.units import NS_PER_S
from venue.sandbox.base.faults import Faults
from venue.sandbox.config import VenueConfig
from venue.sandbox.scenario.model import Scenario
from venue.sandbox.scenario.reading import LASTING, read_scenario
from venue.sandbox.scenario.timeline import TRAVEL, described, events, price_moves

HEADER = 'name = "short"\nduration_s = 100\n'
PAUSED = (
    HEADER
    + """
[[step]]
at_s = 10
traders = "pause"

[[step]]
at_s = 12
traders = "pause"

[[step]]
at_s = 30
traders = "run"

[[step]]
at_s = 40
price = { to = 50000, over_s = 5 }
flow = { rate = 2 }

[[step]]
at_s = 50
flow = { dry = 0 }
"""
)


class FaultsOnly:
    """A stage that notes the faults, for a scenario in which nothing else happens."""

    def __init__(self) -> None:
        self.applied: list[dict[str, object]] = []

    def apply_faults(self, body: dict[str, object]) -> None:
        self.applied.append(body)

    def forward(self, by_ns: int) -> int:
        raise AssertionError(by_ns)

    def run_traders(self, running: bool) -> None:
        raise AssertionError(running)

    def open_account(self, order: object) -> None:
        raise AssertionError(order)

    change_alarms = set_bridge_pace = ask = open_account

    def end(self) -> None:
        raise AssertionError("end")


def read(steps: str) -> Scenario:
    return read_scenario(HEADER + steps)


def test_the_market_stands_still_while_the_traders_pause() -> None:
    scenario = read_scenario(PAUSED)
    assert [scenario.market_ns(at_s * NS_PER_S) // NS_PER_S for at_s in (0, 10, 11, 29, 30, 40)] == [
        0,
        10,
        10,
        10,
        10,
        20,
    ]
    (move,) = price_moves(scenario)
    assert (move.at_ns, move.end_ns, move.to) == (20 * NS_PER_S, 25 * NS_PER_S, Decimal(50_000))
    config = VenueConfig(rate=5, other_pairs=0.3)
    (first_ns, first), (second_ns, second) = scenario.flows(config)
    assert (first_ns, second_ns) == (20 * NS_PER_S, 30 * NS_PER_S)
    assert first == msgspec.structs.replace(config, rate=2)
    assert second == msgspec.structs.replace(config, rate=2, dry=0.0)


def test_faults_that_last_end_with_their_usual_value() -> None:
    usual = msgspec.to_builtins(Faults())
    scenario = read(
        '[[step]]\nat_s = 5\nfor_s = 10\nfaults = { near_a = "429", relay_late_ms = 300, relay_drop = true }\n'
    )
    begins, ends = events(scenario)
    stage = FaultsOnly()
    for event in (begins, ends):
        assert event.act is not None
        event.act(stage)
    applied = stage.applied
    assert applied[0] == {"near_a": "429", "relay_late_ms": 300, "relay_drop": True}
    assert applied[1] == {"near_a": usual["near_a"], "relay_late_ms": usual["relay_late_ms"]}
    assert (begins.at_ns, ends.at_ns) == (5 * NS_PER_S, 15 * NS_PER_S)


def test_a_person_reads_what_happens_when_and_what_time_travel_means() -> None:
    told = list(
        described(read_scenario(PAUSED + "[[step]]\nat_s = 60.5\nforward_s = 30\n[[step]]\nat_s = 70\nend = true\n"))
    )
    assert told[0] == "short"
    assert told[1] == "seed 1, 100 s, 7 steps"
    assert any(
        "0:40  price to 50000 EUR over 5.0 s" in line or "0:40  price to 50000 EUR over 5 s" in line for line in told
    )
    assert any("1:00.500" in line and TRAVEL in line for line in told)
    assert any("1:10  the venue ends" in line for line in told)
    assert "1:40" in told[-1]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from(LASTING[:6])), max_size=5))
def test_events_are_in_the_order_of_their_times(steps: list[tuple[float, str]]) -> None:
    usual = msgspec.to_builtins(Faults())
    text = "".join(
        f"[[step]]\nat_s = {at_s!r}\nfaults = {{ {name} = {msgspec.json.encode(usual[name]).decode()} }}\n"
        for at_s, name in steps
    )
    times = [event.at_ns for event in events(read(text or "[[step]]\nat_s = 1\ntraders = 'run'\n"))]
    assert times == sorted(times)
