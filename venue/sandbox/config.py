"""The settings of a sandbox venue."""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from venue.protocol.tokens import BTC, EURE

_Seconds = Annotated[float, msgspec.Meta(ge=0, le=604_800)]


class VenueConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one venue; the same seed gives the same requests, prices and rival answers.

    ``rate``: requests a second. ``other_pairs``: their share for other pairs, 0 to 1. ``speed``: market seconds per
    real second. ``prices``: path of a recording to replay instead of the random walk. ``median_eur``: median size.
    ``maker_btc`` and ``maker_eure``: the maker's opening balances in base units. ``deposit_after_s``: when a
    deposit of ``deposit_btc`` base units shows up, None for never; it is credited ``deposit_confirm_s`` later.
    ``settle_s``: shortest and longest time from publishing to settlement. ``flat``: requests in the documented flat
    envelope. ``port``: first of eight consecutive ports, 0 for any free ones. ``index_after_s``, ``send_after_s``,
    ``complete_after_s``: how long after a withdrawal left the Verifier the bridge knows it, has paid it out, and is
    done. ``confirm_s``: when a deposit is final, unless it says otherwise. ``tx_validity_s``: how old the block
    named by a transaction may be. ``key_registered``: whether the Verifier knows the maker's key; ``access``: that
    key's access to the maker's NEAR account.
    """

    seed: int = 1
    rate: Annotated[float, msgspec.Meta(ge=0, le=10_000)] = 5.0
    other_pairs: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.9
    speed: Annotated[float, msgspec.Meta(gt=0, le=100_000)] = 1.0
    prices: str | None = None
    start_mid: Decimal = Decimal("80000.00")
    median_eur: float = 60.0
    sigma: float = 1.0
    maker_account: str = "maker.sandbox.near"
    maker_btc: int = BTC.to_units(Decimal("0.5"))
    maker_eure: int = EURE.to_units(Decimal(15_000))
    traders: int = 8
    rivals: bool = True
    settle_s: tuple[float, float] = (0.8, 2.0)
    deposit_after_s: float | None = 10.0
    deposit_confirm_s: float = 15.0
    deposit_btc: int = BTC.to_units(Decimal("0.01"))
    fee_pips: int = 1
    flat: bool = False
    start_paused: bool = False
    port: Annotated[int, msgspec.Meta(ge=0, le=65_527)] = 0
    index_after_s: _Seconds = 2.0
    send_after_s: _Seconds = 6.0
    complete_after_s: _Seconds = 20.0
    confirm_s: _Seconds = 15.0
    tx_validity_s: Annotated[float, msgspec.Meta(gt=0, le=604_800)] = 86_400.0
    key_registered: bool = True
    access: Literal["full", "function_call", "none"] = "full"
