"""Storage deposits of a contract (NEP-145), read through NEAR RPC."""

import msgspec

from venue.near.rpc import NearRpc
from venue.transport.amounts import amount_of
from venue.transport.jsonrpc import decode


class _Balance(msgspec.Struct):
    available: str


_BALANCE = msgspec.json.Decoder(_Balance | None)


async def available_storage(rpc: NearRpc, contract: str, account: str) -> int:
    """Return how much yoctoNEAR of the account's deposit at the contract is not in use; 0 for one without a deposit.

    Raises RefusedError with the panic's text, or UnreachableError when there is no answer or none of this shape.
    """
    return (await rpc.view_as(contract, "storage_balance_of", {"account_id": account}, _available))[0]


def _available(value: bytes, who: str) -> int:
    balance = decode(_BALANCE, value, who)
    return 0 if balance is None else amount_of(balance.available)
