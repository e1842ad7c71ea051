"""Every quote that was sent in a span, one at a time: what was asked, and whether it was filled."""

from collections.abc import Iterator

import msgspec

from storage.reader import Reader, Span

_SENT = """
SELECT c.at_ns, c.deadline_ns, c.asset_in, c.amount_in, c.asset_out, c.amount_out, s.min_deadline_ms, s.partner_id,
       EXISTS (SELECT 1 FROM trade_execution_results r WHERE r.quote_hash = c.quote_hash AND r.outcome = 'settled')
FROM execute_trade_commands c
LEFT JOIN swap_demand_events s ON s.run_id = c.run_id AND s.quote_id = c.quote_id
WHERE c.at_ns >= ? AND c.at_ns < ? ORDER BY c.at_ns
"""


class SentQuote(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Amounts are base units, times UTC ns. ``asked_ms``: how long the request wanted it to live.

    ``asked_ms`` is None when the request is missing, ``partner`` when it named none. ``filled``: it settled, in the
    span or after it.
    """

    at_ns: int
    deadline_ns: int
    asset_in: str
    amount_in: int
    asset_out: str
    amount_out: int
    asked_ms: int | None
    partner: str | None
    filled: bool


def sent_quotes(reader: Reader, span: Span) -> Iterator[SentQuote]:
    """Yield the quotes in the order in which they were sent; none is kept."""
    for at_ns, deadline_ns, asset_in, taken, asset_out, given, asked_ms, partner, filled in reader.rows(
        _SENT, span.from_ns, span.to_ns
    ):
        yield SentQuote(
            at_ns=at_ns,
            deadline_ns=deadline_ns,
            asset_in=asset_in,
            amount_in=int(taken),
            asset_out=asset_out,
            amount_out=int(given),
            asked_ms=asked_ms,
            partner=partner or None,
            filled=bool(filled),
        )
