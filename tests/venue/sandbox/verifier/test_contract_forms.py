"""Whatever the form of a call: it is taken whole, or refused in the contract's words and changes nothing."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sandbox.contract_forms import INTENTS, MULTI, NFT, WRAP, message
from tests.support.sandbox.signing import SALT, Clock, Signer
from venue.sandbox.verifier.execution import match_deltas
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError, InvariantViolatedError
from venue.sandbox.wire.payload import read_payloads
from venue.sandbox.wire.scalars import token_order
from venue.sandbox.wire.strict_json import of_python, parse

State = tuple[dict[str, dict[str, int]], dict[str, tuple[str, ...]], dict[str, set[bytes]]]


def world() -> tuple[Ledger, Signer, Signer]:
    ledger = Ledger(clock=Clock(), salt=SALT)
    maker, taker = Signer("maker.near", 1), Signer("taker.near", 2)
    for one in (maker, taker):
        assert one.account is not None
        ledger.register_key(one.account, one.public_key)
        for token, units in ((WRAP, 10**24), (MULTI, 10)):
            ledger.mint(one.account, token, units)
    ledger.mint("maker.near", NFT, 1)
    return ledger, maker, taker


def state(ledger: Ledger) -> State:
    names = ledger.accounts.names()
    return (
        {name: ledger.balances_of(name) for name in names},
        {name: ledger.public_keys_of(name) for name in names},
        {name: set(found.nonces) for name in names if (found := ledger.accounts.find(name)) is not None},
    )


def verdict(ledger: Ledger, signed: list[dict[str, object]], *, simulated: bool) -> str:
    try:
        if simulated:
            report = ledger.simulate_intents(signed)
            return "invariant violated" if "invariant_violated" in report else ""
        ledger.execute_intents(signed)
    except InvariantViolatedError:
        return "invariant violated"
    except ContractPanicError as error:
        return str(error)
    return ""


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_call_of_any_form_is_taken_or_refused_in_whole(data: st.DataObject) -> None:
    ledger, maker, taker = world()
    signed = [
        signer.sign_text(data.draw(message(str(signer.account))), signer.nonce())
        for signer in data.draw(st.lists(st.sampled_from([maker, taker]), min_size=1, max_size=3))
    ]
    before = state(ledger)
    told = verdict(ledger, signed, simulated=True)
    assert state(ledger) == before
    found = verdict(ledger, signed, simulated=False)
    # A simulation writes no logs and starts no calls, so that it meets neither limit.
    if "log" not in found and "gas" not in found:
        assert found == told
    if found:
        assert state(ledger) == before
    else:
        assert verdict(ledger, signed, simulated=False) == "nonce was already used"


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_members_in_another_order_and_unknown_names_beside_them_change_nothing(data: st.DataObject) -> None:
    ledger, maker, _ = world()
    one = maker.sign_text(data.draw(message("maker.near")), maker.nonce())
    moved: dict[str, Any] = dict(reversed([*one.items(), ("beside", [1, {"x": None}])]))
    moved["payload"] = dict(reversed([*one["payload"].items(), ("more", "x")]))  # type: ignore[attr-defined]
    assert verdict(ledger, [moved], simulated=True) == verdict(ledger, [one], simulated=True)
    again = json.loads(json.dumps(one))
    in_order = ["nep413", list(again["payload"].values()), again["public_key"], again["signature"]]
    (by_name,), (by_place,) = (read_payloads(of_python([form])) for form in (one, in_order))
    assert (by_name.hash, by_name.signer()) == (by_place.hash, by_place.signer())


def test_tokens_are_sorted_as_the_contract_sorts_them() -> None:
    ids = ["nep171:nft.near:7", "nep171:nft-a.near:1", "nep171:nft.near.x:1", "nep141:z.near", "nep171:nft.near:70"]
    assert sorted(ids, key=token_order) == [
        "nep141:z.near",
        "nep171:nft-a.near:1",
        "nep171:nft.near:7",
        "nep171:nft.near:70",
        "nep171:nft.near.x:1",
    ]
    with pytest.raises(InvariantViolatedError) as caught:
        match_deltas({name: {"a.near": 1} for name in ids})
    assert list(caught.value.report["unmatched_deltas"]) == sorted(ids, key=token_order)  # type: ignore[call-overload]


def test_the_first_token_in_that_order_decides_what_is_refused() -> None:
    ledger, maker, _ = world()
    # Sorted by the whole text, the one without a balance would come first.
    diff = {"nep171:ab.near:9": "-1", "nep171:ab:9": "0"}
    assert verdict(ledger, [maker.sign({"intent": "token_diff", "diff": diff})], simulated=True) == "invalid intent"


def test_what_takes_in_other_members_is_no_list() -> None:
    ledger, maker, _ = world()
    whole = {"intent": "transfer", "receiver_id": "taker.near", "tokens": {WRAP: "1"}}
    assert verdict(ledger, [maker.sign(whole)], simulated=True) == ""
    listed: Any = ["transfer", "taker.near", {WRAP: "1"}]
    assert verdict(ledger, [maker.sign(listed)], simulated=True).startswith("JSON: ")
    assert parse("[]") == []


T = 10**12
FT: dict[str, object] = {"intent": "ft_withdraw", "token": "wrap.near", "receiver_id": "taker.near", "amount": "1"}
MULTIPLE: dict[str, object] = {"intent": "mt_withdraw", **INTENTS["mt_withdraw"]}
AUTH: dict[str, object] = {"intent": "auth_call", "contract_id": "x.near", "msg": "hi"}
NOTIFY: dict[str, object] = {"intent": "transfer", "receiver_id": "taker.near", "tokens": {WRAP: "1"}, "msg": "hi"}


@pytest.mark.parametrize(
    ("intent", "most"),
    [
        (FT, 15),
        (FT | {"msg": "x"}, 5),
        (FT | {"storage_deposit": "1"}, 6),
        (FT | {"min_gas": 45 * T}, 6),
        (FT | {"min_gas": "1"}, 15),
        (MULTIPLE, 10),
        ({"intent": "native_withdraw", "receiver_id": "taker.near", "amount": "1"}, 15),
        ({"intent": "storage_deposit", "contract_id": "o.near", "account_id": "b.near", "amount": "1"}, 12),
        (AUTH, 30),
        (AUTH | {"attached_deposit": "1"}, 12),
        (NOTIFY, 7),
        (NOTIFY | {"min_gas": 1}, 20),
    ],
)
def test_a_call_may_start_calls_for_the_gas_it_was_given(intent: dict[str, object], most: int) -> None:
    ledger, maker, _ = world()
    assert verdict(ledger, [maker.sign(*[intent] * most)], simulated=False) == ""
    ledger, maker, _ = world()
    before = state(ledger)
    # There are no more than ten to withdraw of the multi token.
    many = [maker.sign(*[intent] * most, AUTH if intent is MULTIPLE else intent)]
    assert verdict(ledger, many, simulated=True) == ""
    assert verdict(ledger, many, simulated=False) == "Exceeded the prepaid gas."
    assert state(ledger) == before


@pytest.mark.parametrize("intent", [FT | {"storage_deposit": "1"}, AUTH | {"attached_deposit": "1"}])
def test_gas_past_64_bits_is_an_overflow_where_the_contract_adds_to_it(intent: dict[str, object]) -> None:
    ledger, maker, _ = world()
    huge = maker.sign(intent | {"min_gas": str(2**64 - 1)})
    assert verdict(ledger, [huge], simulated=True) == ""
    assert verdict(ledger, [huge], simulated=False) == "gas overflow"


@pytest.mark.parametrize("odd", [{"min_gas": "x"}, {"msg": 5}, {"min_gas": "1"}])
def test_a_notification_that_does_not_fit_is_none(odd: dict[str, object]) -> None:
    ledger, maker, _ = world()
    plain = {name: value for name, value in NOTIFY.items() if name != "msg" or "x" in odd.values()} | odd
    assert verdict(ledger, [maker.sign(*[plain] * 40)], simulated=False) == ""
