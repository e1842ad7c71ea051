"""The Verifier's own function calls: transfers inside it, withdrawals of other tokens, keys, and what is shut."""

import json
from collections.abc import Mapping

import pytest

from tests.support.sandbox.signing import Signer, withdrawal
from tests.venue.sandbox.contracts.conftest import AMOUNT, World, logs, panic
from venue.protocol.nonce import encode_nonce
from venue.protocol.tokens import BTC, EURE
from venue.sandbox.verifier.restrictions import Restrictions
from venue.sandbox.wire.errors import INSUFFICIENT_BALANCE, INVALID_INTENT, ONE_YOCTO, PAUSED

VERIFIER = "intents.near"
NFT, MULTI = "nep171:nft.near:one", "nep245:mt.near:gold"


def moved(**changes: object) -> dict[str, object]:
    return {"receiver_id": "eve.near", "token_id": BTC.token_id, "amount": "700", **changes}


def batch(**changes: object) -> dict[str, object]:
    ids = [BTC.token_id, EURE.token_id]
    return {"receiver_id": "eve.near", "token_ids": ids, "amounts": ["700", "5"], **changes}


async def run(world: World, method: str, args: Mapping[str, object], deposit: int = 1) -> object:
    return await world.value(world.maker, VERIFIER, method, args, deposit=deposit)


async def test_what_the_verifier_holds_is_listed(world: World) -> None:
    world.ledger.mint("eve.near", NFT, 1)
    ids = sorted({BTC.token_id, EURE.token_id, "nep141:nbtc.bridge.near"})
    assert await world.view(VERIFIER, "mt_tokens") == [{"token_id": one} for one in [*ids, NFT]]
    assert await world.view(VERIFIER, "mt_tokens", from_index="1", limit=1) == [{"token_id": ids[1]}]
    owned = await world.view(VERIFIER, "mt_tokens_for_owner", account_id="eve.near")
    assert owned == [{"token_id": NFT, "owner_id": "eve.near"}]
    assert await world.view(VERIFIER, "mt_tokens_for_owner", account_id="nobody.near") == []
    assert await world.view(VERIFIER, "mt_supply", token_id=BTC.token_id) == str(AMOUNT)
    assert await world.view(VERIFIER, "mt_batch_supply", token_ids=["nep141:x.near", "garbage"]) == ["0", None]
    assert await world.view(VERIFIER, "mt_token", token_ids=[NFT, "nep141:x.near"]) == [{"token_id": NFT}, None]
    for bad in ({"from_index": 1}, {"limit": -1}, {"limit": 2**32}):
        assert "Failed to deserialize" in await world.view(VERIFIER, "mt_tokens", **bad)


async def test_tokens_move_inside_the_verifier(world: World) -> None:
    done = await world.call(world.maker, VERIFIER, "mt_transfer", moved(memo="thanks"), deposit=1)
    assert done["status"] == {"SuccessValue": ""}
    (line,) = logs(done)
    assert json.loads(line.removeprefix("EVENT_JSON:"))["data"] == [
        {
            "old_owner_id": "maker.near",
            "new_owner_id": "eve.near",
            "token_ids": [BTC.token_id],
            "amounts": ["700"],
            "memo": "thanks",
        }
    ]
    assert await run(world, "mt_batch_transfer", batch()) is None
    assert world.ledger.balance("eve.near", BTC.token_id) == 1_400
    assert world.ledger.balance("eve.near", EURE.token_id) == 5


@pytest.mark.parametrize(
    ("method", "args", "deposit", "expected"),
    [
        ("mt_transfer", moved(), 0, ONE_YOCTO),
        ("mt_transfer", moved(amount="0"), 1, INVALID_INTENT),
        ("mt_transfer", moved(receiver_id="maker.near"), 1, INVALID_INTENT),
        ("mt_transfer", moved(amount=str(AMOUNT + 1)), 1, INSUFFICIENT_BALANCE),
        ("mt_transfer", moved(approval=["eve.near", 1]), 1, "approvals are not supported"),
        ("mt_batch_transfer", batch(amounts=["1"]), 1, INVALID_INTENT),
        ("mt_batch_transfer", batch(token_ids=[], amounts=[]), 1, INVALID_INTENT),
        ("mt_batch_transfer", batch(approvals=[]), 1, "approvals are not supported"),
        ("execute_intents", {"signed": []}, 1, "Method execute_intents doesn't accept deposit"),
        ("fee", {}, 1, "Method fee doesn't accept deposit"),
    ],
)
async def test_a_call_is_refused_in_the_contracts_words(
    world: World, method: str, args: dict[str, object], deposit: int, expected: str
) -> None:
    before = world.ledger.balances_of("maker.near")
    assert await run(world, method, args, deposit) == expected
    assert world.ledger.balances_of("maker.near") == before


async def test_a_call_needs_the_gas_that_its_intents_set_aside(world: World) -> None:
    out = withdrawal(700, min_gas=str(40 * 10**12))
    args = {"signed": [world.maker.sign(out)]}
    low = await world.value(world.maker, VERIFIER, "execute_intents", args, gas=40 * 10**12)
    assert low == "Exceeded the prepaid gas."
    assert await world.value(world.maker, VERIFIER, "execute_intents", args, gas=50 * 10**12) is None


async def test_what_is_no_token_is_named(world: World) -> None:
    assert str(await run(world, "mt_transfer", moved(token_id="btc"))).startswith("token_id: ")


@pytest.mark.parametrize("receiver", ["eve.near", "nobody.near", "btc.omft.near", VERIFIER])
async def test_a_transfer_with_a_message_comes_back_from_whoever_does_not_take_it(world: World, receiver: str) -> None:
    used = await run(world, "mt_transfer_call", moved(receiver_id=receiver, msg="hello"))
    assert used == ["0"]
    assert await run(world, "mt_batch_transfer_call", batch(receiver_id=receiver, msg="")) == ["0", "0"]
    assert world.ledger.balance("maker.near", BTC.token_id) == AMOUNT
    assert world.ledger.balance(receiver, BTC.token_id) == 0


@pytest.mark.parametrize("receiver", ["eve.near", "btc.omft.near"])
async def test_an_intents_transfer_with_a_message_comes_back_too(world: World, receiver: str) -> None:
    tokens = {BTC.token_id: "700", EURE.token_id: "5"}
    transfer = {"intent": "transfer", "receiver_id": receiver, "tokens": tokens, "msg": "hello"}
    signed = {"signed": [world.maker.sign(transfer)]}
    done = await world.call(world.maker, VERIFIER, "execute_intents", signed)
    assert done["status"] == {"SuccessValue": ""}
    told, resolved = (one["outcome"] for one in done["receipts_outcome"][1:])
    assert (told["executor_id"], "Failure" in told["status"]) == (receiver, True)
    assert '"memo":"refund"' in resolved["logs"][0]
    assert world.ledger.balance("maker.near", BTC.token_id) == AMOUNT
    by_relay = world.ledger.execute_intents([world.maker.sign(transfer)])
    assert len(by_relay.steps) == 2
    assert world.ledger.balance(receiver, BTC.token_id) == 0
    plain = world.maker.sign({**transfer, "msg": None})
    assert world.ledger.execute_intents([plain]).steps == ()
    assert world.ledger.balance(receiver, BTC.token_id) == 700


async def test_other_tokens_leave(world: World) -> None:
    world.ledger.mint("maker.near", NFT, 1)
    world.ledger.mint("maker.near", MULTI, 10)
    to: dict[str, object] = {"receiver_id": "eve.near"}
    assert await run(world, "nft_withdraw", {**to, "token": "nft.near", "token_id": "one"}) is True
    args = {**to, "token": "mt.near", "token_ids": ["gold"], "amounts": ["4"]}
    assert await run(world, "mt_withdraw", args) == ["4"]
    assert world.ledger.balance("maker.near", MULTI) == 6
    assert world.ledger.balance("maker.near", NFT) == 0
    assert await run(world, "mt_withdraw", {**args, "amounts": []}) == INVALID_INTENT
    assert await run(world, "nft_withdraw", {**to, "token": "nft.near", "token_id": "one"}) == INSUFFICIENT_BALANCE


async def test_an_account_gives_up_its_own_calls(world: World) -> None:
    assert await world.view(VERIFIER, "is_auth_by_predecessor_id_enabled", account_id="maker.near") is True
    done = await world.call(world.maker, VERIFIER, "disable_auth_by_predecessor_id", {}, deposit=1)
    assert "set_auth_by_predecessor_id" in logs(done)[0]
    assert await world.view(VERIFIER, "is_auth_by_predecessor_id_enabled", account_id="maker.near") is False
    text = "authentication by PREDECESSOR_ID is disabled for account 'maker.near'"
    assert await run(world, "mt_transfer", moved()) == text
    assert await run(world, "disable_auth_by_predecessor_id", {}) == text
    world.ledger.execute_intents([world.maker.sign({"intent": "set_auth_by_predecessor_id", "enabled": True})])
    assert await run(world, "mt_transfer", moved()) is None


@pytest.mark.parametrize(
    ("feature", "method", "args"),
    [
        ("mt_transfer", "mt_transfer", moved()),
        ("mt_transfer", "mt_batch_transfer_call", batch(msg="")),
        ("ft_withdraw", "ft_withdraw", {"token": "x.near", "receiver_id": "eve.near", "amount": "1"}),
        ("nft_withdraw", "nft_withdraw", {"token": "x.near", "receiver_id": "eve.near", "token_id": "1"}),
        (
            "mt_withdraw",
            "mt_withdraw",
            {"token": "x.near", "receiver_id": "eve.near", "token_ids": [], "amounts": []},
        ),
    ],
)
async def test_a_paused_feature_comes_before_everything_else(
    world: World, feature: str, method: str, args: dict[str, object]
) -> None:
    world.ledger.shut = Restrictions(paused=frozenset({feature}))
    assert await run(world, method, args, deposit=0) == PAUSED
    world.ledger.shut = Restrictions()
    assert await run(world, method, args, deposit=0) == ONE_YOCTO


async def test_deposits_can_be_paused(world: World) -> None:
    world.ledger.shut = Restrictions(paused=frozenset({"ft_on_transfer"}))
    await world.register(world.eve, BTC.near_token)
    out = {"token": BTC.near_token, "receiver_id": "eve.near", "amount": "700"}
    await run(world, "ft_withdraw", out)
    args = {"receiver_id": VERIFIER, "amount": "100", "msg": ""}
    answer = await world.call(world.eve, BTC.near_token, "ft_transfer_call", args, deposit=1)
    assert panic(answer["receipts_outcome"][1]["outcome"]["status"]) == PAUSED
    assert await world.held(BTC.near_token, "eve.near") == 700


DAO = Signer("dao.intents.near", 5)
ADMINISTRATION: dict[str, tuple[dict[str, object], str]] = {
    "pa_pause_feature": ({"key": "intents"}, '"DAO", "PauseManager"'),
    "pa_unpause_feature": ({"key": "intents"}, '"DAO", "UnpauseManager"'),
    "force_lock_account": (
        {"account_id": "maker.near"},
        '"DAO", "UnrestrictedAccountLocker", "UnrestrictedAccountManager"',
    ),
    "force_unlock_account": (
        {"account_id": "maker.near"},
        '"DAO", "UnrestrictedAccountUnlocker", "UnrestrictedAccountManager"',
    ),
    "update_current_salt": ({}, '"DAO", "SaltManager"'),
    "invalidate_salts": ({"salts": []}, '"DAO", "SaltManager"'),
    "cleanup_nonces": ({"nonces": []}, '"DAO", "GarbageCollector"'),
}


@pytest.mark.parametrize("method", ADMINISTRATION)
async def test_only_the_administrators_shut_anything(world: World, method: str) -> None:
    world.ledger.add_access_key(DAO.account, DAO.public_key)
    args, roles = ADMINISTRATION[method]
    assert await run(world, method, args, 0 if method.startswith("pa_") else 1) == (
        f"Insufficient permissions for method {method} restricted by access control. "
        f"Requires one of these roles: [{roles}]"
    )
    by_dao = await world.value(DAO, VERIFIER, method, args, deposit=0)
    assert by_dao in (True, False) if method.startswith("pa_") else by_dao == ONE_YOCTO


async def test_pauses_locks_and_salts_hold_until_they_are_taken_back(world: World) -> None:
    world.ledger.add_access_key(DAO.account, DAO.public_key)

    async def order(method: str, deposit: int = 1, **args: object) -> object:
        return await world.value(DAO, VERIFIER, method, args, deposit=deposit)

    assert await order("pa_pause_feature", 0, key="mt_transfer") is True
    assert await order("pa_pause_feature", 0, key="mt_transfer") is False
    assert await world.view(VERIFIER, "pa_all_paused") == ["mt_transfer"]
    assert await run(world, "mt_transfer", moved()) == PAUSED
    assert await order("pa_unpause_feature", 0, key="mt_transfer") is True

    assert await order("force_lock_account", account_id="maker.near") is True
    assert await run(world, "mt_transfer", moved()) == "account 'maker.near' is locked"
    assert await world.view(VERIFIER, "is_account_locked", account_id="maker.near") is True
    assert await order("force_unlock_account", account_id="maker.near") is True
    assert await run(world, "mt_transfer", moved()) is None

    await order("force_disable_auth_by_predecessor_ids", account_ids=["maker.near"])
    assert "PREDECESSOR_ID is disabled" in str(await run(world, "mt_transfer", moved()))
    await order("force_enable_auth_by_predecessor_ids", account_ids=["maker.near"])

    old = await world.view(VERIFIER, "current_salt")
    new = await order("update_current_salt")
    assert (await world.view(VERIFIER, "current_salt"), new != old) == (new, True)
    assert await world.view(VERIFIER, "is_valid_salt", salt=old) is True
    newer = await order("invalidate_salts", salts=[old, new])
    assert newer not in (old, new)
    assert [await world.view(VERIFIER, "is_valid_salt", salt=one) for one in (old, new, newer)] == [False, False, True]


async def test_used_nonces_are_cleaned_up_by_deadline_and_by_salt(world: World) -> None:
    world.ledger.add_access_key(DAO.account, DAO.public_key)
    used, kept = world.maker.nonce(), world.maker.nonce(world.clock.now_ns + 10**12)
    legacy = bytes(range(32))
    for nonce in (used, kept, legacy):
        world.ledger.execute_intents([world.maker.sign(nonce=nonce)])

    async def clean_up() -> list[bool]:
        named = [encode_nonce(nonce) for nonce in (used, kept, legacy)]
        args = {"nonces": [["maker.near", named], ["nobody.near", named]]}
        assert await world.value(DAO, VERIFIER, "cleanup_nonces", args, deposit=1) is None
        return [world.ledger.is_nonce_used("maker.near", one) for one in named]

    assert await clean_up() == [True, True, True]
    world.clock.now_ns += 60 * 10**9 + 1
    assert await clean_up() == [False, True, True]
    salt = await world.view(VERIFIER, "current_salt")
    await world.value(DAO, VERIFIER, "invalidate_salts", {"salts": [salt]}, deposit=1)
    assert await clean_up() == [False, False, True]
