"""The faults of the sandbox's Omni bridge that a rehearsal can switch on."""

from typing import Literal

import msgspec


class OmniFaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``api``: how the API behaves as a whole. ``version``: which form of its transfers it has. ``native_fee``: what
    it asks beside the token, yoctoNEAR. ``insufficient_utxo``: it cannot pay out now. ``storage_low``: the Verifier's
    storage deposit at the bridge is all but used up. ``stuck``: transfers are indexed and never paid. ``lies``: what
    the API tells wrong of a transfer. ``pays_below``: base units that a relayer's gas stays below ``MaxGasFee``.
    """

    api: Literal["ok", "429", "500", "garbage", "slow"] = "ok"
    version: Literal["v3", "v4"] = "v3"
    native_fee: int = 0
    insufficient_utxo: bool = False
    storage_low: bool = False
    stuck: bool = False
    lies: Literal["", "amount", "recipient", "hash"] = ""
    pays_below: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.native_fee < 2**128 and 0 <= self.pays_below < 2**128):
            raise ValueError("native_fee and pays_below must be from 0 to 2^128 - 1")
