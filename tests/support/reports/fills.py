"""Fills and sent quotes whose figures can be summed by hand; amounts in whole tokens, times in seconds after NOW."""

from decimal import Decimal

from cockpit.reports.marked_fills import MarkedFill
from storage.reporting.sent_quotes import SentQuote
from storage.reporting.trading import FillRecord
from tests.support.desk.builders import NOW
from venue.protocol.tokens import BTC, EURE
from venue.protocol.units import NS_PER_S


def at(second: float) -> int:
    return NOW + round(second * NS_PER_S)


def fill(
    side: str = "buy",
    *,
    btc: str = "0.001",
    eure: str = "50",
    sent: float = 0,
    settled: float | None = 2,
    asked_s: int | None = 60,
    partner: str | None = None,
    edge: str | None = None,
    markouts: tuple[int | None, ...] = (None, None, None, None),
    btc_token: str = BTC.token_id,
) -> MarkedFill:
    """``markouts``: hundredths of a bps."""
    base, quote = int(Decimal(btc) * 10**8), int(Decimal(eure) * 10**18)
    taken, given = ((btc_token, base), (EURE.token_id, quote))[:: 1 if side == "buy" else -1]
    return MarkedFill(
        fill=FillRecord(
            at_ns=at(sent if settled is None else settled),
            quote_hash="hash",
            quote_id="quote",
            tx_hash=None,
            asset_in=taken[0],
            amount_in=taken[1],
            asset_out=given[0],
            amount_out=given[1],
            sent_ns=at(sent),
            deadline_ns=at(sent + 61),
            edge=None if edge is None else int(Decimal(edge) * 10**18),
            asked_ms=None if asked_s is None else asked_s * 1_000,
            partner=partner,
            settled_ns=None if settled is None else at(settled),
            marked=True,
        ),
        side=side,
        base=base,
        quote=quote,
        markouts=markouts,
        booked_edge=None,
    )


def quote(
    *,
    eure: str = "50",
    sent: float = 0,
    life_s: float = 61,
    asked_s: int | None = 60,
    partner: str | None = None,
    filled: bool = False,
    btc_token: str = BTC.token_id,
    sells: bool = False,
) -> SentQuote:
    taken, given = ((btc_token, 10**5), (EURE.token_id, int(Decimal(eure) * 10**18)))[:: -1 if sells else 1]
    return SentQuote(
        at_ns=at(sent),
        deadline_ns=at(sent + life_s),
        asset_in=taken[0],
        amount_in=taken[1],
        asset_out=given[0],
        amount_out=given[1],
        asked_ms=None if asked_s is None else asked_s * 1_000,
        partner=partner,
        filled=filled,
    )
