"""The views of the Omni bridge's contract, which a client asks before it sends a token there.

Source: near-one/omni-bridge. The coin of a chain has the chain's empty address there, and no view of a token changes.
"""

from collections.abc import Callable, Mapping, Sequence

from venue.protocol.assets import Token
from venue.sandbox.verifier.arguments import read_arguments
from venue.sandbox.wire.scalars import account_id
from venue.sandbox.wire.shapes import Field, Shape, ShapeError, text
from venue.sandbox.wire.strict_json import Value

Views = Mapping[str, Callable[[bytes], object]]

_CHAINS = ("Eth", "Near", "Sol", "Arb", "Base", "Bnb", "Btc", "Zcash", "Pol", "HyperEvm", "Strk", "Abs", "Fogo")
_PREFIXES = {chain: "hlevm" if chain == "HyperEvm" else chain.lower() for chain in _CHAINS}
_COINS = {"btc:mainnet": "Btc"}
"""Chains of the PoA bridge whose coin the Omni bridge holds, by the contract's name for them."""


def _chain(value: Value) -> str:
    name = text(value)
    if name not in _CHAINS:
        raise ShapeError(f"unknown variant `{name}`")
    return name


def _address(value: Value) -> str:
    given = text(value)
    prefix, colon, rest = given.partition(":")
    if not colon or prefix not in _PREFIXES.values():
        raise ShapeError(f"Chain {prefix} is not supported")
    if prefix == "near":
        account_id(rest)
    return given


_ACCOUNT = Shape(Field("account_id", account_id))
_BRIDGED = Shape(Field("address", _address), Field("chain", _chain))
_DECIMALS = Shape(Field("address", _address))


def contract_views(tokens: Sequence[Token], storage_balance: Callable[[str], object]) -> Views:
    """Return the views by name; each takes JSON arguments and raises ContractPanicError for others."""
    coins = {f"near:{token.near_token}": _coin_address(token) for token in tokens if token.chain in _COINS}
    decimals = {_coin_address(token): token.decimals for token in tokens if token.chain in _COINS}
    tokens_of = {coin: token for token, coin in coins.items()}

    def storage_balance_of(args: bytes) -> object:
        return storage_balance(read_arguments(args, _ACCOUNT)["account_id"])

    def get_bridged_token(args: bytes) -> object:
        read = read_arguments(args, _BRIDGED)
        address, chain = read["address"], read["chain"]
        token = address if address.startswith("near:") else tokens_of.get(address)
        if chain == "Near":
            return token
        coin = coins.get(token) if token is not None else None
        return coin if coin == f"{_PREFIXES[chain]}:" else None

    def get_token_decimals(args: bytes) -> object:
        found = decimals.get(read_arguments(args, _DECIMALS)["address"])
        return None if found is None else {"decimals": found, "origin_decimals": found}

    return {view.__name__: view for view in (storage_balance_of, get_bridged_token, get_token_decimals)}


def _coin_address(token: Token) -> str:
    return f"{_PREFIXES[_COINS[token.chain]]}:"
