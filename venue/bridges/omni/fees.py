"""What the Omni bridge takes for a transfer to Bitcoin. Source: the fee API as @omni-bridge/core reads it."""

import msgspec

from venue.transport.amounts import amount_of


class OmniFees(msgspec.Struct, frozen=True, kw_only=True):
    """Base units of the token: ``gas_fee`` is the most that the payment on Bitcoin may cost, ``protocol_fee`` the
    bridge's own part, ``min_amount`` the least that may be burned, fees included. ``native_fee``: yoctoNEAR, paid
    beside the transfer. ``insufficient_utxo``: the bridge cannot pay this amount out now.
    """

    gas_fee: int
    protocol_fee: int
    native_fee: int
    min_amount: int
    insufficient_utxo: bool

    @property
    def fee(self) -> int:
        """Base units of the token that do not arrive."""
        return self.gas_fee + self.protocol_fee


class RawFees(msgspec.Struct):
    native_token_fee: str | int
    gas_fee: str | int | None = None
    protocol_fee: str | int | None = None
    min_amount: str | int | None = None
    insufficient_utxo: bool | None = None


def read_fees(raw: RawFees) -> OmniFees:
    """Convert an answer; ValueError when a value is missing or invalid.

    As the official SDK does, it counts a fee or minimum of zero as missing: the bridge pays nothing out for free.
    """
    if raw.insufficient_utxo is None:
        raise ValueError("it does not say whether the bridge can pay this out (insufficient_utxo)")
    return OmniFees(
        gas_fee=_above_zero("gas_fee", raw.gas_fee),
        protocol_fee=_above_zero("protocol_fee", raw.protocol_fee),
        native_fee=amount_of(raw.native_token_fee),
        min_amount=_above_zero("min_amount", raw.min_amount),
        insufficient_utxo=raw.insufficient_utxo,
    )


def _above_zero(name: str, value: str | int | None) -> int:
    amount = 0 if value is None else amount_of(value)
    if amount == 0:
        raise ValueError(f"{name} is missing or zero")
    return amount
