"""What actions cost in gas, by nearcore's parameters (protocol version 83), and what they may be at most."""

from collections.abc import Iterable
from typing import NamedTuple

from venue.sandbox.wire.actions import (
    Action,
    AddKey,
    CreateAccount,
    DeleteAccount,
    DeleteKey,
    FunctionCall,
    Stake,
    Transfer,
)

GAS_PRICE = 100_000_000
"""yoctoNEAR per gas unit."""
CALL_BURNT = 2_428_000_000_000
"""Gas that every function call burns here beside its fee: none is metered."""
STORAGE_PRICE = 10**19
"""yoctoNEAR that an account must hold for each byte of its storage."""
FREE_STORAGE = 770
"""Bytes below which an account need hold nothing (NEP-448)."""
ACCOUNT_BYTES = 100

MAX_ACTIONS = 100
MAX_GAS = 10**15
MAX_TRANSACTION_SIZE = 1_572_864
MAX_METHOD_NAME = 256
MAX_METHOD_NAMES = 2_000
MAX_ARGUMENTS = 4_194_304


class Fee(NamedTuple):
    """Gas for sending, to oneself and to another, and for executing."""

    to_self: int
    to_other: int
    execution: int


RECEIPT = Fee(108_059_500_000, 108_059_500_000, 108_059_500_000)
CREATE_ACCOUNT = Fee(3_850_000_000_000, 3_850_000_000_000, 3_850_000_000_000)
CALL = Fee(200_000_000_000, 200_000_000_000, 780_000_000_000)
CALL_BYTE = Fee(2_235_934, 47_683_715, 2_235_934)
TRANSFER = Fee(115_123_062_500, 115_123_062_500, 115_123_062_500)
STAKE = Fee(141_715_687_500, 141_715_687_500, 102_217_625_000)
FULL_KEY = Fee(101_765_125_000, 101_765_125_000, 101_765_125_000)
CALL_KEY = Fee(102_217_625_000, 102_217_625_000, 102_217_625_000)
CALL_KEY_BYTE = Fee(1_925_331, 47_683_715, 1_925_331)
DELETE_KEY = Fee(94_946_625_000, 94_946_625_000, 94_946_625_000)
DELETE_ACCOUNT = Fee(147_489_000_000, 147_489_000_000, 147_489_000_000)
_NOTHING = Fee(0, 0, 0)


def send_gas(actions: Iterable[Action], *, to_self: bool) -> int:
    """Return the gas for making a receipt of these actions."""
    column = 0 if to_self else 1
    return sum(fee[column] * count for action in actions for fee, count in _fees(action)) + RECEIPT[column]


def execution_gas(actions: Iterable[Action]) -> int:
    """Return the gas for executing a receipt of these actions, without what contracts burn."""
    return sum(fee.execution * count for action in actions for fee, count in _fees(action)) + RECEIPT.execution


def prepaid_gas(actions: Iterable[Action]) -> int:
    return sum(action.gas for action in actions if isinstance(action, FunctionCall))


def attached(actions: Iterable[Action]) -> int:
    """Return the yoctoNEAR that the actions hand over."""
    return sum(action.deposit for action in actions if isinstance(action, FunctionCall | Transfer))


def _fees(action: Action) -> tuple[tuple[Fee, int], ...]:
    match action:
        case CreateAccount():
            return ((CREATE_ACCOUNT, 1),)
        case FunctionCall():
            return ((CALL, 1), (CALL_BYTE, len(action.method.encode()) + len(action.args)))
        case Transfer():
            return ((TRANSFER, 1),)
        case Stake():
            return ((STAKE, 1),)
        case AddKey(permission=None):
            return ((FULL_KEY, 1),)
        case AddKey():
            return ((CALL_KEY, 1), (CALL_KEY_BYTE, method_bytes(action)))
        case DeleteKey():
            return ((DELETE_KEY, 1),)
        case DeleteAccount():
            return ((DELETE_ACCOUNT, 1),)
        case _:
            return ((_NOTHING, 1),)


def method_bytes(action: AddKey) -> int:
    """Return the bytes of the methods that the key may call, each with its end."""
    methods = () if action.permission is None else action.permission.methods
    return sum(len(name.encode()) + 1 for name in methods)
