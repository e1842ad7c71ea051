"""The flow of a seed is what it always was: a recorded run meets the same requests, rivals and prices again."""

import hashlib
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from venue.protocol.units import NS_PER_S
from venue.sandbox.assembly import price_path, request_flow
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.price_path import RandomWalk
from venue.sandbox.flow.schedule import ScheduledRequest, schedule

SEED, REQUESTS = 21, 400
OF_ALL = {
    "index": "e8e2bb13995dfcf7",
    "at_ns": "6cd6ad354cd47770",
    "quote_id": "635fd383c0cccd06",
    "min_wait_ms": "121be00feedcdb4c",
    "max_wait_ms": "9fe3ea6d5a6d3db2",
    "tolerance_bps": "f05bfccc080f750f",
    "mid": "365c5485441a3fcf",
    "dry": "8aff9bec7d8bc398",
    "router_leg": "51a45279b21cb1a1",
}
"""By field of a request: the first 16 digits of the hash of its values in the first requests, other pairs or not."""
BY_SHARE: dict[float, dict[str, str]] = {
    0.9: {
        "asset_in": "e1586b91c4b2d8e4",
        "asset_out": "2e0cbacd422b16a1",
        "amount_in": "354c9e5ce3200823",
        "amount_out": "5368c778d77463a8",
        "min_deadline_ms": "4b344b18834fce19",
        "trader": "47f6d451b64a18e7",
        "traceparent": "e89c0c47d99219a6",
        "partner_id": "4bd34a40fb0e29ae",
        "rivals": "c1fa8b3a7577a2ee",
        "bare": "636ff28f43bb44ba",
        "trusted": "4cf76ecf36924909",
        "trusted_in_data": "bed2cce3fd829b16",
        "deadline_as_text": "ceb2a86d99f7e8bd",
        "stamp": "e4d4ee57a0f88241",
    },
    0.0: {
        "asset_in": "09f0707e0a66606a",
        "asset_out": "381721fc4908b943",
        "amount_in": "1cc0e03fd3fbceff",
        "amount_out": "777ca07c5356c088",
        "min_deadline_ms": "529b72716a2aa920",
        "trader": "07e7c81b5c6c0d78",
        "traceparent": "fdf292f98b5996af",
        "partner_id": "0947034197973cc0",
        "rivals": "d6a88aaa5e6ea196",
        "bare": "861454b69d88715d",
        "trusted": "0219370cff68b65b",
        "trusted_in_data": "f4c1fbfb412180e6",
        "deadline_as_text": "06c848eccc98041f",
        "stamp": "3bc7a0c4a29a6157",
    },
}
"""The same of the fields that depend on the share of other pairs."""
MIDS = "fa757684e03ea1a9"


def digest(values: list[object]) -> str:
    return hashlib.sha256("\n".join(map(str, values)).encode()).hexdigest()[:16]


def plain(request: ScheduledRequest, field: str) -> object:
    found: Any = getattr(request, field)
    return [(one.account, one.half_spread_bps, one.delay_ms) for one in found] if field == "rivals" else found


@pytest.mark.parametrize("other_pairs", BY_SHARE)
def test_the_default_flow_of_a_seed_is_the_recorded_one(other_pairs: float) -> None:
    config = VenueConfig(seed=SEED, other_pairs=other_pairs)
    found = list(islice(schedule(SEED, request_flow(config), price_path(config), config.traders), REQUESTS))
    expected = OF_ALL | BY_SHARE[other_pairs]
    assert {field: digest([plain(request, field) for request in found]) for field in expected} == expected


def test_the_default_market_of_a_seed_is_the_recorded_one() -> None:
    path = RandomWalk(SEED, Decimal("80000.00"))
    assert digest([path.mid_at(index * NS_PER_S // 3) for index in range(1_000)]) == MIDS


def test_todays_takers_are_prompt_and_probes_are_price_checks() -> None:
    found = list(islice(schedule(SEED, request_flow(VenueConfig()), price_path(VenueConfig())), REQUESTS))
    assert {request.kind for request in found} == {"prompt", "probe"}
    assert all((request.kind == "probe") == request.dry for request in found)
