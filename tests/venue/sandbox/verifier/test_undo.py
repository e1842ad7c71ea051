"""A call that a later action of its transaction takes back has left nothing behind."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sandbox.signing import NOW, SALT, Clock, Signer, funded, withdrawal
from venue.protocol.tokens import BTC
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.keccak import keccak256
from venue.sandbox.wire.keys import SECP256K1, public_key_text
from venue.sandbox.wire.payload import as_signed

NAMED, IMPLICIT, KEY = Signer("maker.near", 1), Signer(None, 2), Signer("maker.near", 3).public_key

INTENTS = st.one_of(
    st.builds(
        lambda receiver, amount: {
            "intent": "transfer",
            "receiver_id": receiver,
            "tokens": {BTC.token_id: str(amount)},
        },
        st.sampled_from(["maker.near", IMPLICIT.account, "new.near"]),
        st.sampled_from([1, 500, 1_000]),
    ),
    st.builds(withdrawal, st.sampled_from([1, 1_000])),
    st.sampled_from(
        [
            {"intent": "add_public_key", "public_key": KEY},
            {"intent": "remove_public_key", "public_key": KEY},
            {"intent": "remove_public_key", "public_key": IMPLICIT.public_key},
            {"intent": "set_auth_by_predecessor_id", "enabled": False},
        ]
    ),
)
CALLS = st.lists(st.tuples(st.sampled_from([NAMED, IMPLICIT]), st.lists(INTENTS, max_size=4)), max_size=4)


def state(ledger: Ledger) -> dict[str, object]:
    found: dict[str, object] = {}
    for name in ledger.accounts.names():
        account = ledger.accounts.find(name)
        assert account is not None
        found[name] = (
            dict(account.balances),
            list(account.keys),
            set(account.nonces),
            account.takes_predecessor,
            account.keeps_address_key,
        )
    return found


@settings(max_examples=100, deadline=None)
@given(CALLS, CALLS)
def test_what_is_undone_has_left_nothing_behind(
    before: list[tuple[Signer, list[dict[str, object]]]], undone: list[tuple[Signer, list[dict[str, object]]]]
) -> None:
    ledger = funded(Clock(NOW), NAMED, amount=1_000)
    ledger.mint(IMPLICIT.account, BTC.token_id, 1_000)
    for signer, intents in before:
        try:
            ledger.execute_intents([signer.sign(*intents)])
        except ContractPanicError:
            continue
    kept, undo = state(ledger), []
    for signer, intents in undone:
        try:
            undo.append(ledger.start_intents(as_signed([signer.sign(*intents)]), "tx").undo)
        except ContractPanicError:
            continue
    for one in reversed(undo):
        one()
    assert state(ledger) == kept


def test_the_key_of_an_address_comes_back_too() -> None:
    ledger, key = Ledger(clock=Clock(), salt=SALT), public_key_text(bytes(range(64)), SECP256K1)
    name = "0x" + keccak256(bytes(range(64)))[-20:].hex()
    draft = ledger.begin()
    draft.remove_key(name, key)
    undo = draft.commit()
    assert not ledger.has_public_key(name, key)
    undo()
    assert ledger.has_public_key(name, key)
    assert ledger.accounts.names() == ()
    ledger.mint(name, BTC.token_id, 1)
    draft = ledger.begin()
    draft.remove_key(name, key)
    draft.commit()()
    assert ledger.has_public_key(name, key)
