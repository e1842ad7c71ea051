"""Every view of the desk that a decision may be made of, for Hypothesis."""

from decimal import Decimal

from hypothesis import strategies as st

from cockpit.model.commands import NO_OPTION_LIMIT, Limits, PriceParams
from tests.support.desk.builders import NOW, view
from venue.protocol.units import NS_PER_S

BALANCES = st.none() | st.integers(0, 2**128 - 1)


PRICING = st.builds(
    PriceParams,
    half_spread_bps=st.decimals(0, 5_000, places=2),
    max_skew_bps=st.decimals(0, 2_000, places=2),
    target_btc_share=st.decimals(0, 1, places=3),
    vol_factor=st.just(Decimal(0)) | st.decimals(0, 5, places=2),
    skew_sigmas=st.just(Decimal(0)) | st.decimals(0, 50, places=1),
    max_premium_bps=st.just(Decimal(0)) | st.decimals(0, 5_000, places=1),
    unknown_sigma_bps=st.decimals(Decimal("1.5"), 1_000, places=1),
    partner_weight=st.just(Decimal(0)) | st.decimals(0, 1, places=2),
)
"""Every way of pricing that the settings allow."""
SIGMAS = st.none() | st.decimals(Decimal("1.5"), 10_000, places=2)

VIEWS = st.builds(
    view,
    params=st.just(PriceParams()) | PRICING,
    limits=st.builds(
        Limits,
        max_asset_share=st.just(Decimal(1)),
        max_option_eure=st.just(NO_OPTION_LIMIT) | st.decimals("0.01", 1_000, places=2),
    ),
    sigma_bps=SIGMAS,
    option_value=st.none() | st.integers(0, 10**21),
    add_on_bps=st.just(Decimal(0)) | st.decimals(0, 15, places=2),
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
    default_deadline_ms=st.just(0) | st.integers(1_000, 3_600_000),
    salt_known=st.booleans(),
    relay_writable=st.booleans(),
    history_writable=st.booleans(),
    deadline_slack_ms=st.integers(1_000, 60_000),
    exact_out_deadline_ms=st.none() | st.integers(1_000, 3_600_000),
    quote_dry=st.booleans(),
    request_max_age_ms=st.none() | st.integers(1_000, 60_000),
    request_waited_ms=st.integers(0, 60_000),
)
