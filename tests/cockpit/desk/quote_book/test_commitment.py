"""What a commitment keeps of a quote, and in how little memory."""

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.quote_book.commitment import commit
from venue.protocol.assets import MAX_AMOUNT

names = st.text(max_size=60)
times = st.integers(0, 2**63 - 1)
amounts = st.integers(0, MAX_AMOUNT)
KEPT = {
    "quote_hash": names,
    "quote_id": names,
    "command_id": names,
    "decision_id": names,
    "nonce": names,
    "side": st.sampled_from(["buy", "sell"]),
    "asset_in": names,
    "asset_out": names,
    "amount_in": amounts,
    "amount_out": amounts,
    "edge": st.integers(-MAX_AMOUNT, MAX_AMOUNT),
    "sent_ns": times,
    "deadline_ns": times,
    "released_after_ns": times,
    "request_kind": st.sampled_from(["", "dry", "router"]),
    "partner": st.none() | names,
}


@given(st.fixed_dictionaries(KEPT))
def test_all_that_is_put_in_comes_out(values: dict[str, Any]) -> None:
    made = commit(**values)
    assert {name: getattr(made, name) for name in values} == values
    assert made == commit(**values)
    assert made.summed == (made.amount_in, made.amount_out, made.deadline_ns, made.released_after_ns)


@pytest.mark.parametrize("amount", [2**136, -(2**136) - 1])
def test_an_amount_that_no_verifier_has_is_not_cut(amount: int) -> None:
    values = dict.fromkeys(("quote_hash", "quote_id", "command_id", "decision_id", "nonce"), "")
    numbers = dict.fromkeys(("amount_out", "edge", "sent_ns", "deadline_ns", "released_after_ns"), 1)
    with pytest.raises(OverflowError):
        commit(side="buy", asset_in="a", asset_out="b", amount_in=amount, **values, **numbers)  # type: ignore[arg-type]


def test_a_quote_takes_half_a_kilobyte_at_most() -> None:
    made = commit(
        quote_hash="9" * 44,
        quote_id="00000000-0000-0000-0000-000000000000",
        command_id="20261128-000000-abcd-1000000",
        decision_id="20261128-000000-abcd-1000000",
        nonce="=" * 44,
        side="buy",
        asset_in="in",
        asset_out="out",
        amount_in=10**30,
        amount_out=10**30,
        edge=-(10**30),
        sent_ns=2**62,
        deadline_ns=2**62,
        released_after_ns=2**62,
        partner="1click",
    )
    assert sum(map(sys.getsizeof, (made, made.quote_hash, made.packed))) < 512
