"""What must hold before a withdrawal is signed. Pure: facts in, a sentence for each gate that is closed out."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from venue.protocol.assets import Asset


class PreflightFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known at the moment of asking; amounts in base units, None where it could not be read."""

    asset: Asset
    amount: int
    destination: str
    frozen: bool
    balance: int | None
    balance_fresh: bool
    spendable: int | None
    unexplained: bool
    fee: int | None
    fee_problem: str
    expected_fee: int | None
    minimum: int | None
    minimum_problem: str
    cooling_left_ms: int
    undecided: str
    history_writable: bool
    former_left_ms: int = 0


def closed(facts: PreflightFacts) -> tuple[str, ...]:
    """Every reason against it, each one sentence that says what to do; empty when it may go."""
    return tuple(_closed(facts))


def _closed(facts: PreflightFacts) -> Iterator[str]:
    asset = facts.asset
    if facts.frozen:
        yield "withdrawals are frozen; unfreeze them first"
    if not facts.history_writable:
        yield "the history is not whole where it belongs, and what is not recorded is not sent; mend the history first"
    if facts.former_left_ms > 0:
        yield (
            f"quotes of the former run may still take their amounts for {-(-facts.former_left_ms // 1000)} s; "
            "wait until they are dead"
        )
    if facts.undecided:
        yield (
            f"the outcome of withdrawal {facts.undecided} of {asset.symbol} is unknown; "
            "wait until it is known before making another"
        )
    yield from _amounts(facts)
    if facts.cooling_left_ms > 0:
        yield (
            f"the address was never used before; wait {-(-facts.cooling_left_ms // 1000)} s "
            "and compare it with its source once more"
        )


def _amounts(facts: PreflightFacts) -> Iterator[str]:
    asset = facts.asset
    if facts.balance is None or facts.spendable is None:
        yield "the balance is not known; wait until the Verifier can be read"
    elif not facts.balance_fresh:
        yield "the balance is too old; refresh the inventory"
    elif facts.amount > facts.spendable:
        yield (
            f"{_units(asset, facts.amount)} is more than the {_units(asset, facts.spendable)} that is neither promised "
            "by quotes nor leaving; take less, or wait until the quotes are dead"
        )
    if facts.unexplained:
        yield f"the balance of {asset.symbol} is not explained; find out why before taking money out"
    if facts.minimum is None:
        yield f"the bridge's minimum is not known ({facts.minimum_problem}); try again"
    elif facts.amount < facts.minimum:
        minimum = _units(asset, facts.minimum)
        yield f"{_units(asset, facts.amount)} is under the bridge's minimum of {minimum}; take more"
    if facts.fee is None:
        yield f"the bridge's fee is not known ({facts.fee_problem}); try again"
    elif facts.expected_fee is not None and facts.fee != facts.expected_fee:
        yield f"the bridge's fee has changed to {_units(asset, facts.fee)}; review the withdrawal again"
    elif facts.amount <= facts.fee:
        yield f"the bridge's fee of {_units(asset, facts.fee)} would leave nothing to arrive; take more"


def _units(asset: Asset, units: int) -> str:
    amount: Decimal = asset.to_decimal(units)
    return f"{amount.normalize():f} {asset.symbol}"
