"""Counting what the filter keeps back: only where there is a filter, for a limited time, and journalled."""

from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from cockpit.desk.api.count_other_pairs import COMMAND, NOT_CONNECTED, NOT_FILTERED, CountOtherPairs
from cockpit.model.commands import LONGEST_COUNT_S, CommandRequest, OtherPairsOrder
from tests.support.desk.command_desk import Desk
from venue.relay.others import OtherPairs

OPS = CommandRequest(actor="ops", command_id="c-1")


class Case:
    def __init__(self, *, state: str = "ok", filtered: bool = True) -> None:
        self.desk = Desk()
        self.asked: list[float] = []
        self.relay = SimpleNamespace(
            state=state, filtered=filtered, others=OtherPairs(Counter(), lambda: 0), count_others=self.asked.append
        )
        self.route = CountOtherPairs(self.desk.control.journal, cast(Any, self.relay))


def test_it_is_started_for_the_time_asked_for_once_and_journalled() -> None:
    case = Case()
    for _ in range(2):
        result = case.route.count(OPS, OtherPairsOrder(seconds=90))
        assert result.accepted
        assert result.reason == "the relay sends every request for 90 s"
    assert case.asked == [90]
    (entry,) = case.desk.journal
    assert (entry.actor, entry.command, entry.arguments) == ("ops", COMMAND, '{"seconds":90}')


def test_a_count_that_is_being_made_is_extended() -> None:
    case = Case(filtered=False)
    case.relay.others.start(5)
    assert case.route.count(OPS, OtherPairsOrder(seconds=90)).accepted
    assert case.asked == [90]


@pytest.mark.parametrize(
    ("state", "filtered", "reason"),
    [("ok", False, NOT_FILTERED), ("down", False, NOT_CONNECTED), ("starting", True, NOT_CONNECTED)],
)
def test_it_is_refused_where_it_would_show_nothing(state: str, filtered: bool, reason: str) -> None:
    case = Case(state=state, filtered=filtered)
    result = case.route.count(OPS, OtherPairsOrder())
    assert (result.accepted, result.reason) == (False, reason)
    assert case.asked == []
    assert [entry.accepted for entry in case.desk.journal] == [False]


@pytest.mark.parametrize("seconds", [0, -1, LONGEST_COUNT_S + 1, "60", 1.5])
def test_the_time_is_bounded(seconds: object) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"seconds": seconds}, OtherPairsOrder)
