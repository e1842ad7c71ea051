"""Reads an order as an operator sends it, and refuses what cannot be meant."""

from collections.abc import Mapping

import msgspec

from cockpit.desk.funding.errors import InvalidOrderError
from cockpit.model.commands import Route, WithdrawalOrder
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable
from venue.signing.addresses import check_address
from venue.signing.errors import InvalidAddressError
from venue.transport.amounts import amount_of


class ParsedOrder(msgspec.Struct, frozen=True, kw_only=True):
    """A readable order, its address checked; amounts in base units. ``amount`` is None while none is given.

    ``expected_native_fee``: yoctoNEAR; 0 for an order that expects a fee and names none beside it.
    """

    asset: Token
    amount: int | None
    destination: str
    route: Route
    expected_fee: int | None
    expected_native_fee: int | None


class OrderParser:
    """Parses orders for the tokens of one table.

    ``defaults``: the configured destination by symbol; ``route``: the configured one, for tokens that have a choice.
    """

    def __init__(self, tokens: TokenTable, *, defaults: Mapping[str, str], route: Route) -> None:
        self._tokens = tokens
        self.defaults = dict(defaults)
        self._route = route

    def asset(self, order: WithdrawalOrder) -> Token:
        """Return the asset that the order names. Raises InvalidOrderError."""
        for asset in self._tokens.tokens:
            if order.asset_id in (asset.token_id, asset.symbol):
                if order.chain not in ("", asset.chain):
                    raise InvalidOrderError(f"{asset.symbol} leaves to {asset.chain} only")
                return asset
        known = ", ".join(f"{token.symbol} ({token.token_id})" for token in self._tokens.tokens)
        raise InvalidOrderError(f"asset_id must be one of {known}")

    def parse(self, order: WithdrawalOrder) -> ParsedOrder:
        """Parse the order. Raises InvalidOrderError, which names the value that is missing or wrong."""
        asset = self.asset(order)
        destination = order.destination_address.strip() or self.defaults.get(asset.symbol, "")
        if not destination:
            name = f"TRADING_{asset.underlying.symbol.upper()}_WITHDRAW_ADDRESS"
            raise InvalidOrderError(f"give a destination_address: {name} is not configured")
        try:
            destination = check_address(asset.chain, destination, asset.near_token)
            amount = None if order.amount == "" else amount_of(order.amount)
            expected = _expected(order.expected_fee)
            expected_native = _expected(order.expected_native_fee)
        except InvalidAddressError as exc:
            raise InvalidOrderError(str(exc)) from None
        except ValueError as exc:
            raise InvalidOrderError(f"amounts are base units in decimal digits: {exc}") from None
        if amount == 0:
            raise InvalidOrderError("give an amount above zero")
        return ParsedOrder(
            asset=asset,
            amount=amount,
            destination=destination,
            route=order.route or ("intent" if asset.bridge == "omni" else self._route),
            expected_fee=expected,
            expected_native_fee=expected_native if expected is None else expected_native or 0,
        )


def _expected(fee: str | int | None) -> int | None:
    return None if fee in (None, "") else amount_of(fee or 0)
