"""Mixes of takers, as they are given on the command line."""

import msgspec
import pytest

from venue.sandbox.config import VenueConfig
from venue.sandbox.mixes import KINDS, MEANINGS, MIXES, parse_mix


@pytest.mark.parametrize("name", MIXES)
def test_the_shares_of_a_named_mix_add_up(name: str) -> None:
    assert sum(MIXES[name].values()) == pytest.approx(1)
    assert parse_mix(name) == MIXES[name]
    assert set(MIXES[name]) == set(KINDS) == set(MEANINGS)


def test_a_mix_can_be_given_kind_by_kind() -> None:
    assert parse_mix("prompt=.5, holder=0.5") == {"prompt": 0.5, "holder": 0.5}
    assert parse_mix("today") is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("wild", "known mixes are today, benign, mixed, toxic, probed; or give kind=share"),
        ("", "known mixes are"),
        ("prompt=0.5", "the shares add up to 0.5; they must add up to 1"),
        ("prompt=0.5,prompt=0.5", "prompt is given twice"),
        ("prompt=1.5,holder=-0.5", "the share of prompt is 1.5; it must be from 0 to 1"),
        ("prompt=nan", "the share of prompt is nan"),
        ("prompt=1e999", "the share of prompt is 1e999"),
        ("prompt=much", "the share 'much' of prompt is not a number"),
        ("thief=1", "there is no kind 'thief'; known are prompt, patient, holder, sweeper, informed, probe"),
    ],
)
def test_a_wrong_mix_is_refused_with_what_is_allowed(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_mix(text)
    with pytest.raises(msgspec.ValidationError, match=complaint):
        msgspec.convert({"takers": text}, VenueConfig)


@pytest.mark.parametrize("given", [{"takers": "mixed"}, {"rival_set": "adaptive"}])
def test_what_counts_on_real_seconds_is_refused_at_another_speed(given: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError, match="needs --speed 1: quotes live and settle in real seconds"):
        msgspec.convert({**given, "speed": 60}, VenueConfig)
    msgspec.convert({**given, "speed": 1}, VenueConfig)


def test_two_markets_are_refused() -> None:
    with pytest.raises(ValueError, match="market and prices both name the market"):
        VenueConfig(market="calm", prices="bars.csv")
