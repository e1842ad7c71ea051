"""The view methods of ``intents.near``: JSON arguments in, a JSON value out."""

from collections.abc import Callable

import msgspec

from venue.sandbox.verifier.calls import KeyArguments, read_arguments, read_signed
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.restrictions import EVERYTHING
from venue.sandbox.wire.errors import BAD_ARGUMENTS, ContractPanicError
from venue.sandbox.wire.payload import AccountId


class _Balance(msgspec.Struct, frozen=True):
    account_id: AccountId
    token_id: str


class _Balances(msgspec.Struct, frozen=True):
    account_id: AccountId
    token_ids: list[str]


class _AccountKey(KeyArguments, frozen=True):
    account_id: AccountId


class _Account(msgspec.Struct, frozen=True):
    account_id: AccountId


class _Feature(msgspec.Struct, frozen=True):
    key: str


class _Nonce(msgspec.Struct, frozen=True):
    account_id: AccountId
    nonce: str


class _Salt(msgspec.Struct, frozen=True):
    salt: str


def mt_balance_of(ledger: Ledger, args: bytes) -> object:
    """Return one balance in base units, as decimal text."""
    read = read_arguments(args, _Balance)
    return str(ledger.balance(read.account_id, read.token_id))


def mt_batch_balance_of(ledger: Ledger, args: bytes) -> object:
    """Return balances in base units in the requested order, as decimal text."""
    read = read_arguments(args, _Balances)
    return [str(ledger.balance(read.account_id, token_id)) for token_id in read.token_ids]


def has_public_key(ledger: Ledger, args: bytes) -> object:
    read = read_arguments(args, _AccountKey)
    return ledger.has_public_key(read.account_id, read.public_key)


def public_keys_of(ledger: Ledger, args: bytes) -> object:
    return list(ledger.public_keys_of(read_arguments(args, _Account).account_id))


def is_nonce_used(ledger: Ledger, args: bytes) -> object:
    """Return whether the nonce is used and not yet cleaned up."""
    read = read_arguments(args, _Nonce)
    try:
        return ledger.is_nonce_used(read.account_id, read.nonce)
    except ValueError as error:
        raise ContractPanicError(BAD_ARGUMENTS) from error


def current_salt(ledger: Ledger, args: bytes) -> object:
    """Return the salt for new nonces, hex of 4 bytes."""
    return ledger.current_salt().hex()


def is_valid_salt(ledger: Ledger, args: bytes) -> object:
    try:
        salt = bytes.fromhex(read_arguments(args, _Salt).salt)
    except ValueError as error:
        raise ContractPanicError(BAD_ARGUMENTS) from error
    if len(salt) != 4:
        raise ContractPanicError(BAD_ARGUMENTS)
    return ledger.is_valid_salt(salt)


def fee(ledger: Ledger, args: bytes) -> object:
    """Return the protocol fee in pips."""
    return ledger.fee_pips


def fee_collector(ledger: Ledger, args: bytes) -> object:
    return ledger.fee_collector


def is_account_locked(ledger: Ledger, args: bytes) -> object:
    return read_arguments(args, _Account).account_id in ledger.restrictions().locked


def is_auth_by_predecessor_id_enabled(ledger: Ledger, args: bytes) -> object:
    return read_arguments(args, _Account).account_id not in ledger.restrictions().no_predecessor


def pa_all_paused(ledger: Ledger, args: bytes) -> object:
    """Return the keys of the paused features, None without any, as near-plugins does."""
    return sorted(ledger.restrictions().paused) or None


def pa_is_paused(ledger: Ledger, args: bytes) -> object:
    paused = ledger.restrictions().paused
    return bool(paused & {read_arguments(args, _Feature).key, EVERYTHING})


def simulate_intents(ledger: Ledger, args: bytes) -> object:
    return ledger.simulate_intents(read_signed(args))


VIEWS: dict[str, Callable[[Ledger, bytes], object]] = {
    view.__name__: view
    for view in (
        mt_balance_of,
        mt_batch_balance_of,
        has_public_key,
        public_keys_of,
        is_nonce_used,
        current_salt,
        is_valid_salt,
        fee,
        fee_collector,
        is_account_locked,
        is_auth_by_predecessor_id_enabled,
        pa_all_paused,
        pa_is_paused,
        simulate_intents,
    )
}
"""View by method name; each raises ContractPanicError when the contract would."""
