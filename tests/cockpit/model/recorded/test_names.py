"""No name of the record or of a service stands on the screen."""

from typing import get_args

from cockpit.model.commands import Part
from cockpit.model.events import Outcome
from cockpit.model.recorded.names import OUTCOMES, outcome_name, reason_name, short_names


def test_commands_name_the_parts_as_operators_do() -> None:
    assert short_names("arm trade-executor") == "arm executor"
    assert short_names("disarm strategy-engine refused") == "disarm strategy refused"
    assert [part for part in get_args(Part) if short_names(part) == part] == []


def test_outcomes_and_reasons_are_words() -> None:
    assert outcome_name("ready_to_settle") == "settling"
    assert {outcome for outcome in get_args(Outcome) if "_" in outcome_name(outcome)} == set()
    assert OUTCOMES.keys() <= set(get_args(Outcome))
    assert reason_name("promised") == "max committed"
    assert reason_name("one_of_a_newer_version") == "one of a newer version"
