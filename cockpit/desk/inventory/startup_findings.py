"""What the startup reconciliation found, in sentences to an operator."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cockpit.desk.inventory.movements import Movement, total
from storage.history import PreviousRun
from venue.protocol.assets import NO_AMOUNTS, Market, PairAmounts, Token

NOT_RECORDED = "no explained balances are on record; the first reading is taken as it is"
MATCHING = "the opening balances are the previous run's last ones and what happened since"


def run_ended(previous: PreviousRun) -> str:
    if previous.clean:
        return f"the previous run {previous.run_id} ended cleanly"
    return f"the previous run {previous.run_id} broke off; it last wrote at {_at(previous.last_write_ns)}"


def without_outcome(quotes: int) -> str:
    return f"{_count(quotes, 'quote')} of earlier runs had no outcome on record"


def asking(quotes: int) -> str:
    return f"asking the Verifier for the nonces of {_count(quotes, 'quote')} without an outcome on record"


def still_live(quotes: int) -> str:
    return f"{_count(quotes, 'quote')} of earlier runs may still be settled; their amounts stay committed"


def unrecorded(left_ms: int) -> str:
    return f"quotes that it may have signed last without a record expire within {-(-left_ms // 1000)} s"


def accounted(quotes: int) -> str:
    return f"all {_count(quotes, 'quote')} of earlier runs have an outcome on record"


def unexplained_now(pair: Market, amounts: PairAmounts) -> str:
    return f"{signed(pair, amounts)} is unexplained" if amounts else "nothing is unexplained any more"


def opening(
    pair: Market,
    *,
    fills: Sequence[Movement],
    flows: Sequence[Movement],
    unexplained: PairAmounts,
    carried: PairAmounts,
    base_ns: int | None,
) -> list[str]:
    """Say what explains the opening balances.

    ``fills`` and ``flows`` (deposits and withdrawals): those found now; ``unexplained``: what nothing explains;
    ``carried``: what was unexplained before. ``base_ns``: when the balances to
    start from were read (UTC), None without any.
    """
    found = []
    if fills:
        count = _count(len(fills), "fill")
        found.append(f"{count} while no desk was running: {signed(pair, total(fills))}; booked")
    if flows:
        found.append(f"deposits and withdrawals while no desk was running: {signed(pair, total(flows))}")
    if base_ns is None:
        found.append(NOT_RECORDED)
    elif unexplained == NO_AMOUNTS:
        found.append(MATCHING)
    else:
        found.append(
            f"{signed(pair, unexplained)} of the opening balances is unexplained since {_at(base_ns)}: find "
            "the cause before trading; `cockpit accept-remainder` accepts it"
        )
    if carried:
        found.append(f"{signed(pair, carried)} was unexplained before and has not been accepted")
    return found


def signed(pair: Market, amounts: PairAmounts) -> str:
    return ", ".join(_signed(asset, units) for asset, units in pair.by_asset(amounts) if units) or "nothing in sum"


def _signed(asset: Token, units: int) -> str:
    return f"{asset.to_decimal(units).normalize():+f} {asset.symbol}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _at(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns / 1e9, UTC):%Y-%m-%d %H:%M:%S} UTC"
