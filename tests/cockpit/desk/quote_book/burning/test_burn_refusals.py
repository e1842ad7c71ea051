"""Only whole known texts blame what is in a call; everything else is a fault of the relay, the account, or unknown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.quote_book.burning.burn_refusals import blamed

CALL = (
    "deadline has expired",
    "expired",
    "invalid signature",
    "deadline is greater than nonce",
    "gas overflow",
    "Exceeded the prepaid gas.",
    "Exceeded the maximum amount of gas allowed to burn per contract.",
    "Exceeded the maximum number of log messages.",
    "The length of a log message 16404 exceeds the limit 16384",
)
OTHER = (
    "",
    "internal",
    "Internal error: upstream host not found",
    "public key 'ed25519:11111111111111111111111111111111' doesn't exist for account 'maker.near'",
    "account 'maker.near' is locked",
    "Pausable: Method is paused",
    "insufficient balance or overflow",
    "no reason given",
    "Unauthorized",
)


@pytest.mark.parametrize("text", CALL)
def test_an_intent_that_cannot_run_and_limits_of_gas_and_logs_blame_the_call(text: str) -> None:
    assert blamed(text) == blamed(f"Smart contract panicked: {text}") == "call"


@pytest.mark.parametrize("text", OTHER)
def test_faults_of_relay_and_account_and_unknown_texts_blame_nothing_in_the_call(text: str) -> None:
    assert blamed(text) == "other"


def test_a_nonce_and_a_salt_are_looked_up_on_the_chain() -> None:
    assert (blamed("nonce was already used"), blamed("invalid salt")) == ("nonce", "salt")


@given(st.sampled_from([*CALL, "nonce was already used", "invalid salt"]), st.text(max_size=20), st.text(max_size=20))
def test_a_text_that_only_contains_a_known_one_blames_nothing(known: str, before: str, after: str) -> None:
    text = f"{before}{known}{after}"
    assert blamed(text) == "other" or text.removeprefix("Smart contract panicked: ").rstrip(".") == known.rstrip(".")
