"""Who trades on the sandbox, as the command line says it."""

from typing import Any

import pytest
from click.testing import CliRunner

from cockpit.cli.main import main
from cockpit.cli.venue.options import flow_settings, held_tokens, opening_balances
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.sandbox.pairs import USDC


@pytest.mark.parametrize(
    ("given", "settings"),
    [
        ({}, {}),
        ({"rivals": "today"}, {"rival_set": "today"}),
        ({"rivals": "adaptive"}, {"rival_set": "adaptive"}),
        ({"rivals": "none"}, {"rivals": False}),
        ({"no_rivals": True}, {"rivals": False}),
        ({"rivals": "none", "no_rivals": True}, {"rivals": False}),
        ({"dry": 0.3}, {"dry": 0.3}),
        ({"dry": 0.3, "takers": "today"}, {"dry": 0.3}),
        ({"dry": 0.3, "takers": "mixed"}, {"dry_probes": 0.3}),
    ],
)
def test_options_of_rivals_and_price_checks_become_settings(given: dict[str, Any], settings: dict[str, object]) -> None:
    usual: dict[str, Any] = {"rivals": None, "no_rivals": False, "dry": None, "takers": None}
    assert flow_settings(**usual | given) == settings


def test_rivals_that_are_asked_for_and_forbidden_are_refused() -> None:
    with pytest.raises(ValueError, match="--no-rivals and --rivals adaptive contradict each other"):
        flow_settings("adaptive", no_rivals=True, dry=None, takers=None)


def test_a_balance_of_a_pair_needs_the_pair() -> None:
    assert opening_balances(("USDC=2.5",), held_tokens(DEFAULT_TOKENS, ("USDC/EURe",))) == {USDC.symbol: 2_500_000}
    with pytest.raises(ValueError, match="expected SYMBOL=AMOUNT with a token of the venue"):
        opening_balances(("USDC=2.5",), held_tokens(DEFAULT_TOKENS, ()))


@pytest.mark.parametrize("command", ["venue", "sandbox"])
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--takers", "wild"), "known mixes are today, benign, mixed, toxic, probed"),
        (("--takers", "prompt=0.5"), "must add up to 1"),
        (("--pairs", "A/B"), "known are wNEAR/USDT, USDC/EURe"),
        (("--rivals", "nobody"), "today"),
        (("--one-sided", "1.5"), "0<=x<=1"),
    ],
)
def test_what_cannot_be_played_is_refused_before_anything_starts(
    command: str, options: tuple[str, ...], complaint: str
) -> None:
    result = CliRunner().invoke(main, [command, *options])
    assert result.exit_code == 2
    assert complaint in result.output
