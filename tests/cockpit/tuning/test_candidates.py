"""Candidates: neighbours within one step, and those that are named."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.commands import PriceParams
from cockpit.reports.decision_replay_text import changes_of
from cockpit.tuning.candidates import MOST, Candidate, compared, in_force, neighbours, parse_candidates
from cockpit.tuning.errors import InvalidCandidateError

CANDIDATES = st.builds(Candidate, st.decimals(0, 5_000, places=2), st.decimals(0, 5, places=2))


@given(CANDIDATES)
def test_neighbours_can_be_set_and_lie_within_one_step(current: Candidate) -> None:
    every = compared(current, neighbours(current))
    assert every[0] == current
    assert 2 <= len(every) <= 12
    assert all(one.within_a_step_of(current) for one in every)
    assert all(PriceParams(half_spread_bps=one.base, vol_factor=one.slope).problems() == () for one in every)


@given(CANDIDATES)
def test_the_settings_to_paste_are_what_a_replay_takes(one: Candidate) -> None:
    changes = changes_of([f"{name}={value}" for name, value in one.settings.items()], armed=False)
    assert changes.params == one.params


def test_the_one_in_force_is_read_without_its_zeros() -> None:
    assert str(in_force(PriceParams(half_spread_bps=Decimal("20.00"), vol_factor=Decimal("0.30")))) == "20 + 0.3 σ√T"


def test_named_ones_are_read_once_each() -> None:
    assert parse_candidates("8/0.3, 8/0.30,10") == (
        Candidate(Decimal(8), Decimal("0.3")),
        Candidate(Decimal(10), Decimal(0)),
    )


@pytest.mark.parametrize(
    "text", ["", "x", "8/", "8/y", "-1/0", "8/9", "nan/0", "inf", "1e999999999/0", "8/0.3;9", "1" * 5_000]
)
def test_what_cannot_be_priced_by_is_refused_with_its_reason(text: str) -> None:
    with pytest.raises(InvalidCandidateError) as refused:
        parse_candidates(text)
    assert "--candidates" in str(refused.value)
    assert len(str(refused.value)) < 200


def test_there_is_a_most_of_them() -> None:
    with pytest.raises(InvalidCandidateError, match="at most"):
        parse_candidates(",".join(str(number) for number in range(MOST + 1)))
