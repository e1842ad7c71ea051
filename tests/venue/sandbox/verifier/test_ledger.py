"""The Verifier's checks: the text of each, their order, and the state after a call."""

import base64
from collections.abc import Mapping

import pytest

from tests.support.sandbox.signing import BTC_ADDRESS, NOW, SALT, Clock, Signer, funded, token_diff, withdrawal
from venue.protocol.tokens import BTC, EURE
from venue.protocol.units import NS_PER_S
from venue.sandbox.verifier.accounts import Burn
from venue.sandbox.verifier.intents import taker_gives, taker_receives
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError

COLLECTOR = "intents-fee.near"
Signed = Mapping[str, object]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def maker() -> Signer:
    return Signer("maker.near", 1)


@pytest.fixture
def taker() -> Signer:
    return Signer(None, 2)


@pytest.fixture
def ledger(clock: Clock, maker: Signer, taker: Signer) -> Ledger:
    return funded(clock, maker, taker)


def refusal(ledger: Ledger, *signed: Signed) -> str:
    before = {name: ledger.balances_of(name) for name in ledger.accounts.names()}
    height = ledger.height
    with pytest.raises(ContractPanicError) as caught:
        ledger.execute_intents(signed)
    assert {name: ledger.balances_of(name) for name in ledger.accounts.names()} == before
    assert ledger.height == height
    return str(caught.value)


def swap(maker: Signer, taker: Signer, gives: int, receives: int, pips: int = 1) -> list[Signed]:
    return [
        maker.sign(token_diff(btc=receives, eure=-gives)),
        taker.sign(token_diff(btc=-taker_gives(receives, pips), eure=taker_receives(gives, pips))),
    ]


def test_a_swap_settles_to_the_base_unit(ledger: Ledger, maker: Signer, taker: Signer) -> None:
    executed = ledger.execute_intents(swap(maker, taker, gives=5_000_001, receives=1_000))
    start = 10**9
    assert ledger.balance(maker.account, BTC.token_id) == start + 1_000
    assert ledger.balance(maker.account, EURE.token_id) == start - 5_000_001
    assert ledger.balance(taker.account, BTC.token_id) == start - 1_001
    assert ledger.balance(taker.account, EURE.token_id) == start + 5_000_001 - 6
    assert ledger.balance(COLLECTOR, BTC.token_id) == 1
    assert ledger.balance(COLLECTOR, EURE.token_id) == 6
    assert len(executed.intent_hashes) == 2
    assert executed.height == ledger.height
    assert all(line.startswith("EVENT_JSON:") for line in executed.logs)


def test_both_standards_settle_in_one_call(ledger: Ledger, maker: Signer, taker: Signer) -> None:
    ledger.execute_intents(
        [
            maker.sign_raw(token_diff(btc=1_000, eure=-5_000)),
            taker.sign(token_diff(btc=-taker_gives(1_000, 1), eure=taker_receives(5_000, 1))),
        ]
    )
    assert ledger.balance(maker.account, BTC.token_id) == 10**9 + 1_000


def test_invalid_signature(ledger: Ledger, maker: Signer, taker: Signer) -> None:
    signed = {**maker.sign(), "public_key": taker.public_key}
    assert refusal(ledger, signed) == "invalid signature"


def test_wrong_recipient(ledger: Ledger, maker: Signer) -> None:
    assert refusal(ledger, maker.sign(recipient="other.near")) == "wrong verifying_contract"


def test_past_the_deadline(ledger: Ledger, clock: Clock, maker: Signer) -> None:
    signed = maker.sign(deadline_ns=NOW + NS_PER_S)
    clock.now_ns = NOW + NS_PER_S + 1
    assert refusal(ledger, signed) == "deadline has expired"


def test_the_deadline_itself_still_passes(ledger: Ledger, clock: Clock, maker: Signer) -> None:
    signed = maker.sign(deadline_ns=NOW + NS_PER_S + 7)
    clock.now_ns = NOW + NS_PER_S + 7
    ledger.execute_intents([signed])


def test_key_not_registered(ledger: Ledger) -> None:
    stranger = Signer("maker.near", 9)
    text = f"public key '{stranger.public_key}' doesn't exist for account 'maker.near'"
    assert refusal(ledger, stranger.sign()) == text


def test_account_unknown(ledger: Ledger) -> None:
    nobody = Signer("nobody.near", 9)
    text = f"public key '{nobody.public_key}' doesn't exist for account 'nobody.near'"
    assert refusal(ledger, nobody.sign()) == text


def test_an_implicit_account_owns_its_key_from_the_start(ledger: Ledger) -> None:
    fresh = Signer(None, 3)
    assert ledger.has_public_key(fresh.account, fresh.public_key)
    ledger.execute_intents([fresh.sign()])


def test_salt_unknown(ledger: Ledger, maker: Signer) -> None:
    nonce = maker.nonce(salt=b"\x00\x01\x02\x03")
    assert refusal(ledger, maker.sign(nonce=nonce)) == "invalid salt"


def test_a_previous_salt_is_valid_until_it_is_invalidated(ledger: Ledger, maker: Signer) -> None:
    signed, late = maker.sign(), maker.sign()
    ledger.rotate_salt(b"\x01\x02\x03\x04", invalidate_old=False)
    assert ledger.current_salt() == b"\x01\x02\x03\x04"
    ledger.execute_intents([signed])
    ledger.invalidate_salt(SALT)
    assert refusal(ledger, late) == "invalid salt"


def test_a_rotation_can_invalidate_at_once(ledger: Ledger, maker: Signer) -> None:
    signed = maker.sign()
    ledger.rotate_salt(b"\x01\x02\x03\x04", invalidate_old=True)
    assert not ledger.is_valid_salt(SALT)
    assert refusal(ledger, signed) == "invalid salt"


def test_deadline_later_than_the_nonce_by_a_nanosecond(ledger: Ledger, maker: Signer) -> None:
    deadline = NOW + 60 * NS_PER_S
    assert refusal(ledger, maker.sign(nonce=maker.nonce(deadline - 1))) == "deadline is greater than nonce"
    ledger.execute_intents([maker.sign(nonce=maker.nonce(deadline))])


def test_a_nonce_deadline_past_63_bits_is_negative_to_the_contract(ledger: Ledger, maker: Signer) -> None:
    assert refusal(ledger, maker.sign(nonce=maker.nonce(2**63))) == "deadline is greater than nonce"


def test_nonce_used_before_and_within_one_call(ledger: Ledger, maker: Signer) -> None:
    nonce = maker.nonce()
    first, second = maker.sign(nonce=nonce), maker.sign(token_diff(btc=1), nonce=nonce)
    assert refusal(ledger, first, second) == "nonce was already used"
    ledger.execute_intents([first])
    assert refusal(ledger, second) == "nonce was already used"


def test_an_empty_list_burns_the_nonce(ledger: Ledger, maker: Signer, taker: Signer) -> None:
    nonce = maker.nonce()
    quote = maker.sign(token_diff(btc=1_000, eure=-5_000), nonce=nonce)
    ledger.execute_intents([maker.sign(nonce=nonce)])
    assert ledger.is_nonce_used(maker.account, base64.b64encode(nonce).decode())
    fill = taker.sign(token_diff(btc=-1_001, eure=4_999))
    assert refusal(ledger, quote, fill) == "nonce was already used"


@pytest.mark.parametrize("nonce", [b"\x07" * 32, bytes.fromhex("5628f6c601") + b"\x07" * 27])
def test_a_legacy_nonce_is_accepted(ledger: Ledger, maker: Signer, nonce: bytes) -> None:
    ledger.execute_intents([maker.sign(nonce=nonce)])
    assert refusal(ledger, maker.sign(nonce=nonce)) == "nonce was already used"


def test_a_clean_up_drops_expired_nonces(ledger: Ledger, maker: Signer) -> None:
    nonce, legacy = maker.nonce(NOW + 60 * NS_PER_S), b"\x07" * 32
    ledger.execute_intents([maker.sign(nonce=nonce), maker.sign(nonce=legacy)])
    encoded = base64.b64encode(nonce).decode()
    assert ledger.cleanup_nonces(NOW + 60 * NS_PER_S) == 0
    assert ledger.cleanup_nonces(NOW + 60 * NS_PER_S + 1) == 1
    assert not ledger.is_nonce_used(maker.account, encoded)
    assert ledger.is_nonce_used(maker.account, base64.b64encode(legacy).decode())


def test_balance_too_small_though_a_later_intent_would_refill_it(ledger: Ledger, maker: Signer, taker: Signer) -> None:
    over = 10**9 + 1
    signed = maker.sign(token_diff(btc=-over), token_diff(btc=over))
    assert refusal(ledger, signed) == "insufficient balance or overflow"


def test_credits_of_an_earlier_payload_can_be_spent(ledger: Ledger, maker: Signer, taker: Signer) -> None:
    give = 10**9
    hand_over = {"intent": "transfer", "receiver_id": taker.account, "tokens": {BTC.token_id: str(give)}}
    back = {"intent": "transfer", "receiver_id": maker.account, "tokens": {BTC.token_id: str(2 * give)}}
    ledger.execute_intents([maker.sign(hand_over), taker.sign(back)])
    assert ledger.balance(maker.account, BTC.token_id) == 2 * give
    assert ledger.balance(taker.account, BTC.token_id) == 0


def test_a_balance_past_128_bits(ledger: Ledger, maker: Signer, taker: Signer) -> None:
    top = 2**128 - 1
    ledger.mint("whale.near", "nep141:whale.near", top)
    with pytest.raises(ContractPanicError, match=r"^insufficient balance or overflow$"):
        ledger.mint("whale.near", "nep141:whale.near", 1)
    high = {"intent": "token_diff", "diff": {"nep141:x.near": str(2**127 - 1)}}
    assert refusal(ledger, maker.sign(high, high, high)) == "insufficient balance or overflow"


@pytest.mark.parametrize("intent", [token_diff(), token_diff(btc=0), token_diff(btc=5, eure=0)])
def test_zero_delta_and_empty_diff(ledger: Ledger, maker: Signer, intent: Signed) -> None:
    assert refusal(ledger, maker.sign(intent)) == "invalid intent"


def test_deltas_that_do_not_cancel(ledger: Ledger, maker: Signer, taker: Signer) -> None:
    quote = maker.sign(token_diff(btc=1_000, eure=-5_000))
    greedy = taker.sign(token_diff(btc=-1_001, eure=5_000))
    assert refusal(ledger, quote, greedy) == (
        'invariant violated: {"error":"unmatched_deltas","unmatched_deltas":{"' + EURE.token_id + '":"1"}}'
    )


def test_deltas_past_127_bits(ledger: Ledger, maker: Signer) -> None:
    high = {"intent": "token_diff", "diff": {"nep141:x.near": str(2**127 - 1)}}
    assert refusal(ledger, maker.sign(high, high)) == 'invariant violated: {"error":"overflow"}'


def test_withdrawal_of_zero_and_beyond_the_balance(ledger: Ledger, maker: Signer) -> None:
    assert refusal(ledger, maker.sign(withdrawal(0))) == "invalid intent"
    assert refusal(ledger, maker.sign(withdrawal(10**9 + 1))) == "insufficient balance or overflow"


def test_a_withdrawal_debits_the_balance_and_is_passed_on(ledger: Ledger, maker: Signer) -> None:
    burns: list[Burn] = []
    ledger.on_burn(burns.append)
    executed = ledger.execute_intents([maker.sign(withdrawal(700))])
    assert ledger.balance(maker.account, BTC.token_id) == 10**9 - 700
    (burn,) = burns
    assert (burn.account, burn.amount, burn.token, burn.receiver_id, burn.memo, burn.tx_hash) == (
        "maker.near",
        700,
        BTC.near_token,
        BTC.near_token,
        f"WITHDRAW_TO:{BTC_ADDRESS}",
        executed.tx_hash,
    )


def test_a_withdrawal_in_a_failed_call_is_not_passed_on(ledger: Ledger, maker: Signer) -> None:
    burns: list[Burn] = []
    ledger.on_burn(burns.append)
    refusal(ledger, maker.sign(withdrawal(700)), maker.sign(token_diff(btc=1)))
    assert burns == []


def test_transfers_to_oneself_or_of_nothing(ledger: Ledger, maker: Signer) -> None:
    to_self = {"intent": "transfer", "receiver_id": "maker.near", "tokens": {BTC.token_id: "1"}}
    empty: Signed = {"intent": "transfer", "receiver_id": "other.near", "tokens": {}}
    assert refusal(ledger, maker.sign(to_self)) == "invalid intent"
    assert refusal(ledger, maker.sign(empty)) == "invalid intent"


def test_keys_by_intent(ledger: Ledger, maker: Signer) -> None:
    second = Signer("maker.near", 5)
    add = {"intent": "add_public_key", "public_key": second.public_key}
    remove = {"intent": "remove_public_key", "public_key": maker.public_key}
    ledger.execute_intents([maker.sign(add)])
    exists = f"public key '{second.public_key}' already exists for account 'maker.near'"
    assert refusal(ledger, maker.sign(add)) == exists
    ledger.execute_intents([second.sign(remove)])
    missing = f"public key '{maker.public_key}' doesn't exist for account 'maker.near'"
    assert refusal(ledger, maker.sign()) == missing
    assert ledger.public_keys_of("maker.near") == (second.public_key,)


def test_a_removed_key_cannot_sign_later_in_the_same_call(ledger: Ledger, maker: Signer) -> None:
    remove = {"intent": "remove_public_key", "public_key": maker.public_key}
    missing = f"public key '{maker.public_key}' doesn't exist for account 'maker.near'"
    assert refusal(ledger, maker.sign(remove), maker.sign()) == missing
    assert ledger.has_public_key("maker.near", maker.public_key)


def test_checks_come_in_the_contracts_order(ledger: Ledger, clock: Clock, maker: Signer) -> None:
    """A payload with every fault, corrected one by one, names each fault in turn."""
    stranger, past = Signer("maker.near", 9), NOW - NS_PER_S
    bad_salt = maker.nonce(past - 1, salt=b"\x00\x00\x00\x00")

    def wrong(recipient: str, deadline_ns: int, signer: Signer, nonce: bytes) -> dict[str, object]:
        return signer.sign(token_diff(btc=0), recipient=recipient, deadline_ns=deadline_ns, nonce=nonce)

    not_json = stranger.sign_text("{", bad_salt, "other.near")
    seen = [
        refusal(ledger, {**not_json, "public_key": maker.public_key}),
        refusal(ledger, not_json).partition(":")[0],
        refusal(ledger, wrong("other.near", past, stranger, bad_salt)),
        refusal(ledger, wrong("intents.near", past, stranger, bad_salt)),
        refusal(ledger, wrong("intents.near", NOW, stranger, bad_salt)).partition("'")[0],
        refusal(ledger, wrong("intents.near", NOW, maker, bad_salt)),
    ]
    used = maker.nonce(past)
    clock.now_ns = past
    ledger.execute_intents([maker.sign(nonce=used, deadline_ns=past)])
    clock.now_ns = NOW
    seen.append(refusal(ledger, wrong("intents.near", NOW, maker, used)))
    used = maker.nonce(NOW)
    ledger.execute_intents([maker.sign(nonce=used, deadline_ns=NOW)])
    seen.append(refusal(ledger, wrong("intents.near", NOW, maker, used)))
    seen.append(refusal(ledger, wrong("intents.near", NOW, maker, maker.nonce(NOW))))
    assert seen == [
        "invalid signature",
        "JSON",
        "wrong verifying_contract",
        "deadline has expired",
        "public key ",
        "invalid salt",
        "deadline is greater than nonce",
        "nonce was already used",
        "invalid intent",
    ]


def test_one_failure_undoes_the_whole_call(ledger: Ledger, maker: Signer, taker: Signer) -> None:
    good, nonce = swap(maker, taker, 5_000, 1_000), maker.nonce()
    key = {"intent": "add_public_key", "public_key": Signer(None, 7).public_key}
    assert refusal(ledger, *good, maker.sign(key, token_diff(btc=0), nonce=nonce)) == "invalid intent"
    assert not ledger.is_nonce_used("maker.near", base64.b64encode(nonce).decode())
    assert ledger.public_keys_of("maker.near") == (maker.public_key,)
    ledger.execute_intents(good)


def test_logs_allow_fourteen_pairs_in_a_call_but_not_twenty(ledger: Ledger, maker: Signer, taker: Signer) -> None:
    def pairs(count: int) -> list[Signed]:
        return [payload for _ in range(count) for payload in swap(maker, taker, 5_000_000, 1_000)]

    ledger.execute_intents(pairs(14))
    assert refusal(ledger, *pairs(20)).startswith("The length of a log message ")


def test_simulation_reports_an_imbalance_and_changes_nothing(ledger: Ledger, maker: Signer) -> None:
    quote = maker.sign(token_diff(btc=1_000, eure=-5_000))
    output = ledger.simulate_intents([quote])
    assert output["invariant_violated"] == {
        "error": "unmatched_deltas",
        "unmatched_deltas": {BTC.token_id: "1000", EURE.token_id: "-4999"},
    }
    assert output["state"] == {"fee": 1, "current_salt": "252812b3"}
    assert ledger.balance("maker.near", EURE.token_id) == 10**9
    assert ledger.simulate_intents([quote]) == output


def test_simulation_of_a_whole_swap_and_of_a_fault(ledger: Ledger, maker: Signer, taker: Signer) -> None:
    assert "invariant_violated" not in ledger.simulate_intents(swap(maker, taker, 5_000, 1_000))
    with pytest.raises(ContractPanicError, match=r"^invalid intent$"):
        ledger.simulate_intents([maker.sign(token_diff(btc=0))])


def test_the_same_history_gives_the_same_hashes() -> None:
    def run() -> tuple[str, str]:
        maker, taker = Signer("maker.near", 1), Signer("taker.near", 2)
        ledger = funded(Clock(), maker, taker)
        return ledger.execute_intents(swap(maker, taker, 5_000, 1_000)).tx_hash, ledger.block_hash

    assert run() == run()
