"""Accounts for whoever else connects: opened, funded and given more at any time, each with a key of its own."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated

import msgspec

from venue.protocol.assets import Token
from venue.sandbox.base.seeding import derive
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.wallet import Wallet
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.keys import parse_public_key
from venue.sandbox.wire.scalars import MAX_U128, parse_account_id

_MOST_DIGITS = 18


class AccountOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``balances``: what is added, in whole tokens by symbol or token id; None for what a new maker starts with.

    ``public_key``: the caller's own key; without one the venue makes a key and tells it.
    """

    account: str
    public_key: str | None = None
    balances: dict[str, Annotated[str, msgspec.Meta(max_length=64)] | int] | None = None


class Guest(msgspec.Struct, frozen=True, kw_only=True):
    """An account of the venue; ``private_key`` is None where the caller gave its own."""

    account: str
    public_key: str
    private_key: str | None
    balances: Mapping[str, str]


class Guests:
    """Opens accounts; the same seed gives the same account the same key."""

    def __init__(self, config: VenueConfig, ledger: Ledger) -> None:
        self._config = config
        self._ledger = ledger

    def open(self, order: AccountOrder) -> Guest:
        """Open the account, or add to it. Raises ValueError and changes nothing for what cannot be opened."""
        name, opening = order.account, read_opening(order, self._config)
        wallet = Wallet(name, derive(self._config.seed, "key", name), self._config.contract)
        key = wallet.public_key if order.public_key is None else parse_public_key(order.public_key)
        for token_id, units in opening.items():
            if self._ledger.supply(token_id) + units > MAX_U128:
                raise ValueError(f"the venue cannot hold so much of {token_id}")
        self._ledger.register_key(name, key)
        if self._ledger.access_keys.find(name, key) is None:
            self._ledger.add_access_key(name, key)
        for token_id, units in opening.items():
            if units:
                self._ledger.mint(name, token_id, units)
        held = self._ledger.balances_of(name)
        return Guest(
            account=name,
            public_key=key,
            private_key=wallet.secret_key() if order.public_key is None else None,
            balances={token_id: str(units) for token_id, units in held.items()},
        )


def read_opening(order: AccountOrder, config: VenueConfig) -> dict[str, int]:
    """Return what is added to the account, base units by token id. Raises ValueError for what cannot be opened."""
    parse_account_id(order.account)
    if order.public_key is not None:
        parse_public_key(order.public_key)
    if order.balances is None:
        return config.maker_opening()
    return {_token(name, config).token_id: _units(name, given, config) for name, given in order.balances.items()}


def _token(name: str, config: VenueConfig) -> Token:
    held = config.held_tokens
    token = config.find_token(name) or next((one for one in held if one.token_id == name), None)
    if token is None:
        known = ", ".join(one.symbol for one in held)
        raise ValueError(f"there is no token {name}; known are {known}")
    return token


def _units(name: str, given: str | int, config: VenueConfig) -> int:
    try:
        amount = Decimal(given)
    except InvalidOperation:
        raise ValueError(f"{given!r} is not an amount of {name}") from None
    # Before it is written out: a few characters can name a number that fills the memory.
    if not amount.is_finite() or amount < 0 or amount.adjusted() > _MOST_DIGITS:
        raise ValueError(f"{given!r} {name} is out of range")
    return _token(name, config).to_units(amount)
