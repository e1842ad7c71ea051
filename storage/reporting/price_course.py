"""Quotes' prices and fills over a stretch of time, bounded however long it is: for charts."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from storage.reader import Reader, Span

LOOKED_AT = 12
"""Decisions looked at for the newest of each side: of one that is asked for much more seldom none may be among them."""
MOST_FILLS = 400

_PRICES = """
SELECT side, price, at_ns FROM trade_decisions WHERE reason = 'quote' AND at_ns > ? AND at_ns <= ?
ORDER BY at_ns DESC LIMIT ?
"""
_FILLS = """
SELECT r.at_ns, c.asset_in, c.amount_in, c.asset_out, c.amount_out
FROM trade_execution_results r JOIN execute_trade_commands c ON c.quote_hash = r.quote_hash
WHERE r.outcome = 'settled' AND r.at_ns >= ? AND r.at_ns < ? ORDER BY r.at_ns DESC LIMIT ?
"""


class QuotedPrices(msgspec.Struct, frozen=True):
    """The prices last quoted before a moment, UTC ns; None where none was. ``oldest_ns``: when the older was quoted."""

    at_ns: int
    bid: Decimal | None
    ask: Decimal | None
    oldest_ns: int | None = None


class CourseFillRecord(msgspec.Struct, frozen=True):
    """A fill as recorded: when, UTC ns, and its amounts in base units."""

    at_ns: int
    asset_in: str
    amount_in: int
    asset_out: str
    amount_out: int


def quoted_prices(reader: Reader, times: Iterable[int], within_ns: int) -> list[QuotedPrices]:
    """Return at each time the prices that were quoted last, at most so long before it."""
    found = []
    for at_ns in times:
        last: dict[str, tuple[Decimal, int]] = {}
        for side, price, quoted_ns in reader.rows(_PRICES, at_ns - within_ns, at_ns, LOOKED_AT):
            if price is not None:
                last.setdefault(side, (Decimal(price), quoted_ns))
        bid, ask = (last.get(side, (None, 0))[0] for side in ("buy", "sell"))
        found.append(QuotedPrices(at_ns, bid, ask, min((when for _, when in last.values()), default=None)))
    return found


def newest_fills(reader: Reader, span: Span) -> list[CourseFillRecord]:
    """Return the newest fills of the span, at most ``MOST_FILLS``, oldest first."""
    rows = reader.rows(_FILLS, span.from_ns, span.to_ns, MOST_FILLS)
    return [
        CourseFillRecord(at_ns, asset_in, int(amount_in), asset_out, int(amount_out))
        for at_ns, asset_in, amount_in, asset_out, amount_out in reversed(list(rows))
    ]
