"""Token contracts: registration, transfers, deposits to the Verifier, and withdrawals to NEAR accounts."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sandbox.signing import BTC_ADDRESS, Signer, withdrawal
from tests.venue.sandbox.contracts.conftest import AMOUNT, STORAGE, World, logs, panic
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, NBTC
from venue.sandbox.near.fees import GAS_PRICE
from venue.sandbox.verifier.near_accounts import YOCTO
from venue.sandbox.wire.errors import ONE_YOCTO

TOKEN = BTC.near_token
VERIFIER = "intents.near"


async def withdraw(world: World, amount: int, **changes: object) -> str:
    """Withdraw to eve and return what left."""
    args = {"token": TOKEN, "receiver_id": "eve.near", "amount": str(amount), **changes}
    return str(await world.value(world.maker, VERIFIER, "ft_withdraw", args, deposit=1))


async def test_what_a_token_says_of_itself(world: World) -> None:
    assert await world.view(TOKEN, "ft_metadata") == {
        "spec": "ft-1.0.0",
        "name": "BTC",
        "symbol": "BTC",
        "icon": None,
        "reference": None,
        "reference_hash": None,
        "decimals": 8,
    }
    assert await world.view(TOKEN, "ft_total_supply") == str(AMOUNT)
    assert await world.held(TOKEN, VERIFIER) == AMOUNT
    assert await world.held(TOKEN, "eve.near") == 0
    assert "missing field" in await world.view(TOKEN, "ft_balance_of")
    assert "MethodNotFound" in await world.view(TOKEN, "nft_tokens")


async def test_an_account_registers_and_is_paid_back_what_was_too_much(world: World) -> None:
    bounds = {"min": str(STORAGE), "max": str(STORAGE)}
    assert await world.view(TOKEN, "storage_balance_bounds") == bounds
    assert await world.view(TOKEN, "storage_balance_of", account_id="eve.near") is None
    low = await world.value(world.eve, TOKEN, "storage_deposit", {}, deposit=STORAGE - 1)
    assert low == "The attached deposit is less than the minimum storage balance"
    before = world.ledger.near_balances.of("eve.near")
    made = await world.call(world.eve, TOKEN, "storage_deposit", {}, deposit=STORAGE + YOCTO)
    burnt = sum(
        int(part["outcome"]["tokens_burnt"]) for part in (made["transaction_outcome"], *made["receipts_outcome"])
    )
    assert world.ledger.near_balances.of("eve.near") == before - STORAGE - burnt
    registered = {"total": str(STORAGE), "available": "0"}
    assert await world.view(TOKEN, "storage_balance_of", account_id="eve.near") == registered
    again = await world.call(world.eve, TOKEN, "storage_deposit", {"account_id": "eve.near"}, deposit=STORAGE)
    assert logs(again) == ["The account is already registered, refunding the deposit"]


async def test_an_account_with_tokens_is_unregistered_by_force_only(world: World) -> None:
    await world.register(world.eve, TOKEN)
    await withdraw(world, 700)
    refused = await world.value(world.eve, TOKEN, "storage_unregister", {}, deposit=1)
    assert refused == "Can't unregister the account with the positive balance without force"
    assert await world.value(world.eve, TOKEN, "storage_unregister", {"force": True}, deposit=1) is True
    assert await world.value(world.eve, TOKEN, "storage_unregister", {}, deposit=1) is False
    assert await world.view(TOKEN, "ft_total_supply") == str(AMOUNT - 700)


async def test_a_withdrawal_to_a_near_account_arrives_as_its_tokens(world: World) -> None:
    await world.register(world.eve, TOKEN)
    assert await withdraw(world, 700) == "700"
    assert await world.held(TOKEN, "eve.near") == 700
    assert await world.held(TOKEN, VERIFIER) == AMOUNT - 700
    world.ledger.execute_intents([world.maker.sign(withdrawal(300, receiver_id="eve.near", memo=None))])
    assert await world.held(TOKEN, "eve.near") == 1_000


async def test_a_withdrawal_to_an_account_that_is_not_registered_comes_back(world: World) -> None:
    answer = await world.call(
        world.maker,
        VERIFIER,
        "ft_withdraw",
        {"token": TOKEN, "receiver_id": "eve.near", "amount": "700"},
        deposit=1,
    )
    assert panic(answer["receipts_outcome"][1]["outcome"]["status"]) == "The account eve.near is not registered"
    assert world.ledger.balance("maker.near", BTC.token_id) == AMOUNT
    assert world.burns == []


async def test_a_withdrawal_can_pay_for_the_registration_of_its_receiver(world: World) -> None:
    world.ledger.mint("maker.near", "nep141:wrap.near", YOCTO)
    signed = world.maker.sign(withdrawal(700, receiver_id="eve.near", memo=None, storage_deposit=str(STORAGE)))
    world.ledger.execute_intents([signed])
    assert await world.held(TOKEN, "eve.near") == 700


async def test_a_withdrawal_with_a_message_comes_back_from_an_account_without_a_contract(world: World) -> None:
    await world.register(world.eve, TOKEN)
    assert await withdraw(world, 700, msg="hello") == "0"
    assert world.ledger.balance("maker.near", BTC.token_id) == AMOUNT
    assert await world.held(TOKEN, "eve.near") == 0


async def test_a_withdrawal_with_a_message_to_an_account_that_is_not_registered_is_lost(world: World) -> None:
    assert await withdraw(world, 700, msg="hello") == "700"
    assert world.ledger.balance("maker.near", BTC.token_id) == AMOUNT - 700
    assert await world.held(TOKEN, VERIFIER) == AMOUNT


async def test_a_withdrawal_through_the_bridge_is_burnt(world: World) -> None:
    memo = f"WITHDRAW_TO:{BTC_ADDRESS}"
    assert await withdraw(world, 700, receiver_id=TOKEN, memo=memo) == "700"
    assert await world.view(TOKEN, "ft_total_supply") == str(AMOUNT - 700)
    # nBTC's contract knows no such memo: it keeps what it is sent.
    await withdraw(world, 700, token=NBTC.near_token, receiver_id=NBTC.near_token, memo=memo)
    assert await world.held(NBTC.near_token, NBTC.near_token) == 700


async def test_transfers_between_near_accounts(world: World) -> None:
    for signer in (world.maker, world.eve):
        await world.register(signer, TOKEN)
    await withdraw(world, 700)
    args: dict[str, object] = {"receiver_id": "maker.near", "amount": "200", "memo": "thanks"}
    done = await world.call(world.eve, TOKEN, "ft_transfer", args, deposit=1)
    (line,) = logs(done)
    assert json.loads(line.removeprefix("EVENT_JSON:"))["data"] == [
        {"old_owner_id": "eve.near", "new_owner_id": "maker.near", "amount": "200", "memo": "thanks"}
    ]
    assert (await world.held(TOKEN, "eve.near"), await world.held(TOKEN, "maker.near")) == (500, 200)


@pytest.mark.parametrize(
    ("args", "deposit", "expected"),
    [
        ({"receiver_id": "maker.near", "amount": "1"}, 0, ONE_YOCTO),
        ({"receiver_id": "eve.near", "amount": "1"}, 1, "Sender and receiver should be different"),
        ({"receiver_id": "maker.near", "amount": "0"}, 1, "The amount should be a positive number"),
        ({"receiver_id": "maker.near", "amount": "701"}, 1, "The account doesn't have enough balance"),
        ({"receiver_id": "nobody.near", "amount": "1"}, 1, "The account nobody.near is not registered"),
    ],
)
async def test_a_transfer_is_refused_in_the_standards_words(
    world: World, args: dict[str, object], deposit: int, expected: str
) -> None:
    for signer in (world.maker, world.eve):
        await world.register(signer, TOKEN)
    await withdraw(world, 700)
    assert await world.value(world.eve, TOKEN, "ft_transfer", args, deposit=deposit) == expected
    assert await world.held(TOKEN, "eve.near") == 700


def swap_back(world: World, amount: int, **changes: object) -> dict[str, object]:
    """An intent by which eve hands over what she has deposited."""
    tokens = {"intent": "transfer", "receiver_id": "maker.near", "tokens": {BTC.token_id: str(amount)}, **changes}
    return world.eve.sign(tokens)


async def test_a_deposit_is_credited_to_whom_its_message_names(world: World) -> None:
    await world.register(world.eve, TOKEN)
    await withdraw(world, 700)
    for message, owner in (("", "eve.near"), ("bob.near", "bob.near"), ('{"receiver_id":"ann.near"}', "ann.near")):
        args: dict[str, object] = {"receiver_id": VERIFIER, "amount": "100", "msg": message}
        assert await world.value(world.eve, TOKEN, "ft_transfer_call", args, deposit=1) == "100"
        assert world.ledger.balance(owner, BTC.token_id) == 100
    assert await world.held(TOKEN, "eve.near") == 400
    assert await world.view(TOKEN, "ft_total_supply") == str(AMOUNT)


@pytest.mark.parametrize("message", ["NOT an account", "{", '{"receiver_id":7}', '{"msg":"x"}'])
async def test_a_deposit_with_a_message_that_cannot_be_read_comes_back(world: World, message: str) -> None:
    await world.register(world.eve, TOKEN)
    await withdraw(world, 700)
    args: dict[str, object] = {"receiver_id": VERIFIER, "amount": "100", "msg": message}
    assert await world.value(world.eve, TOKEN, "ft_transfer_call", args, deposit=1) == "0"
    assert await world.held(TOKEN, "eve.near") == 700
    assert await world.view(TOKEN, "ft_total_supply") == str(AMOUNT)


@pytest.mark.parametrize(("amount", "refund", "used"), [(100, True, "100"), (999, True, "0"), (999, False, "100")])
async def test_a_deposit_runs_intents_and_comes_back_if_it_shall_and_they_fail(
    world: World, amount: int, refund: bool, used: str
) -> None:
    world.ledger.register_key("eve.near", world.eve.public_key)
    await world.register(world.eve, TOKEN)
    await withdraw(world, 700)
    message = {
        "receiver_id": "eve.near",
        "execute_intents": [swap_back(world, amount)],
        "refund_if_fails": refund,
    }
    args: dict[str, object] = {"receiver_id": VERIFIER, "amount": "100", "msg": json.dumps(message)}
    assert await world.value(world.eve, TOKEN, "ft_transfer_call", args, deposit=1) == used
    ran = amount == 100
    assert world.ledger.balance("maker.near", BTC.token_id) == AMOUNT - 700 + (100 if ran else 0)
    assert world.ledger.balance("eve.near", BTC.token_id) == (0 if ran or refund else 100)
    assert await world.view(TOKEN, "ft_total_supply") == str(AMOUNT)


async def test_a_deposit_that_tells_an_account_without_a_contract_comes_back(world: World) -> None:
    await world.register(world.eve, TOKEN)
    await withdraw(world, 700)
    args = {"receiver_id": VERIFIER, "amount": "100", "msg": '{"receiver_id":"maker.near","msg":"hello"}'}
    answer = await world.call(world.eve, TOKEN, "ft_transfer_call", args, deposit=1)
    assert [json.loads(line.removeprefix("EVENT_JSON:"))["event"] for line in logs(answer)] == [
        "ft_transfer",
        "mt_mint",
        "mt_burn",
        "ft_transfer",
    ]
    assert await world.held(TOKEN, "eve.near") == 700
    assert world.ledger.balance("maker.near", BTC.token_id) == AMOUNT - 700


async def test_near_is_wrapped_and_unwrapped(world: World) -> None:
    near, eve = world.ledger.near_balances, world.eve
    low = await world.value(eve, "wrap.near", "near_deposit", {}, deposit=STORAGE - 1)
    assert low == "ERR_DEPOSIT_TOO_SMALL"
    await world.call(eve, "wrap.near", "near_deposit", {}, deposit=STORAGE + 5 * YOCTO)
    assert await world.held("wrap.near", "eve.near") == 5 * YOCTO
    args: dict[str, object] = {"receiver_id": VERIFIER, "amount": str(3 * YOCTO), "msg": ""}
    await world.call(eve, "wrap.near", "ft_transfer_call", args, deposit=1)
    assert world.ledger.balance("eve.near", "nep141:wrap.near") == 3 * YOCTO
    before = near.of("eve.near")
    await world.call(eve, "wrap.near", "near_withdraw", {"amount": str(2 * YOCTO)}, deposit=1)
    assert near.of("eve.near") > before + 2 * YOCTO - 10**14 * GAS_PRICE
    too_much = await world.value(eve, "wrap.near", "near_withdraw", {"amount": "1"}, deposit=1)
    assert too_much == "The account doesn't have enough balance"
    world.ledger.register_key("eve.near", eve.public_key)
    native = {"intent": "native_withdraw", "receiver_id": "ab" * 32, "amount": str(YOCTO)}
    world.ledger.execute_intents([eve.sign(native)])
    assert near.of("ab" * 32) == YOCTO


async def test_gas_is_needed_and_other_methods_are_not_there(world: World) -> None:
    await world.register(world.eve, TOKEN)
    args = {"receiver_id": VERIFIER, "amount": "1", "msg": ""}
    low = await world.value(world.eve, TOKEN, "ft_transfer_call", args, deposit=1, gas=30 * 10**12)
    assert low == "More gas is required"
    status = (await world.call(world.eve, TOKEN, "mint", {}))["status"]
    assert status["Failure"]["ActionError"]["kind"] == {"FunctionCallError": {"MethodResolveError": "MethodNotFound"}}
    assert await world.value(world.eve, TOKEN, "ft_total_supply", {}) == str(AMOUNT)


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["out", "out to nobody", "out with a message", "in", "in badly", "over", "bridge"]),
        st.integers(0, AMOUNT // 2),
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None)
@given(MOVES)
async def test_no_unit_is_made_or_lost(moves: list[tuple[str, int]]) -> None:
    world = World()
    bob = Signer("bob.near", 3)
    world.ledger.add_access_key("bob.near", bob.public_key)
    for signer in (world.eve, bob):
        await world.register(signer, TOKEN)
    bridged = 0
    for what, amount in moves:
        before = world.ledger.supply(BTC.token_id)
        match what:
            case "out":
                await withdraw(world, amount)
            case "out to nobody":
                await withdraw(world, amount, receiver_id="nobody.near")
            case "out with a message":
                await withdraw(world, amount, msg="hello")
            case "bridge":
                await withdraw(world, amount, receiver_id=TOKEN, memo=f"WITHDRAW_TO:{BTC_ADDRESS}")
                bridged += before - world.ledger.supply(BTC.token_id)
            case "in" | "in badly":
                args = {"receiver_id": VERIFIER, "amount": str(amount), "msg": "" if what == "in" else "{"}
                await world.call(world.eve, TOKEN, "ft_transfer_call", args, deposit=1)
            case "over":
                moved = {"receiver_id": "bob.near", "amount": str(amount)}
                await world.call(world.eve, TOKEN, "ft_transfer", moved, deposit=1)
    held = [await world.held(TOKEN, account) for account in (VERIFIER, "eve.near", "bob.near")]
    assert sum(held) == AMOUNT - bridged
    assert held[0] == world.ledger.supply(BTC.token_id)
    assert min(held) >= 0
    assert await world.view(TOKEN, "ft_total_supply") == str(AMOUNT - bridged)


async def test_a_node_that_stands_still_shows_tokens_as_they_were(world: World) -> None:
    await world.register(world.eve, TOKEN)
    await withdraw(world, 700)
    world.faults.apply({"near_stale_s": {"near_a": 20}})
    await withdraw(world, 300)
    assert await world.held(TOKEN, "eve.near") == 700
    assert await world.held(TOKEN, VERIFIER) == AMOUNT - 700
    world.clock.now_ns += 20 * 10**9
    assert await world.held(TOKEN, "eve.near") == 1_000


def test_every_token_of_the_venue_has_its_contract(world: World) -> None:
    assert {token.near_token for token in DEFAULT_TOKENS.tokens} < set(world.tokens.by_account)
