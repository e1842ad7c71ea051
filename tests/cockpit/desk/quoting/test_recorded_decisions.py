"""No decision has a negative amount: the checks of the history would refuse the record of it."""

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.quoting.strategy import decide, decision_event, desk_prices
from cockpit.model.commands import PriceParams
from tests.support.desk.builders import request, view

U128 = 2**128 - 1
amounts = st.one_of(st.integers(0, 10), st.integers(0, U128), st.sampled_from([10**8, 10**18, U128]))


@given(
    side=st.sampled_from(["buy", "sell"]),
    amount=amounts,
    wants_out=st.booleans(),
    held=st.tuples(amounts, amounts),
    mid=st.decimals("0.01", 10**9, places=8),
    half_spread=st.decimals(0, 5_000, places=2),
    max_skew=st.decimals(0, 2_000, places=2),
    skew_sigmas=st.decimals(0, 50, places=1),
    vol_factor=st.decimals(0, 5, places=1),
    sigma=st.one_of(st.none(), st.decimals(0, 100_000, places=2)),
)
def test_no_amount_of_a_decision_is_negative(
    side: Any,
    amount: int,
    wants_out: bool,
    held: tuple[int, int],
    mid: Decimal,
    half_spread: Decimal,
    max_skew: Decimal,
    skew_sigmas: Decimal,
    vol_factor: Decimal,
    sigma: Decimal | None,
) -> None:
    asked = request(side, amount_out=amount) if wants_out else request(side, amount_in=amount)
    seen = view(
        mid=mid,
        base_balance=held[0],
        quote_balance=held[1],
        sigma_bps=sigma,
        params=PriceParams(
            half_spread_bps=half_spread, max_skew_bps=max_skew, skew_sigmas=skew_sigmas, vol_factor=vol_factor
        ),
    )
    event = decision_event("decision", asked, decide(asked, seen, desk_prices(seen)), seen, rules_id="rules")
    found = event.amount_in, event.amount_out, event.notional
    assert all(one is None or one >= 0 for one in found), found
