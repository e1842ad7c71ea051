"""Only a known code or a whole known text refuses: whatever else a text holds, the quote stays committed."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cockpit.desk.quote_book.refusals import (
    FAULTS,
    GONE,
    GONE_CODE,
    MAX_TEXT,
    ORDINARY,
    is_fault,
    is_ordinary,
    refuses,
)

KEY = "ed25519:C3jXhkGhEx88Gj7XKtUziJKXEBMRaJ67bWFkxJikVxZ2"
NO_KEY = f"public key '{KEY}' doesn't exist for account 'maker.near'"
UNMATCHED = 'invariant violated: {"error":"unmatched_deltas","unmatched_deltas":{"nep141:btc.omft.near":"-1"}}'
WHOLE = (*sorted(ORDINARY | FAULTS), NO_KEY, UNMATCHED)


@pytest.mark.parametrize("text", WHOLE)
def test_a_whole_known_text_refuses(text: str) -> None:
    assert refuses(text)


def test_the_texts_of_the_protocol_are_known_to_the_letter() -> None:
    assert GONE == "quote not found or already finished"
    assert {
        "deadline has expired",
        "invalid signature",
        "wrong verifying_contract",
        "invalid salt",
        "deadline is greater than nonce",
        "insufficient balance or overflow",
        "invalid intent",
        "Unauthorized",
    } | {GONE} == ORDINARY | FAULTS


@pytest.mark.parametrize(
    "text",
    [
        "Internal error: upstream host not found",
        "internal error",
        "not found",
        "gone",
        "unauthorized access to upstream",
        "nonce was already used",
        "another solver won",
        "insufficient resources",
        "expired",
        "timeout",
        "account 'maker.near' is locked",
        "Pausable: Method is paused",
        "gas overflow",
        "",
        f"public key '{KEY}' not found for account 'dragonegg.near'",
        f"public key '{KEY}' doesn't exist for account 'maker.near' at block 5",
        "public key 'ed25519:quote not found or already finished' doesn't exist for account 'maker.near'",
        f"public key '{KEY}' doesn't exist for account 'a' or 'b'",
        'invariant violated: {"error":"unmatched_deltas"}',
    ],
)
def test_any_other_text_is_unknown(text: str) -> None:
    assert not refuses(text)


@pytest.mark.parametrize("account", ["dragonegg.near", "expired.near", "gone.near", "not-found.near", "a" * 64])
def test_a_missing_key_is_a_fault_whatever_the_account_is_called(account: str) -> None:
    text = f"public key '{KEY}' doesn't exist for account '{account}'"
    assert refuses(text)
    assert is_fault(text)
    assert not is_ordinary(text)


@given(text=st.sampled_from(WHOLE), before=st.text(max_size=40), after=st.text(max_size=40))
def test_a_text_that_only_contains_a_known_one_is_unknown(text: str, before: str, after: str) -> None:
    assume(before or after)
    whole = before + text + after
    assume(whole not in WHOLE)
    assert not refuses(whole)
    assert not is_fault(whole)


@given(text=st.sampled_from(WHOLE), at=st.integers(0, 200), put=st.characters() | st.just(""))
def test_a_known_text_with_one_character_changed_is_another_text(text: str, at: int, put: str) -> None:
    at %= len(text)
    changed = text[:at] + put + text[at + 1 :]
    # A changed key, account or amount is another valid one.
    assume(changed not in WHOLE and "'" not in text and "{" not in text)
    assert not refuses(changed)


@given(st.text(max_size=600), st.none() | st.integers())
def test_any_text_with_another_code_is_unknown(text: str, code: int | None) -> None:
    assume(code != GONE_CODE and text not in WHOLE)
    assert not refuses(text, code)


@given(st.text(max_size=600))
def test_the_code_of_a_finished_auction_refuses_and_is_no_fault(text: str) -> None:
    assert refuses(text, GONE_CODE)
    assert not is_fault(text, GONE_CODE)


def test_a_text_that_may_have_been_cut_is_not_read() -> None:
    deltas = ",".join(f'"nep141:{"x" * 60}{number}":"1"' for number in range(2))
    assert refuses(f'invariant violated: {{"error":"unmatched_deltas","unmatched_deltas":{{{deltas}}}}}')
    deltas = ",".join(f'"nep141:{"x" * 90}{number}":"1{"0" * 30}"' for number in range(2))
    long = f'invariant violated: {{"error":"unmatched_deltas","unmatched_deltas":{{{deltas}}}}}'
    assert len(long) > MAX_TEXT
    assert not refuses(long)


@pytest.mark.parametrize(
    ("text", "code"),
    [("account 'maker.near' is locked", None), ("Pausable: Method is paused", None), ("Invalid params: x", -32602)],
)
def test_a_fault_of_the_desk_that_says_nothing_of_the_quote_is_counted_and_releases_nothing(
    text: str, code: int | None
) -> None:
    assert is_fault(text, code)
    assert not refuses(text, code)
