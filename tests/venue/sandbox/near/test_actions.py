"""Transactions with any actions: what each does, nearcore's limits and errors, and that a failed one undoes all."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sandbox import near_actions as act
from tests.support.sandbox.near_transactions import rpc
from tests.support.sandbox.signing import BTC_ADDRESS, SALT, Clock, Signer, funded
from venue.protocol.tokens import BTC
from venue.sandbox.near.rpc import NearRpc
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.near_accounts import OPENING, YOCTO

MAKER, OTHER = Signer("maker.near", 1), Signer("maker.near", 2)
WITHDRAW = json.dumps(
    {
        "token": BTC.near_token,
        "receiver_id": BTC.near_token,
        "amount": "700",
        "memo": f"WITHDRAW_TO:{BTC_ADDRESS}",
    }
)
TOO_MUCH = WITHDRAW.replace('"700"', '"999999999999"')


@pytest.fixture
def ledger() -> Ledger:
    ledger = funded(Clock(), MAKER)
    ledger.add_access_key("maker.near", MAKER.public_key)
    return ledger


@pytest.fixture
def node(ledger: Ledger) -> NearRpc:
    return NearRpc(ledger)


async def send(node: NearRpc, ledger: Ledger, receiver: str, *actions: bytes, by: Signer = MAKER) -> dict[str, Any]:
    signed, _ = act.signed_actions(by, ledger, receiver, *actions)
    return await rpc(node, "send_tx", {"signed_tx_base64": signed, "wait_until": "FINAL"})


def failure(answer: dict[str, Any]) -> tuple[int, Any]:
    error = answer["result"]["status"]["Failure"]["ActionError"]
    return error["index"], error["kind"]


def invalid(answer: dict[str, Any]) -> Any:
    return answer["error"]["data"]["TxExecutionError"]["InvalidTxError"]


async def test_an_account_is_made_paid_and_given_keys_in_one_transaction(node: NearRpc, ledger: Ledger) -> None:
    other = Signer("bob.maker.near", 7)
    limited = Signer("bob.maker.near", 8)
    made = await send(
        node,
        ledger,
        "bob.maker.near",
        act.CREATE,
        act.transfer(3 * YOCTO),
        act.add_key(other.public_key),
        act.add_call_key(limited.public_key, "intents.near", ["fee"], allowance=YOCTO),
    )
    assert made["result"]["status"] == {"SuccessValue": ""}
    assert [next(iter(one)) if isinstance(one, dict) else one for one in made["result"]["transaction"]["actions"]] == [
        "CreateAccount",
        "Transfer",
        "AddKey",
        "AddKey",
    ]
    assert ledger.near_balances.of("bob.maker.near") == 3 * YOCTO
    listed = await rpc(
        node,
        "query",
        {"request_type": "view_access_key_list", "finality": "final", "account_id": "bob.maker.near"},
    )
    assert {key["public_key"]: key["access_key"]["permission"] for key in listed["result"]["keys"]} == {
        other.public_key: "FullAccess",
        limited.public_key: {
            "FunctionCall": {"allowance": str(YOCTO), "receiver_id": "intents.near", "method_names": ["fee"]}
        },
    }
    # And the new account pays for a transaction of its own.
    assert "result" in await send(node, ledger, "maker.near", act.transfer(YOCTO), by=other)


async def test_a_failed_action_takes_back_all_before_it(node: NearRpc, ledger: Ledger) -> None:
    burns: list[object] = []
    ledger.on_burn(burns.append)
    before = ledger.balances_of("maker.near")
    answer = await send(
        node,
        ledger,
        "intents.near",
        act.call("add_public_key", b'{"public_key":"%b"}' % OTHER.public_key.encode(), deposit=1),
        act.call("ft_withdraw", WITHDRAW.encode(), deposit=1),
        act.transfer(5 * YOCTO),
        act.call("ft_withdraw", TOO_MUCH.encode(), deposit=1),
    )
    index, kind = failure(answer)
    text = "Smart contract panicked: insufficient balance or overflow"
    assert (index, kind) == (3, {"FunctionCallError": {"ExecutionError": text}})
    assert ledger.balances_of("maker.near") == before
    assert not ledger.has_public_key("maker.near", OTHER.public_key)
    assert burns == []
    refund = answer["result"]["receipts_outcome"][1]["outcome"]
    assert (refund["executor_id"], refund["status"]) == ("maker.near", {"SuccessValue": ""})
    spent = sum(int(part["outcome"]["tokens_burnt"]) for part in parts(answer))
    assert ledger.near_balances.of("maker.near") == OPENING - spent


async def test_two_withdrawals_of_one_transaction_both_leave(node: NearRpc, ledger: Ledger) -> None:
    burns: list[object] = []
    ledger.on_burn(burns.append)
    two = [act.call("ft_withdraw", WITHDRAW.encode(), deposit=1)] * 2
    answer = await send(node, ledger, "intents.near", *two)
    assert len(burns) == 2
    outcomes = answer["result"]["receipts_outcome"]
    assert [one["outcome"]["executor_id"] for one in outcomes] == [
        "intents.near",
        *[BTC.near_token, "intents.near"] * 2,
    ]
    assert len({one["id"] for one in outcomes}) == 5
    named = {name for one in parts(answer) for name in one["outcome"]["receipt_ids"]}
    assert named == {one["id"] for one in outcomes}


def parts(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [answer["result"]["transaction_outcome"], *answer["result"]["receipts_outcome"]]


async def test_an_implicit_account_comes_with_its_key(node: NearRpc, ledger: Ledger) -> None:
    implicit = Signer(None, 9)
    await send(node, ledger, implicit.account, act.transfer(2 * YOCTO))
    assert ledger.near_balances.of(implicit.account) == 2 * YOCTO
    assert "result" in await send(node, ledger, "maker.near", act.transfer(YOCTO), by=implicit)
    # With another action beside it nobody can be sure whose account it is.
    two = await send(node, ledger, Signer(None, 10).account, act.transfer(1), act.transfer(1))
    assert failure(two)[1] == {"AccountDoesNotExist": {"account_id": Signer(None, 10).account}}


EVE = Signer("eve.near", 4)
CASES: dict[str, tuple[str, list[bytes], object]] = {
    "a name that is taken": ("eve.near", [act.CREATE], {"AccountAlreadyExists": {"account_id": "eve.near"}}),
    "an account below another": (
        "new.eve.near",
        [act.CREATE],
        {"CreateAccountNotAllowed": {"account_id": "new.eve.near", "predecessor_id": "maker.near"}},
    ),
    "two levels below": (
        "a.b.maker.near",
        [act.CREATE],
        {"CreateAccountNotAllowed": {"account_id": "a.b.maker.near", "predecessor_id": "maker.near"}},
    ),
    "a top-level account": (
        "news",
        [act.CREATE],
        {
            "CreateAccountOnlyByRegistrar": {
                "account_id": "news",
                "registrar_account_id": "registrar",
                "predecessor_id": "maker.near",
            }
        },
    ),
    "an implicit account": (
        "ab" * 32,
        [act.CREATE],
        {"OnlyImplicitAccountCreationAllowed": {"account_id": "ab" * 32}},
    ),
    "money for nobody": ("nobody.near", [act.transfer(1)], {"AccountDoesNotExist": {"account_id": "nobody.near"}}),
    "a key of another": (
        "eve.near",
        [act.add_key(MAKER.public_key)],
        {"ActorNoPermission": {"account_id": "eve.near", "actor_id": "maker.near"}},
    ),
    "the end of another": (
        "eve.near",
        [act.delete_account("maker.near")],
        {"ActorNoPermission": {"account_id": "eve.near", "actor_id": "maker.near"}},
    ),
    "a key twice": (
        "maker.near",
        [act.add_key(MAKER.public_key)],
        {"AddKeyAlreadyExists": {"account_id": "maker.near", "public_key": MAKER.public_key}},
    ),
    "a key that is not there": (
        "maker.near",
        [act.delete_key(OTHER.public_key)],
        {"DeleteKeyDoesNotExist": {"account_id": "maker.near", "public_key": OTHER.public_key}},
    ),
    "a call of an account without code": (
        "eve.near",
        [act.call("fee")],
        {"FunctionCallError": {"CompilationError": {"CodeDoesNotExist": {"account_id": "eve.near"}}}},
    ),
    "a stake that is not there": (
        "maker.near",
        [act.stake(10**33, MAKER.public_key)],
        {
            "TriesToStake": {
                "account_id": "maker.near",
                "stake": str(10**33),
                "locked": "0",
                "balance": "…",
            }
        },
    ),
    "no stake": ("maker.near", [act.stake(0, MAKER.public_key)], {"TriesToUnstake": {"account_id": "maker.near"}}),
    "a small stake": (
        "maker.near",
        [act.stake(1, MAKER.public_key)],
        {"InsufficientStake": {"account_id": "maker.near", "stake": "1", "minimum_stake": str(10**31)}},
    ),
}


@pytest.mark.parametrize("case", CASES)
async def test_an_action_fails_with_nearcores_own_error(node: NearRpc, ledger: Ledger, case: str) -> None:
    ledger.add_access_key("eve.near", EVE.public_key)
    receiver, actions, expected = CASES[case]
    index, kind = failure(await send(node, ledger, receiver, *actions))
    if "TriesToStake" in kind:
        kind["TriesToStake"]["balance"] = "…"
    assert (index, kind) == (0, expected)


MANY = act.transfer(0)
REFUSED: dict[str, tuple[list[bytes], object]] = {
    "101 actions": (
        [MANY] * 101,
        {"TotalNumberOfActionsExceeded": {"total_number_of_actions": 101, "limit": 100}},
    ),
    "a call without gas": ([act.call("fee", gas=0)], "FunctionCallZeroAttachedGas"),
    "a long name": (
        [act.call("m" * 257)],
        {"FunctionCallMethodNameLengthExceeded": {"length": 257, "limit": 256}},
    ),
    "more gas than there is": (
        [act.call("fee", gas=6 * 10**14)] * 2,
        {"TotalPrepaidGasExceeded": {"total_prepaid_gas": 12 * 10**14, "limit": 10**15}},
    ),
    "gas without end": ([act.call("fee", gas=2**63)] * 2, "IntegerOverflow"),
    "something after the end": ([act.delete_account("eve.near"), MANY], "DeleteActionMustBeFinal"),
    "a beneficiary that cannot be": ([act.delete_account("EVE")], {"InvalidAccountId": {"account_id": "EVE"}}),
    "a receiver that cannot be": (
        [act.add_call_key(OTHER.public_key, "EVE")],
        {"InvalidAccountId": {"account_id": "EVE"}},
    ),
    "a long method of a key": (
        [act.add_call_key(OTHER.public_key, "eve.near", ["m" * 257])],
        {"AddKeyMethodNameLengthExceeded": {"length": 257, "limit": 256}},
    ),
    "many methods of a key": (
        [act.add_call_key(OTHER.public_key, "eve.near", ["m" * 250] * 8)],
        {"AddKeyMethodNamesNumberOfBytesExceeded": {"total_number_of_bytes": 2008, "limit": 2000}},
    ),
    "a contract": (
        [act.deploy()],
        {"UnsupportedProtocolFeature": {"protocol_feature": "DeployContract", "version": 83}},
    ),
    "a meta transaction": (
        [act.delegate("maker.near", "eve.near", [act.transfer(1)], MAKER.public_key)],
        {"UnsupportedProtocolFeature": {"protocol_feature": "DelegateAction", "version": 83}},
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_beyond_the_limits_never_runs(node: NearRpc, ledger: Ledger, case: str) -> None:
    actions, expected = REFUSED[case]
    before = ledger.near_balances.of("maker.near")
    assert invalid(await send(node, ledger, "maker.near", *actions)) == {"ActionsValidation": expected}
    assert ledger.near_balances.of("maker.near") == before


async def test_a_meta_transaction_in_another_is_no_transaction(node: NearRpc, ledger: Ledger) -> None:
    inner = act.delegate("maker.near", "eve.near", [], MAKER.public_key)
    whole = act.delegate("maker.near", "eve.near", [inner], MAKER.public_key)
    error = (await send(node, ledger, "maker.near", whole))["error"]
    assert error["cause"]["name"] == "PARSE_ERROR"
    assert "nested" in error["data"]


async def test_a_hundred_actions_run(node: NearRpc, ledger: Ledger) -> None:
    assert (await send(node, ledger, "maker.near", *[MANY] * 100))["result"]["status"] == {"SuccessValue": ""}


async def test_a_large_transaction_is_refused(node: NearRpc, ledger: Ledger) -> None:
    refused = invalid(await send(node, ledger, "intents.near", act.call("fee", bytes(1_572_864))))
    assert refused["TransactionSizeExceeded"]["limit"] == 1_572_864


@pytest.mark.parametrize(
    ("actions", "receiver", "expected"),
    [
        ([act.call("fee", deposit=1)], "intents.near", "DepositWithFunctionCall"),
        ([act.transfer(1)], "intents.near", "RequiresFullAccess"),
        ([act.call("fee")] * 2, "intents.near", "RequiresFullAccess"),
        (
            [act.call("fee")],
            "eve.near",
            {"ReceiverMismatch": {"tx_receiver": "eve.near", "ak_receiver": "intents.near"}},
        ),
        ([act.call("mt_supply")], "intents.near", {"MethodNameMismatch": {"method_name": "mt_supply"}}),
    ],
)
async def test_a_limited_key_does_what_it_is_for_and_nothing_else(
    node: NearRpc, ledger: Ledger, actions: list[bytes], receiver: str, expected: object
) -> None:
    await send(node, ledger, "maker.near", act.add_call_key(OTHER.public_key, "intents.near", ["fee"]))
    assert "result" in await send(node, ledger, "intents.near", act.call("fee"), by=OTHER)
    assert invalid(await send(node, ledger, receiver, *actions, by=OTHER)) == {"InvalidAccessKeyError": expected}


async def test_the_allowance_of_a_key_is_used_up(node: NearRpc, ledger: Ledger) -> None:
    allowance = 10**22
    await send(node, ledger, "maker.near", act.add_call_key(OTHER.public_key, "intents.near", allowance=allowance))
    before = ledger.near_balances.of("maker.near")
    await send(node, ledger, "intents.near", act.call("fee"), by=OTHER)
    spent = before - ledger.near_balances.of("maker.near")
    key = ledger.access_keys.find("maker.near", OTHER.public_key)
    assert key is not None
    assert key.permission is not None
    assert key.permission.allowance == allowance - spent
    refused = invalid(await send(node, ledger, "intents.near", act.call("fee", gas=10**14), by=OTHER))
    assert refused["InvalidAccessKeyError"]["NotEnoughAllowance"]["allowance"] == str(allowance - spent)


async def test_keys_go_and_an_account_ends(node: NearRpc, ledger: Ledger) -> None:
    eve = Signer("eve.near", 4)
    ledger.add_access_key("eve.near", eve.public_key)
    await send(node, ledger, "eve.near", act.add_key(OTHER.public_key), act.delete_key(eve.public_key), by=eve)
    gone = await send(node, ledger, "maker.near", act.transfer(1), by=eve)
    assert "AccessKeyNotFound" in invalid(gone)["InvalidAccessKeyError"]
    last = Signer("eve.near", 2)
    before = ledger.near_balances.of("maker.near")
    ended = await send(node, ledger, "eve.near", act.delete_account("maker.near"), by=last)
    assert not ledger.near_balances.exists("eve.near")
    assert ledger.near_balances.of("maker.near") > before + 99 * YOCTO
    assert ended["result"]["receipts_outcome"][1]["outcome"]["executor_id"] == "maker.near"
    assert invalid(await send(node, ledger, "maker.near", act.transfer(1), by=last)) == {
        "SignerDoesNotExist": {"signer_id": "eve.near"}
    }


async def test_many_keys_must_be_paid_for(node: NearRpc, ledger: Ledger) -> None:
    # 100 bytes and 82 for each key: 770 are free.
    keys = [act.add_key(Signer(None, 100 + number).public_key) for number in range(9)]
    made = await send(node, ledger, "bob.maker.near", act.CREATE, *keys[:8])
    assert "Failure" not in made["result"]["status"]
    index, kind = failure(await send(node, ledger, "eve.maker.near", act.CREATE, *keys))
    assert (index, kind) == (9, {"LackBalanceForState": {"account_id": "eve.maker.near", "amount": str(838 * 10**19)}})
    assert not ledger.near_balances.exists("eve.maker.near")


SECP256K1_KEY = "secp256k1:3ewF4NQgt5bPC4poahSay91pL76oniREy2B81BQuYVWbvuGLAFvttB6XioKNyczqKykPyXBuQ5Md2uGU2dJBXPL3"
BY_NEAR_API_JS = (
    "CgAAAG1ha2VyLm5lYXIBhL91YiYrvWlACFdI875q+lKuMXFVGB7OMbZjUcz/pLCMxD1jsoWdRp/uFfMcnttTJCZub9BAfoc4LWD8RRGs2ME95SDm"
    "tQAACgAAAG1ha2VyLm5lYXKJS6/CJA0G4rdQKMG9cfUbz43TH8o1tQ/DG8S7VLDnfAIAAAADBQAAAAAAAAAAAAAAAAAAAAUA23/idbcfdioy1kuS"
    "piQdyo6LpvuUdiKHe2uR668gJoAAAAAAAAAAAAABAACA9krhxwItFQAAAAAAAAwAAABpbnRlbnRzLm5lYXICAAAAAwAAAGZlZQsAAABtdF90cmFu"
    "c2ZlcgGs4fByX8gxr4smXjuAgkz96H9rJnyTpBITNtBoItnXtyIeOtvS0+oifYzOTBsxCmbZZQAua9Rmjn4ObfMv4brzAQ=="
)
"""A transfer and a limited key, signed with a secp256k1 key by near-api-js 5.1.1."""


async def test_a_secp256k1_key_signs_transactions() -> None:
    ledger = Ledger(clock=Clock(), salt=SALT)
    ledger.add_access_key("maker.near", SECP256K1_KEY)
    params = {"signed_tx_base64": BY_NEAR_API_JS, "wait_until": "FINAL"}
    sent = (await rpc(NearRpc(ledger), "send_tx", params))["result"]
    assert sent["status"] == {"SuccessValue": ""}
    assert sent["transaction"]["hash"] == "8HmLQL6SUP2GNTTK3VY85T5gZsytcRyr8Z7wEfzoe4mj"
    assert sent["transaction"]["public_key"] == SECP256K1_KEY
    assert sent["transaction"]["signature"].startswith("secp256k1:")


@pytest.mark.parametrize("spoil", [lambda raw: raw[:-1] + b"\x07", lambda raw: raw[:-2] + b"\x00" + raw[-1:]])
async def test_a_spoiled_secp256k1_signature_is_refused(spoil: Callable[[bytes], bytes]) -> None:
    ledger = Ledger(clock=Clock(), salt=SALT)
    ledger.add_access_key("maker.near", SECP256K1_KEY)
    raw = base64.b64encode(spoil(base64.b64decode(BY_NEAR_API_JS))).decode()
    assert invalid(await rpc(NearRpc(ledger), "send_tx", {"signed_tx_base64": raw})) == "InvalidSignature"


ACTIONS = st.lists(
    st.one_of(
        st.builds(act.transfer, st.integers(0, 200 * YOCTO)),
        st.builds(act.call, st.sampled_from(["fee", "add_public_key", "ft_withdraw", "none"]), st.just(b"{}")),
        st.just(act.call("ft_withdraw", WITHDRAW.encode(), deposit=1)),
        st.builds(act.add_key, st.sampled_from([MAKER.public_key, OTHER.public_key])),
        st.builds(act.delete_key, st.sampled_from([MAKER.public_key, OTHER.public_key])),
        st.just(act.CREATE),
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(ACTIONS, st.sampled_from(["maker.near", "bob.maker.near", "intents.near", "eve.near"]))
async def test_near_is_neither_made_nor_lost_but_for_gas(actions: list[bytes], receiver: str) -> None:
    ledger = funded(Clock(), MAKER)
    ledger.add_access_key("maker.near", MAKER.public_key)
    ledger.add_access_key("eve.near", EVE.public_key)
    node = NearRpc(ledger)
    before, held = ledger.near_balances.total(), ledger.balances_of("maker.near")
    answer = await send(node, ledger, receiver, *actions)
    after = ledger.near_balances.total()
    if "error" in answer:
        assert after == before
        return
    burnt = sum(int(part["outcome"]["tokens_burnt"]) for part in parts(answer))
    assert after == before - burnt
    if "Failure" in answer["result"]["status"]:
        assert ledger.balances_of("maker.near") == held
