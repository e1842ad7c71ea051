"""The function calls of ``intents.near`` in a transaction: withdraw, keys, execute_intents."""

from collections.abc import Sequence
from typing import Any

from venue.sandbox.verifier.errors import MethodNotFoundError, OutOfGasError
from venue.sandbox.verifier.ledger import Executed, Ledger
from venue.sandbox.wire.borsh import FunctionCall
from venue.sandbox.wire.errors import ONE_YOCTO, ContractPanicError, bad_arguments
from venue.sandbox.wire.intent_types import FT_WITHDRAW, FtWithdraw
from venue.sandbox.wire.keys import public_key
from venue.sandbox.wire.payload import read_payloads
from venue.sandbox.wire.shapes import Field, Shape, members
from venue.sandbox.wire.standards import Signed
from venue.sandbox.wire.strict_json import parse

TGAS = 10**12
_LEAST_GAS = {"ft_withdraw": 30 * TGAS, "add_public_key": 2 * TGAS, "remove_public_key": 2 * TGAS}

_SIGNED = Shape(Field("signed", read_payloads))
_KEY = Shape(Field("public_key", public_key))
_WITHDRAW = FT_WITHDRAW.without("storage_deposit", "min_gas")


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
        request = FtWithdraw(**read_arguments(action.args, _WITHDRAW))
        _need_one_yocto(action)
        return ledger.ft_withdraw(caller, request, tx_hash=tx_hash)
    key = str(read_arguments(action.args, _KEY)["public_key"])
    _need_one_yocto(action)
    return ledger.change_key(caller, key, add=action.method == "add_public_key", tx_hash=tx_hash)


def read_signed(args: bytes) -> Sequence[Signed]:
    """Return the ``signed`` argument of ``execute_intents`` and ``simulate_intents``; ContractPanicError without it."""
    signed: Sequence[Signed] = read_arguments(args, _SIGNED)["signed"]
    return signed


def _need_one_yocto(action: FunctionCall) -> None:
    if action.deposit != 1:
        raise ContractPanicError(ONE_YOCTO)


def read_arguments(args: bytes, shape: Shape) -> dict[str, Any]:
    """Read a call's JSON arguments; ContractPanicError with near-sdk's text when they have another shape."""
    try:
        return members(parse(args), shape)
    except ValueError as error:
        raise bad_arguments(error) from error
