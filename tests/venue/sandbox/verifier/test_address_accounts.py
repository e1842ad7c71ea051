"""Accounts that are named by the address of a key own that key from the start, as the contract's wallets expect."""

import pytest

from tests.support.sandbox.signing import Clock, Signer, funded
from venue.sandbox.verifier.accounts import Accounts, Draft
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.keys import address_account

BYTES = "3aMVMxsoAnHUbweXMtdKaN1uJaNwsfKv7wnc97SDGjXhyK62VyJwhPUPLZefKVthcoUcuWK6cqkSU4M542ipNxS3"
ADDRESSES = [
    (f"secp256k1:{BYTES}", "0xbff77166b39599e54e391156eef7b8191e02be92"),
    (f"p256:{BYTES}", "0x7edf07ede58238026db3f90fc8032633b69b8de5"),
]
"""The vectors of near/intents' own tests."""


@pytest.mark.parametrize(("key", "account"), ADDRESSES)
def test_the_key_of_an_address_may_sign_for_the_account_that_nobody_opened(key: str, account: str) -> None:
    ledger = funded(Clock())
    assert address_account(key) == account
    assert ledger.has_public_key(account, key)
    assert not ledger.has_public_key(account.replace("e", "f"), key)
    assert not ledger.has_public_key("maker.near", key)
    assert ledger.public_keys_of(account) == ()


def test_an_ed25519_key_has_no_address() -> None:
    maker = Signer(None, 1)
    assert address_account(maker.public_key) is None
    assert funded(Clock()).has_public_key(maker.account, maker.public_key)


@pytest.mark.parametrize(("key", "account"), ADDRESSES)
def test_the_key_of_an_address_can_be_removed_and_added_again(key: str, account: str) -> None:
    accounts = Accounts()
    draft = Draft(accounts)
    with pytest.raises(ContractPanicError, match="already exists"):
        draft.add_key(account, key)
    draft.remove_key(account, key)
    assert not draft.has_key(account, key)
    assert accounts.has_key(account, key), "nothing changes before the call is whole"
    draft.commit()
    assert not accounts.has_key(account, key)

    again = Draft(accounts)
    with pytest.raises(ContractPanicError, match="doesn't exist"):
        again.remove_key(account, key)
    again.add_key(account, key)
    again.commit()
    assert accounts.has_key(account, key)


def test_further_keys_of_such_an_account_are_registered_beside_its_own() -> None:
    key, account = ADDRESSES[0]
    other = Signer(None, 3).public_key
    ledger = funded(Clock())
    ledger.register_key(account, other)
    assert ledger.has_public_key(account, key)
    assert ledger.has_public_key(account, other)
    assert ledger.public_keys_of(account) == (other,)
