"""Further accounts: opened with a key that works at once, funded, and given more while the venue runs."""

from typing import Any

import pytest

from tests.support.sandbox.maker import Signer
from tests.support.sandbox.rig import Launch, Rig
from venue.protocol.tokens import BTC, EURE
from venue.sandbox.base.names import ACCOUNT_RULE, TOKEN_RULE


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


TOKEN = "nep141:wrap.near"
HASH = "0x" + "ab" * 32


@pytest.mark.parametrize(
    "order",
    [
        {"gift": {"token_id": TOKEN, "amount": 5, "account": "NOT an account"}},
        {"gift": {"token_id": TOKEN, "amount": 5, "account": ""}},
        {"gift": {"token_id": "garbage", "amount": 5, "account": "b.near"}},
        {"gift": {"token_id": "nep141:No Contract", "amount": 5}},
        {"gift": {"token_id": "nep245:pool.near", "amount": 5}},
        {"gift": {"token_id": TOKEN, "amount": 0}},
        {"gift": {"token_id": TOKEN, "amount": 2**128}},
        {"gift": {"token_id": EURE.token_id, "amount": 2**128 - 1}},
        {"deposit": {"token_id": EURE.token_id, "amount": 5, "account": "NOT an account"}},
        {"deposit": {"token_id": EURE.token_id, "amount": 2**128 - 1}},
        {"deposit": {"token_id": EURE.token_id, "amount": 5, "sender": "bc1qx"}},
        {"deposit": {"token_id": EURE.token_id, "amount": 5, "tx_hash": HASH[:-1]}},
        {"gift": {"token_id": TOKEN, "amount": 5}, "deposit": {"token_id": EURE.token_id, "amount": 5, "sender": "x"}},
    ],
)
async def test_money_that_cannot_come_is_refused_and_changes_nothing(
    launch: Launch, order: dict[str, dict[str, object]]
) -> None:
    rig = await launch()
    before = await rig.state()
    answer = await rig.control("/faults", {"relay_mute": True, "rotate_salt": "invalidate_old", **order})
    assert answer.status_code == 400
    assert answer.json()["error"]
    after = await rig.state()
    for part in ("balances", "deposits", "faults"):
        assert after[part] == before[part]
    assert rig.venue.state()["failures"] == 0
    if "deposit" in order:
        assert (await rig.control("/deposit", order["deposit"])).status_code == 400
        assert (await rig.state())["deposits"] == before["deposits"]


@pytest.mark.parametrize("token_id", [TOKEN, "nep245:pool.near:7", "nep171:art.near:one:two"])
async def test_a_gift_may_be_of_any_token(launch: Launch, token_id: str) -> None:
    rig = await launch()
    gift = {"token_id": token_id, "amount": 5, "account": "b.near"}
    assert (await rig.control("/faults", {"gift": gift})).status_code == 200
    assert (await rig.state())["balances"]["b.near"] == {token_id: "5"}


async def test_the_refusal_of_a_gift_says_what_is_wrong_with_it(launch: Launch) -> None:
    rig = await launch()
    for gift, told in (
        (
            {"token_id": TOKEN, "amount": 5, "account": "NOT an account"},
            f"'NOT an account' is not an account on NEAR: {ACCOUNT_RULE}",
        ),
        ({"token_id": "garbage", "amount": 5}, f"'garbage' is not the id of a token: {TOKEN_RULE}"),
    ):
        assert told in (await rig.control("/faults", {"gift": gift})).json()["error"]
