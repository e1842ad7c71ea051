"""Under any calls, base units change by mint and burn alone, and a call applies whole or not at all."""

from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sandbox.signing import NOW, SALT, Clock, Signer, token_diff, withdrawal
from venue.protocol.tokens import BTC, EURE
from venue.sandbox.verifier.accounts import Burn
from venue.sandbox.verifier.intents import taker_gives, taker_receives
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError

TOKENS = (BTC.token_id, EURE.token_id)
NAMES = ("alice.near", "bob.near", "carol.near")
SMALL = st.integers(min_value=0, max_value=3_000)
SIGNED = st.integers(min_value=-3_000, max_value=3_000)


@st.composite
def intent(draw: st.DrawFn) -> Mapping[str, object]:
    kind = draw(st.sampled_from(["diff", "transfer", "withdraw"]))
    if kind == "diff":
        return token_diff(btc=draw(SIGNED), eure=draw(SIGNED))
    if kind == "withdraw":
        return withdrawal(draw(SMALL))
    tokens = {draw(st.sampled_from(TOKENS)): str(draw(SMALL))}
    return {"intent": "transfer", "receiver_id": draw(st.sampled_from(NAMES)), "tokens": tokens}


@st.composite
def swap(draw: st.DrawFn) -> list[tuple[int, list[Mapping[str, object]]]]:
    """Build two payloads that balance at a fee of 300 pips."""
    maker, taker = draw(st.permutations(range(len(NAMES))))[:2]
    gives = draw(st.integers(min_value=2, max_value=2_000))
    receives = draw(st.integers(min_value=1, max_value=2_000))
    return [
        (maker, [token_diff(btc=receives, eure=-gives)]),
        (taker, [token_diff(btc=-taker_gives(receives, 300), eure=taker_receives(gives, 300))]),
    ]


def stray() -> st.SearchStrategy[list[tuple[int, list[Mapping[str, object]]]]]:
    return st.lists(st.tuples(st.integers(0, 2), st.lists(intent(), max_size=3)), max_size=3)


def state(ledger: Ledger, signers: list[Signer]) -> object:
    holdings = {name: ledger.balances_of(name) for name in ledger.accounts.names()}
    nonces = {name: len(account.nonces) for name in NAMES if (account := ledger.accounts.find(name))}
    return holdings, nonces, [ledger.public_keys_of(signer.account) for signer in signers], ledger.height


@settings(max_examples=150, deadline=None)
@given(st.lists(swap() | stray(), max_size=8))
def test_conservation_and_all_or_nothing(calls: list[list[tuple[int, list[Mapping[str, object]]]]]) -> None:
    ledger = Ledger(clock=Clock(), salt=SALT, fee_pips=300)
    burns: list[Burn] = []
    ledger.on_burn(burns.append)
    signers = [Signer(name, index + 1) for index, name in enumerate(NAMES)]
    for signer in signers:
        ledger.register_key(signer.account, signer.public_key)
        for token_id in TOKENS:
            ledger.mint(signer.account, token_id, 5_000)
    for call in calls:
        before = state(ledger, signers)
        burned = len(burns)
        signed = [signers[index].sign(*intents, deadline_ns=NOW) for index, intents in call]
        try:
            executed = ledger.execute_intents(signed)
        except ContractPanicError:
            assert state(ledger, signers) == before
            assert len(burns) == burned
        else:
            assert len(executed.intent_hashes) == len(call)
        for token_id in TOKENS:
            withdrawn = sum(burn.amount for burn in burns if burn.token_id == token_id)
            assert ledger.supply(token_id) == 15_000 - withdrawn
            assert all(ledger.balance(name, token_id) >= 0 for name in ledger.accounts.names())


@settings(max_examples=100, deadline=None)
@given(
    st.integers(min_value=1, max_value=2**100),
    st.integers(min_value=2, max_value=2**100),
    st.integers(min_value=0, max_value=500_000),
)
def test_a_taker_with_the_helpers_amounts_always_settles(receives: int, gives: int, pips: int) -> None:
    maker, taker = Signer("maker.near", 1), Signer("taker.near", 2)
    ledger = Ledger(clock=Clock(), salt=SALT, fee_pips=pips)
    for signer in (maker, taker):
        ledger.register_key(signer.account, signer.public_key)
    ledger.mint(maker.account, EURE.token_id, gives)
    ledger.mint(taker.account, BTC.token_id, taker_gives(receives, pips))
    ledger.execute_intents(
        [
            maker.sign(token_diff(btc=receives, eure=-gives)),
            taker.sign(token_diff(btc=-taker_gives(receives, pips), eure=taker_receives(gives, pips))),
        ]
    )
    assert ledger.balance(maker.account, BTC.token_id) == receives
    assert ledger.balance(taker.account, EURE.token_id) == taker_receives(gives, pips)
    fees = ledger.balances_of(ledger.fee_collector)
    assert fees.get(EURE.token_id, 0) == gives - taker_receives(gives, pips)
    assert fees.get(BTC.token_id, 0) == taker_gives(receives, pips) - receives
