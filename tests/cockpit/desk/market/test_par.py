"""The basis that prices assume, against what is measured of it: unknown and too far refuse, where a source is named."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.market.par import MAX_AGE_NS, Par
from cockpit.desk.market.reference import Reference
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.model.commands import Limits
from cockpit.model.environment import Environment
from tests.support.desk.builders import AT_PAR, MID, NOW, Clock
from tests.support.recorder import MemoryRecorder
from venue.protocol.units import NS_PER_MS
from venue.reference.euro_rate import EuroRate
from venue.reference.tick import Tick


class Said:
    """A source that a test sets."""

    def __init__(self, rate: str | None = None, at_ns: int = NOW, problem: str = "") -> None:
        self.newest = None if rate is None else EuroRate(Decimal(rate), at_ns)
        self.problem = problem


def par(source: Said | None, *, assumed: str = "0", most: str = "50") -> Par:
    return Par(assumed_bps=Decimal(assumed), max_off_bps=Decimal(most), source=source)


def test_without_a_source_nothing_is_refused_and_the_assumption_is_named() -> None:
    assert AT_PAR.problem(NOW) == ""
    assert AT_PAR.measured_bps(NOW) is None
    assert "that an EURe is worth 1 EUR is an assumption" in AT_PAR.assumption
    assert "worth 1.001 EUR" in par(None, assumed="10").assumption
    assert par(Said("1")).assumption == ""


@pytest.mark.parametrize(
    ("rate", "assumed", "passes"),
    [
        ("1", "0", True),
        ("0.995", "0", True),
        ("1.005", "0", True),
        ("0.99499", "0", False),
        ("1.00501", "0", False),
        ("1.01", "60", True),
        ("0.999", "60", False),
    ],
)
def test_the_limit_is_on_the_distance_from_what_is_assumed(rate: str, assumed: str, passes: bool) -> None:
    assert (par(Said(rate), assumed=assumed).problem(NOW) == "") is passes


def test_what_is_wrong_is_said_with_its_numbers() -> None:
    assert par(Said("0.98")).problem(NOW) == ("an EURe is -200.00 bps from a EUR, +0.00 assumed: more than 50 apart")


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (Said(), "no reading yet"),
        (Said(problem="x answered HTTP 503"), "HTTP 503"),
        (Said("1", NOW - MAX_AGE_NS - 1), "too old"),
        (Said("1", NOW + 1), "too old"),
    ],
)
def test_a_configured_source_that_does_not_tell_refuses(source: Said, why: str) -> None:
    problem = par(source).problem(NOW)
    assert problem.startswith("what an EURe is worth in EUR is unknown: ")
    assert why in problem


@given(st.decimals("0.5", 2, places=6), st.decimals(-1_000, 1_000, places=2), st.decimals(1, 1_000, places=2))
def test_it_refuses_exactly_what_is_further_away_than_the_limit(rate: Decimal, assumed: Decimal, most: Decimal) -> None:
    found = par(Said(str(rate)), assumed=str(assumed), most=str(most))
    assert (found.problem(NOW) == "") is (abs((rate - 1) * 10_000 - assumed) <= most)


def test_the_reference_may_not_be_used_while_the_basis_is_too_far_and_may_again_afterwards() -> None:
    source, clock = Said("1"), Clock()
    reference = Reference(
        (),
        min_sources=1,
        par=par(source),
        limits=LimitsInForce(Limits()),
        env=Environment(wall_ns=clock),
        recorder=MemoryRecorder(),
    )
    for rate, usable in (("1", True), ("0.9", False), ("0.999", True)):
        clock.pass_ms(10)
        source.newest = EuroRate(Decimal(rate), clock.now_ns - 10 * NS_PER_MS)
        reference.on_tick(Tick("kraken", MID - 1, MID + 1, clock.now_ns))
        assert reference.current.usable is usable
        assert (reference.trusted_mid is not None) is usable
        assert ("from a EUR" in reference.current.reason) is not usable
