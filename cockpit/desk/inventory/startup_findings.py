"""What the startup reconciliation found, in sentences to an operator."""

from collections.abc import Sequence
from datetime import UTC, datetime

from cockpit.desk.inventory.movements import Movement, total
from cockpit.model.formatting import counted
from storage.history import PreviousRun
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable

NOT_RECORDED = "no explained balances are on record; the first reading is taken as it is"
MATCHING = "the opening balances are the previous run's last ones and what happened since"


def run_ended(previous: PreviousRun) -> str:
    if previous.clean:
        return f"the previous run {previous.run_id} ended cleanly"
    return f"the previous run {previous.run_id} broke off; it last wrote at {_at(previous.last_write_ns)}"


def without_outcome(quotes: int) -> str:
    return f"{counted(quotes, 'quote')} of earlier runs had no outcome on record"


def asking(quotes: int) -> str:
    return f"asking the Verifier for the nonces of {counted(quotes, 'quote')} without an outcome on record"


def still_live(quotes: int) -> str:
    return f"{counted(quotes, 'quote')} of earlier runs may still be settled; all but refused ones stay committed"


def unrecorded(left_ms: int) -> str:
    return f"quotes that it may have signed last without a record expire within {-(-left_ms // 1000)} s"


def accounted(quotes: int) -> str:
    return f"all {counted(quotes, 'quote')} of earlier runs have an outcome on record"


def unknown_token(token_id: str) -> str:
    return (
        f"earlier runs held or quoted {token_id}, which is not in the table of tokens; "
        "put it back into markets.toml and start again"
    )


def set_aside(height: int) -> str:
    return f"block {height:,} on record is set aside: no NEAR RPC endpoint is near it"


def unexplained_now(tokens: TokenTable, amounts: TokenAmounts) -> str:
    return f"{signed(tokens, amounts)} is unexplained" if amounts else "nothing is unexplained any more"


def opening(
    tokens: TokenTable,
    *,
    fills: Sequence[Movement],
    flows: Sequence[Movement],
    unexplained: TokenAmounts,
    carried: TokenAmounts,
    first: TokenAmounts,
    base_ns: int | None,
) -> list[str]:
    """Say what explains the opening balances.

    ``fills`` and ``flows`` (deposits and withdrawals): those found now; ``unexplained``: what nothing explains;
    ``carried``: what was unexplained before; ``first``: balances of tokens that no earlier run counted. ``base_ns``:
    when the balances to start from were read (UTC), None without any.
    """
    found = []
    if fills:
        count = counted(len(fills), "fill")
        found.append(f"{count} while no desk was running: {signed(tokens, total(fills))}; booked")
    if flows:
        found.append(f"deposits and withdrawals while no desk was running: {signed(tokens, total(flows))}")
    if base_ns is None:
        found.append(NOT_RECORDED)
    elif not unexplained:
        found.append(MATCHING)
    else:
        found.append(
            f"{signed(tokens, unexplained)} of the opening balances is unexplained since {_at(base_ns)}: find "
            "the cause before trading; `cockpit accept-remainder` accepts it"
        )
    if first:
        found.append(f"{signed(tokens, first)} is counted for the first time and taken as it is")
    if carried:
        found.append(f"{signed(tokens, carried)} was unexplained before and has not been accepted")
    return found


def signed(tokens: TokenTable, amounts: TokenAmounts) -> str:
    return ", ".join(_signed(asset, units) for asset, units in tokens.by_token(amounts) if units) or "nothing in sum"


def _signed(asset: Token, units: int) -> str:
    return f"{asset.to_decimal(units).normalize():+f} {asset.symbol}"


def _at(ns: int) -> str:
    return f"{datetime.fromtimestamp(ns / 1e9, UTC):%Y-%m-%d %H:%M:%S} UTC"
