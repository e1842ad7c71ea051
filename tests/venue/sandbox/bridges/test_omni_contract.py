"""What a client asks the Omni bridge's contract before it sends a token there."""

import json

import pytest

from venue.protocol.tokens import BTC, NBTC
from venue.sandbox.bridges.omni_contract import Views, contract_views
from venue.sandbox.wire.errors import ContractPanicError

NBTC_ADDRESS = f"near:{NBTC.near_token}"


@pytest.fixture
def views() -> Views:
    return contract_views((NBTC,), lambda account: {"total": "1", "available": "1"} if account == "a.near" else None)


def ask(views: Views, method: str, **arguments: object) -> object:
    return views[method](json.dumps(arguments).encode())


@pytest.mark.parametrize(
    ("address", "chain", "bridged"),
    [
        (NBTC_ADDRESS, "Btc", "btc:"),
        (NBTC_ADDRESS, "Near", NBTC_ADDRESS),
        (NBTC_ADDRESS, "Eth", None),
        (f"near:{BTC.near_token}", "Btc", None),
        ("btc:", "Near", NBTC_ADDRESS),
        ("zcash:", "Near", None),
    ],
)
def test_a_token_has_its_coin_on_its_own_chain_alone(
    views: Views, address: str, chain: str, bridged: str | None
) -> None:
    assert ask(views, "get_bridged_token", address=address, chain=chain) == bridged


def test_the_coin_has_the_decimals_of_the_token(views: Views) -> None:
    assert ask(views, "get_token_decimals", address="btc:") == {"decimals": 8, "origin_decimals": 8}
    assert ask(views, "get_token_decimals", address="zcash:") is None


def test_storage_is_told_by_account(views: Views) -> None:
    assert ask(views, "storage_balance_of", account_id="a.near") == {"total": "1", "available": "1"}
    assert ask(views, "storage_balance_of", account_id="b.near") is None


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("storage_balance_of", {}),
        ("storage_balance_of", {"account_id": 5}),
        ("get_bridged_token", {"address": NBTC_ADDRESS}),
        ("get_bridged_token", {"address": NBTC_ADDRESS, "chain": "Moon"}),
        ("get_bridged_token", {"address": "moon:x", "chain": "Btc"}),
        ("get_bridged_token", {"address": "near:NOT AN ACCOUNT", "chain": "Btc"}),
        ("get_token_decimals", {"address": None}),
    ],
)
def test_arguments_of_another_shape_are_refused_as_the_contract_refuses_them(
    views: Views, method: str, arguments: dict[str, object]
) -> None:
    with pytest.raises(ContractPanicError, match="Failed to deserialize input from JSON"):
        ask(views, method, **arguments)
    with pytest.raises(ContractPanicError, match="Failed to deserialize input from JSON"):
        views[method](b"no JSON")
