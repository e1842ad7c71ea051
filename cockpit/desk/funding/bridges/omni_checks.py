"""What must hold of the Omni bridge before a withdrawal by it is signed. Pure.

With its message nothing is credited back when a transfer fails, so what is unknown refuses too.
"""

from decimal import Decimal

from cockpit.desk.funding.bridges.terms import OmniAsks
from cockpit.model.commands import FEE_CHANGED
from cockpit.model.formatting import exact

NEAR_DECIMALS = 24
STORAGE_NEEDED = 5 * 10**23
"""yoctoNEAR of the Verifier's storage deposit that must be exceeded: 0.5 NEAR, as the official SDK asks."""
ONLY_INTENT = "leaves by the Omni bridge, which needs the intent route; leave the route out, or order route intent"


def near(yocto: int) -> str:
    """Write an amount of yoctoNEAR in NEAR."""
    return f"{exact(Decimal(yocto).scaleb(-NEAR_DECIMALS))} NEAR"


def omni_refusals(asks: OmniAsks, *, expected_native_fee: int | None) -> tuple[str, ...]:
    """Return the refusal of every check that fails; empty when none does."""
    found = (_payout(asks), _storage(asks), _native_fee_changed(asks, expected_native_fee), _native_fee(asks))
    return tuple(refusal for refusal in found if refusal)


def _payout(asks: OmniAsks) -> str:
    if not asks.insufficient_utxo:
        return ""
    return "the Omni bridge cannot pay this amount out now (insufficient_utxo); wait, or withdraw less"


def _storage(asks: OmniAsks) -> str:
    if asks.storage is None:
        return f"the Verifier's storage at the Omni bridge is not known ({asks.storage_problem}); try again"
    if asks.storage > STORAGE_NEEDED:
        return ""
    return (
        f"the Verifier has {near(asks.storage)} of storage left at the Omni bridge, not above {near(STORAGE_NEEDED)}; "
        "a transfer would be lost, so wait until the venue refills it"
    )


def _native_fee_changed(asks: OmniAsks, expected: int | None) -> str:
    if expected is None and asks.native_fee:
        # No share of the amount bounds it: it is paid in another token, whose price the desk does not know.
        return (
            f"the bridge asks {near(asks.native_fee)} beside the amount; to accept it, give expected_native_fee "
            f"({asks.native_fee} yoctoNEAR; --native-fee)"
        )
    if expected is None or asks.native_fee == expected:
        return ""
    return f"{FEE_CHANGED}: {near(asks.native_fee)} are asked beside it; review the withdrawal again"


def _native_fee(asks: OmniAsks) -> str:
    if not asks.native_fee:
        return ""
    if asks.wrapped_near is None:
        return f"the balance of wNEAR is not known ({asks.wrapped_near_problem}); try again"
    if asks.wrapped_near >= asks.native_fee:
        return ""
    return (
        f"the bridge asks {near(asks.native_fee)}, and the account has {near(asks.wrapped_near)} as wNEAR on the "
        "Verifier; deposit wNEAR, or wait for a lower fee"
    )
