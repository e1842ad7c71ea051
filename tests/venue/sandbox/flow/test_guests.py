"""Further accounts: opened with a key that works at once, funded, and given more while the venue runs."""

from typing import Any

import pytest

from tests.support.sandbox.maker import Signer
from tests.support.sandbox.rig import Launch, Rig
from venue.protocol.tokens import BTC, EURE


async def opened(rig: Rig, **order: object) -> dict[str, Any]:
    answer = await rig.control("/accounts", dict(order))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_an_account_of_the_settings_can_sign_at_once(launch: Launch) -> None:
    rig = await launch(accounts=("solver.near",), seed=7)
    [guest] = rig.venue.ready().guests
    assert guest.private_key is not None
    maker = (await rig.state())["balances"][rig.env["NEAR_INTENTS_ACCOUNT_ID"]]
    assert dict(guest.balances) == maker
    give: dict[str, object] = {"intent": "transfer", "receiver_id": "friend.near", "tokens": {BTC.token_id: "5"}}
    _, signed = Signer("solver.near", guest.private_key).sign([give], rig.salt, rig.deadline_ms())
    rig.venue.ledger.execute_intents([signed])
    assert (await rig.state())["balances"]["friend.near"] == {BTC.token_id: "5"}


async def test_the_same_seed_gives_the_same_key(launch: Launch) -> None:
    keys = [(await opened(await launch(seed=seed), account="a.near"))["private_key"] for seed in (7, 7, 8)]
    assert keys[0] == keys[1] != keys[2]


async def test_an_account_is_given_more_while_the_venue_runs(launch: Launch) -> None:
    rig = await launch()
    first = await opened(rig, account="taker.near", balances={"BTC": "0.5"})
    again = await opened(rig, account="taker.near", balances={BTC.token_id: "0.25", "EURe": 10})
    assert first["private_key"] == again["private_key"]
    assert again["balances"] == {BTC.token_id: "75000000", EURE.token_id: str(10 * 10**18)}


async def test_a_key_of_ones_own_is_registered_and_no_other_is_told(launch: Launch) -> None:
    rig = await launch()
    other = await opened(rig, account="other.near")
    found = await opened(rig, account="own.near", public_key=other["public_key"], balances={})
    assert (found["private_key"], found["balances"]) == (None, {})
    assert rig.venue.ledger.has_public_key("own.near", other["public_key"])


@pytest.mark.parametrize(
    "order",
    [
        {},
        {"account": "NOT AN ACCOUNT"},
        {"account": "a.near", "balances": {"DOGE": "1"}},
        {"account": "a.near", "balances": {"BTC": "-1"}},
        {"account": "a.near", "balances": {"BTC": "1e9999999"}},
        {"account": "a.near", "balances": {"BTC": "NaN"}},
        {"account": "a.near", "balances": {"BTC": "0.123456789"}},
        {"account": "a.near", "balances": {"EURe": "100000000000000000000"}},
        {"account": "a.near", "public_key": "ed25519:x"},
        {"account": "a.near", "extra": 1},
    ],
)
async def test_what_cannot_be_opened_changes_nothing(launch: Launch, order: dict[str, object]) -> None:
    rig = await launch()
    before = (await rig.state())["balances"]
    answer = await rig.control("/accounts", order)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert (await rig.state())["balances"] == before


async def test_a_gift_may_be_counted_in_text(launch: Launch) -> None:
    rig = await launch()
    gift = {"token_id": EURE.token_id, "amount": "15000000000000000000001", "account": "b.near"}
    assert (await rig.control("/faults", {"gift": gift})).status_code == 200
    assert (await rig.state())["balances"]["b.near"] == {EURE.token_id: "15000000000000000000001"}
