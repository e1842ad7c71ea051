"""The function calls of ``intents.near`` in a transaction: withdraw, keys, execute_intents."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from venue.sandbox.verifier.errors import MethodNotFoundError, OutOfGasError
from venue.sandbox.verifier.ledger import Executed, Ledger
from venue.sandbox.wire.borsh import FunctionCall
from venue.sandbox.wire.errors import BAD_ARGUMENTS, ONE_YOCTO, ContractPanicError
from venue.sandbox.wire.payload import AccountId, Amount, FtWithdraw, PublicKey, decode_wire

_Arguments = TypeVar("_Arguments", bound=msgspec.Struct)

TGAS = 10**12
_LEAST_GAS = {"ft_withdraw": 30 * TGAS, "add_public_key": 2 * TGAS, "remove_public_key": 2 * TGAS}


class WithdrawArguments(msgspec.Struct, frozen=True, kw_only=True):
    token: AccountId
    receiver_id: AccountId
    amount: Amount
    memo: str | None = None
    msg: str | None = None

    def request(self) -> FtWithdraw:
        return FtWithdraw(
            token=self.token, receiver_id=self.receiver_id, amount=self.amount, memo=self.memo, msg=self.msg
        )


class KeyArguments(msgspec.Struct, frozen=True):
    public_key: PublicKey


class _Signed(msgspec.Struct, frozen=True):
    signed: list[dict[str, Any]]


def call(ledger: Ledger, caller: str, action: FunctionCall, *, tx_hash: str) -> Executed:
    """Run one call of the account ``caller``; ContractPanicError, MethodNotFoundError or OutOfGasError."""
    if action.method not in ("ft_withdraw", "add_public_key", "remove_public_key", "execute_intents"):
        raise MethodNotFoundError(action.method)
    if action.gas < _LEAST_GAS.get(action.method, 5 * TGAS):
        raise OutOfGasError(action.method)
    if action.method == "execute_intents":
        if action.deposit:
            raise ContractPanicError("Method execute_intents doesn't accept deposit")
        return ledger.execute_intents(read_signed(action.args), tx_hash=tx_hash)
    if action.method == "ft_withdraw":
        request = read_arguments(action.args, WithdrawArguments).request()
        _need_one_yocto(action)
        return ledger.ft_withdraw(caller, request, tx_hash=tx_hash)
    public_key = str(read_arguments(action.args, KeyArguments).public_key)
    _need_one_yocto(action)
    return ledger.change_key(caller, public_key, add=action.method == "add_public_key", tx_hash=tx_hash)


def read_signed(args: bytes) -> Sequence[dict[str, Any]]:
    """Return the ``signed`` argument of ``execute_intents`` and ``simulate_intents``; ContractPanicError without it."""
    return read_arguments(args, _Signed).signed


def _need_one_yocto(action: FunctionCall) -> None:
    if action.deposit != 1:
        raise ContractPanicError(ONE_YOCTO)


def read_arguments(args: bytes, kind: type[_Arguments]) -> _Arguments:
    """Decode a call's JSON arguments; ContractPanicError with near-sdk's text when they have another shape."""
    try:
        return msgspec.json.decode(args, type=kind, dec_hook=decode_wire)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise ContractPanicError(BAD_ARGUMENTS) from error
