"""The gas that intents set aside for the calls they start, as the contract states it before it makes them.

What a call burns itself is not counted, so the real contract ends some calls earlier. Source: near/intents, 0.4.1.
"""

from collections.abc import Iterator

from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.intent_types import (
    AuthCall,
    FtWithdraw,
    Intent,
    MtWithdraw,
    NativeWithdraw,
    NftWithdraw,
    StorageDeposit,
    TransferIntent,
)

TGAS = 10**12
_MAX_U64 = 2**64 - 1
_UNWRAP = 10 * TGAS
"""For ``near_withdraw`` of wNEAR."""
_STORAGE = 10 * TGAS
_OWN = 5 * TGAS
"""For a call of the contract to itself, beside what that call starts."""


def reserved_gas(intent: Intent) -> Iterator[int]:
    """Yield the gas of each call that the intent starts, in their order; ContractPanicError past 64 bits."""
    match intent:
        case TransferIntent(msg=str()):
            yield max(30 * TGAS if intent.min_gas is None else intent.min_gas, 5 * TGAS)
            yield _resolving_several(len(intent.tokens))
        case FtWithdraw() | NftWithdraw():
            least = 15 * TGAS if intent.msg is None else 30 * TGAS
            usual = 15 * TGAS if intent.msg is None else 50 * TGAS
            yield from _withdrawing(intent, least, usual)
            yield _OWN
        case MtWithdraw():
            least = 20 * TGAS if intent.msg is None else 35 * TGAS
            usual = 20 * TGAS if intent.msg is None else 50 * TGAS
            yield from _withdrawing(intent, least, usual)
            yield _resolving_several(len(intent.token_ids))
        case NativeWithdraw():
            yield from (_UNWRAP, 10 * TGAS)
        case StorageDeposit():
            yield from (_UNWRAP, _OWN + _STORAGE)
        case AuthCall():
            gas = 10 * TGAS if intent.min_gas is None else intent.min_gas
            if intent.attached_deposit:
                yield _UNWRAP
                gas = _within(_OWN + (10 * TGAS if intent.has_state_init else 0) + gas)
            yield gas
        case _:
            return


def _withdrawing(intent: FtWithdraw | NftWithdraw | MtWithdraw, least: int, usual: int) -> Iterator[int]:
    gas = max(usual if intent.min_gas is None else intent.min_gas, least)
    if intent.storage_deposit is not None:
        yield _UNWRAP
        gas = _within(_OWN + _STORAGE + gas)
    yield gas


def _resolving_several(tokens: int) -> int:
    return (8 + 2 * tokens) * TGAS


def _within(gas: int) -> int:
    if gas > _MAX_U64:
        raise ContractPanicError("gas overflow")
    return gas
