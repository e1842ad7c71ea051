"""Every view of the desk that a decision may be made of, for Hypothesis."""

from decimal import Decimal

from hypothesis import strategies as st

from tests.support.desk.builders import NOW, view
from venue.protocol.units import NS_PER_S

BALANCES = st.none() | st.integers(0, 2**128 - 1)


VIEWS = st.builds(
    view,
    strategy_armed=st.booleans(),
    executor_armed=st.booleans(),
    mid=st.none() | st.decimals(Decimal(1), Decimal(10**6), places=8),
    mid_at_ns=st.integers(NOW - 20 * NS_PER_S, NOW + NS_PER_S),
    mid_usable=st.booleans(),
    mid_problem=st.text(),
    base_balance=BALANCES,
    quote_balance=BALANCES,
    base_reserved=st.integers(0, 2**128 - 1),
    quote_reserved=st.integers(0, 2**128 - 1),
    base_signed=st.none() | st.integers(0, 2**128 - 1),
    quote_signed=st.none() | st.integers(0, 2**128 - 1),
    inventory_at_ns=st.integers(NOW - 40 * NS_PER_S, NOW + NS_PER_S),
    default_deadline_ms=st.integers(1_000, 3_600_000),
    salt_known=st.booleans(),
    relay_writable=st.booleans(),
    history_writable=st.booleans(),
    deadline_slack_ms=st.integers(1_000, 60_000),
    exact_out_deadline_ms=st.none() | st.integers(1_000, 3_600_000),
    quote_dry=st.booleans(),
    request_max_age_ms=st.none() | st.integers(1_000, 60_000),
    request_waited_ms=st.integers(0, 60_000),
)
