"""What a quote request says beside its tokens: every form that the relay is known to send, and any shape at all."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.events import SwapDemand
from tests.support.venue.relay_server import event, flat, request_data
from venue.protocol.assets import MAX_AMOUNT
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.relay.errors import MalformedMessageError
from venue.relay.messages import decode_message, read_event
from venue.relay.quote_requests import OLDEST_NS, read_amount, read_asked
from venue.transport.bounds import MAX_NAME

NOW = 1_790_000_000_123_456_789
TRUSTED = {
    "source": "1click",
    "partner_id": "wallet-7",
    "quote_type": "main_quote",
    "quote_request_data": {"dry": True, "slippageTolerance": 100},
}


def read(frame: object) -> SwapDemand:
    found = read_event(decode_message(json.dumps(frame)), DEFAULT_TOKENS, NOW)
    assert isinstance(found, SwapDemand)
    return found


def routed(trusted: object, times: int) -> object:
    for _ in range(times):
        trusted = {"source": "router", "upstream_metadata": {}, "upstream_trusted_metadata": trusted}
    return trusted


@given(st.integers(1, MAX_AMOUNT))
def test_an_amount_is_read_exactly_from_text_and_from_a_bare_number(amount: int) -> None:
    assert read_amount(str(amount)) == amount
    assert read_amount(amount) == amount


@given(st.text(max_size=45) | st.integers())
def test_anything_but_a_positive_u128_is_malformed(raw: str | int) -> None:
    decimal = isinstance(raw, int) or (raw.isascii() and raw.isdigit() and len(raw) <= 39)
    if decimal and 0 < int(raw) <= MAX_AMOUNT:
        assert read_amount(raw) == int(raw)
    else:
        with pytest.raises(MalformedMessageError) as caught:
            read_amount(raw)
        assert caught.value.kind == "amount"


def test_a_request_without_metadata_says_nothing_of_itself() -> None:
    found = read(event(request_data()))
    assert (found.dry, found.router_leg, found.asked_ns) == (False, False, None)
    assert (found.min_wait_ms, found.max_wait_ms, found.protocol_fee_included) == (None, None, None)
    assert (found.partner_id, found.source, found.quote_type, found.slippage_bps) == (None, None, None, None)


@pytest.mark.parametrize("place", ["metadata", "data", "flat"])
def test_the_relays_trusted_word_is_read_wherever_it_stands(place: str) -> None:
    if place == "metadata":
        frame = event(request_data(), metadata={"partner_id": "1click", "trusted_metadata": TRUSTED})
    elif place == "data":
        frame = event(request_data(trusted_metadata=TRUSTED), metadata={"partner_id": "1click"})
    else:
        frame = flat(request_data(trusted_metadata=TRUSTED, metadata={"partner_id": "1click"}))
    found = read(frame)
    assert found.dry
    assert (found.partner_id, found.source, found.quote_type) == ("1click", "1click", "main_quote")
    assert (found.trusted_partner_id, found.slippage_bps) == ("wallet-7", 100)


@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_routers_leg_of_a_dry_request_is_dry(times: int) -> None:
    found = read(event(request_data(), metadata={"trusted_metadata": routed(TRUSTED, times)}))
    assert (found.dry, found.router_leg, found.source) == (True, True, "router")
    assert (found.quote_type, found.trusted_partner_id) == ("main_quote", "wallet-7")


@pytest.mark.parametrize(
    ("data", "metadata", "leg"),
    [
        ({"protocol_fee_included": True, "min_wait_ms": 1}, {"partner_id": "router-solver"}, True),
        ({"protocol_fee_included": True}, {}, True),
        ({"protocol_fee_included": "true"}, {}, True),
        ({}, {"partner_id": "router-solver"}, True),
        ({"protocol_fee_included": False, "min_wait_ms": 1900, "max_wait_ms": "3000"}, {"partner_id": "1click"}, False),
        ({"protocol_fee_included": 1}, {}, False),
    ],
)
def test_a_leg_of_a_router_is_told_from_a_top_level_request(
    data: dict[str, object], metadata: dict[str, object], leg: bool
) -> None:
    found = read(event(request_data(**data), metadata=metadata))
    assert found.router_leg is leg
    waits = tuple(None if data.get(name) is None else int(str(data[name])) for name in ("min_wait_ms", "max_wait_ms"))
    assert (found.min_wait_ms, found.max_wait_ms) == waits


@pytest.mark.parametrize(
    "dry", [False, None, 0, 1, "", "yes", "false", "trueish", [], {}, [True], {"dry": True}, 10**30, 1.5]
)
def test_only_a_plain_true_makes_a_request_dry(dry: object) -> None:
    trusted = {**TRUSTED, "quote_request_data": {"dry": dry}}
    assert not read(event(request_data(), metadata={"trusted_metadata": trusted})).dry


ASKED = NOW - 23 * NS_PER_MS
MS = ASKED // NS_PER_MS


@pytest.mark.parametrize(
    ("raw", "each_ns"),
    [
        (ASKED, 1),
        (str(ASKED), 1),
        (str(ASKED // 1_000), 1_000),
        (MS, NS_PER_MS),
        (str(MS), NS_PER_MS),
        (float(MS), NS_PER_MS),
        (f"{MS // 1_000}.{MS % 1_000:03}", NS_PER_MS),
        (MS // 1_000, NS_PER_S),
        (datetime.fromtimestamp(MS // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{MS % 1_000:03}Z", NS_PER_MS),
        (datetime.fromtimestamp(MS // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{MS % 1_000:03}", NS_PER_MS),
        (datetime.fromtimestamp(MS // 1_000, UTC).isoformat(), NS_PER_S),
    ],
)
def test_the_time_of_asking_is_read_in_every_form(raw: object, each_ns: int) -> None:
    found = read_asked(raw, NOW)
    assert found is not None
    assert abs(found - ASKED // each_ns * each_ns) < 1_000
    assert read(event(request_data(), metadata={"quote_timestamp": raw})).asked_ns == found


@pytest.mark.parametrize(
    "raw",
    [
        NOW + 1,
        NOW - OLDEST_NS - 1,
        0,
        -1,
        10**25,
        True,
        "",
        "now",
        "9" * 41,
        "²",
        "nan",
        "inf",
        "1e400",
        "2026-13-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        None,
        [],
        {},
    ],
)
def test_a_time_that_is_ahead_absurd_or_unreadable_is_unknown(raw: object) -> None:
    assert read_asked(raw, NOW) is None


@given(
    st.one_of(
        st.text(max_size=60),
        st.integers(),
        st.floats(),
        st.integers(0, 2**70).map(str),
        st.datetimes(timezones=st.none() | st.timezones()).map(datetime.isoformat),
    )
)
def test_a_time_of_asking_is_never_ahead_and_never_older_than_a_minute(raw: object) -> None:
    found = read_asked(raw, NOW)
    assert found is None or 0 <= NOW - found <= OLDEST_NS


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(sorted(TRUSTED)) | st.text(), inner),
    max_leaves=12,
)
NAMES = ["trusted_metadata", "partner_id", "traceparent", "quote_timestamp", "quote_request_data"]


@given(
    JSON | st.dictionaries(st.sampled_from(NAMES), JSON),
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("min_wait_ms", "max_wait_ms", "protocol_fee_included", "trusted_metadata"), JSON),
    ),
)
def test_what_is_optional_may_have_any_shape_and_everything_read_is_bounded(
    metadata: object, optional: dict[str, Any]
) -> None:
    found = read(event(request_data(**optional), metadata=metadata))
    assert (found.quote_id, found.amount_in, found.min_deadline_ms) == ("q-1", 1_000, 60_000)
    for text in (found.partner_id, found.traceparent, found.source, found.quote_type, found.trusted_partner_id):
        assert text is None or (0 < len(text) <= MAX_NAME and text.isprintable())
    for wait_ms in (found.min_wait_ms, found.max_wait_ms):
        assert wait_ms is None or 0 <= wait_ms <= 3_600_000
    assert found.slippage_bps is None or 0 <= found.slippage_bps <= 10_000
    assert type(found.dry) is type(found.router_leg) is bool


def test_metadata_nested_too_deep_to_read_is_unknown_and_the_request_stays() -> None:
    deep = "[" * 900 + "]" * 900
    frame = json.dumps(event(request_data(), metadata="DEEP")).replace('"DEEP"', f'{{"trusted_metadata":{deep}}}')
    found = read_event(decode_message(frame), DEFAULT_TOKENS, NOW)
    assert isinstance(found, SwapDemand)
    assert (found.dry, found.source) == (False, None)
