"""The arithmetic of the Omni bridge: what passes the checks can neither be lost nor arrive short."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.funding.bridges.omni_checks import ONLY_INTENT, STORAGE_NEEDED, omni_refusals
from cockpit.desk.funding.bridges.terms import OmniAsks
from cockpit.desk.funding.preflight import PreflightFacts, failed_checks
from cockpit.model.commands import FEE_CHANGED
from tests.support.funding.passing import PASSING
from venue.bridges.omni.message import OmniTerms
from venue.protocol.tokens import DEFAULT_TOKENS, NBTC
from venue.signing.withdrawals import way_out

ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
ASKS = OmniAsks(
    gas_fee=1_200,
    protocol_fee=300,
    native_fee=0,
    insufficient_utxo=False,
    storage=10**24,
    storage_problem="",
    wrapped_near=None,
    wrapped_near_problem="",
)
near_amounts = st.none() | st.sampled_from((0, 1, STORAGE_NEEDED, STORAGE_NEEDED + 1, 10**24))
asked = st.builds(
    OmniAsks,
    gas_fee=st.integers(1, 3_000),
    protocol_fee=st.integers(1, 3_000),
    native_fee=st.sampled_from((0, 1, 10**21)),
    insufficient_utxo=st.booleans(),
    storage=near_amounts,
    storage_problem=st.just("no answer"),
    wrapped_near=near_amounts,
    wrapped_near_problem=st.just("no answer"),
)


def facts(asks: OmniAsks | None, amount: int, minimum: int | None, expected: int | None = None) -> PreflightFacts:
    return msgspec.structs.replace(
        PASSING,
        asset=NBTC,
        route="intent",
        destination=ADDRESS,
        amount=amount,
        balance=10**8,
        available=10**8,
        fee=None if asks is None else asks.gas_fee + asks.protocol_fee,
        fee_problem="no answer",
        expected_fee=None,
        minimum=minimum,
        minimum_problem="no answer",
        minimum_of="leaves",
        omni=asks,
        expected_native_fee=expected,
    )


@given(
    st.none() | asked,
    st.integers(1, 12_000) | st.integers(1, 240_000),
    st.none() | st.integers(1, 8_000),
    st.none() | st.sampled_from((0, 1, 10**21)),
)
def test_what_passes_arrives_whole_and_cannot_be_lost(
    asks: OmniAsks | None, amount: int, minimum: int | None, expected: int | None
) -> None:
    refusals = failed_checks(facts(asks, amount, minimum, expected))
    if refusals:
        return
    assert asks is not None
    assert minimum is not None
    arrives = amount - asks.gas_fee - asks.protocol_fee
    assert arrives >= 294
    assert amount >= minimum
    assert not asks.insufficient_utxo
    assert (asks.storage or 0) > STORAGE_NEEDED
    assert asks.native_fee <= (asks.wrapped_near or 0)
    assert asks.native_fee == (expected or 0)
    assert 20 * (asks.gas_fee + asks.protocol_fee) <= amount, "nobody named the fee"
    terms = OmniTerms(
        gas_fee=asks.gas_fee,
        protocol_fee=asks.protocol_fee,
        native_fee=asks.native_fee,
        external_id="3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    )
    assert way_out(DEFAULT_TOKENS, NBTC, amount, ADDRESS, terms).amount == arrives + terms.fee


def test_the_usual_order_passes() -> None:
    assert failed_checks(facts(ASKS, 1_000_000, 4_000, 0)) == ()


@pytest.mark.parametrize(
    ("change", "expected", "reason"),
    [
        ({"insufficient_utxo": True}, None, "cannot pay this amount out now"),
        ({"storage": None, "storage_problem": "no answer"}, None, "is not known (no answer)"),
        ({"storage": STORAGE_NEEDED}, None, "0.5 NEAR of storage left"),
        ({"native_fee": 1, "wrapped_near": None, "wrapped_near_problem": "no answer"}, 1, "wNEAR is not known"),
        ({"native_fee": 10**21, "wrapped_near": 10**21 - 1}, 10**21, "0.001 NEAR"),
        ({"native_fee": 10**21, "wrapped_near": 10**24}, None, "0.001 NEAR beside the amount; to accept it, give"),
        ({"native_fee": 10**21, "wrapped_near": 10**24}, 0, FEE_CHANGED),
    ],
)
def test_each_check_refuses_with_its_numbers(change: dict[str, object], expected: int | None, reason: str) -> None:
    [refusal] = omni_refusals(msgspec.structs.replace(ASKS, **change), expected_native_fee=expected)
    assert reason in refusal


def test_the_transaction_route_is_shut() -> None:
    refusals = failed_checks(msgspec.structs.replace(facts(ASKS, 1_000_000, 4_000), route="transaction"))
    assert f"nBTC {ONLY_INTENT}" in refusals
