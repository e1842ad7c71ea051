"""The tokens and markets that a desk works on, and the requests in each, as a cockpit shows them."""

from collections.abc import Sequence

import msgspec

from cockpit.model.formatting import age, number

HOUR_MS = 3_600_000


class TokenRow(msgspec.Struct, frozen=True, kw_only=True):
    """A token of the table. ``quoted``: some market has it. ``bridge``: how it leaves, poa or omni."""

    symbol: str
    underlying: str
    token_id: str
    chain: str
    bridge: str
    quoted: bool


class MarketRequestsRow(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of one market, in the last hour and since the start. ``buys``: the desk would buy the base token."""

    market: str
    buys_in_hour: int
    sells_in_hour: int
    buys: int
    sells: int


def requests_by_market(rows: Sequence[MarketRequestsRow], covered_ms: int, *, short: bool = False) -> str:
    """Name the requests of each market in the last hour, the busiest first; the sides are the desk's.

    ``short``: the markets by their base token, sides as arrows, and none without a request.
    """
    hour = covered_ms >= HOUR_MS
    busiest = sorted(rows, key=lambda row: -(row.buys_in_hour + row.sells_in_hour))
    if short:
        shown = [_short(row) for row in busiest if row.buys_in_hour or row.sells_in_hour]
        return f"{'req/h' if hour else age(covered_ms)} {' · '.join(shown)}"
    shown = [f"{row.market} {_by_side(row.buys_in_hour, row.sells_in_hour)}" for row in busiest]
    return f"{'requests/h' if hour else f'requests in {age(covered_ms)}'} {' · '.join(shown)}"


def _short(row: MarketRequestsRow) -> str:
    base, (buys, sells) = row.market.partition("/")[0], (row.buys_in_hour, row.sells_in_hour)
    return f"{base} {number(buys + sells)} ▲{number(buys)} ▼{number(sells)}"


def _by_side(buys: int, sells: int) -> str:
    return f"{number(buys + sells)} (buy {number(buys)}, sell {number(sells)})" if buys or sells else "0"
