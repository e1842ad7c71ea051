"""Balances, prices and requests of a recorded moment, as a live board had them."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from cockpit.model.ages import age_ms
from cockpit.model.commands import Limits, PriceParams
from cockpit.model.snapshot import InventoryRow, InventoryState, MarketState, SourceRow
from cockpit.model.trading_figures.market_requests import HOUR_MS, MarketRequestsRow
from storage.reader import Reader
from storage.reporting.mids import STALE_NS, RecordedMid, mids_around
from storage.reporting.moments import LONGEST_LIFE_NS, live_at
from storage.reporting.price_course import quoted_prices
from storage.reporting.rewound import (
    MOST_REQUESTS,
    BalanceReading,
    RunThen,
    readings_then,
    requests_then,
    ticks_then,
    withdrawn_since,
)
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_MS, NS_PER_S

NO_MID = "no mid was recorded in the minute before"
PRICES_WITHIN_NS = 60 * NS_PER_S
LEAST_SLACK_NS = 60 * NS_PER_S
"""A quote may live longer than its limit by a slack of some seconds."""
_CENT = Decimal("0.01")


class RulesThen(msgspec.Struct, frozen=True):
    """Limits and pricing parameters in force."""

    limits: Limits
    params: PriceParams


def mid_then(reader: Reader, at_ns: int) -> RecordedMid | None:
    """Return the mid of then; None where the reference was not trusted, or nobody recorded one."""
    before, _ = mids_around(reader, at_ns)
    return None if before is None or at_ns - before.at_ns > STALE_NS else before


def market_then(reader: Reader, then: RunThen, mid: RecordedMid | None, at_ns: int) -> tuple[MarketState, int | None]:
    """Return the mid, the prices that the run quoted last, and each source's last recorded tick; and the prices' age.

    The age is that of the older one, ms. While no desk is running nothing is quoted.
    """
    within_ns = min(PRICES_WITHIN_NS, at_ns - then.run.started_ns) if then.running else 0
    [own] = quoted_prices(reader, [at_ns], within_ns)
    sources = [
        SourceRow(
            source=tick.source,
            bid=tick.bid,
            ask=tick.ask,
            mid=tick.mid,
            age_ms=age_ms(at_ns, tick.at_ns),
            divergence_bps=None,
            state="unknown",
            detail="",
        )
        for tick in ticks_then(reader, at_ns)
    ]
    market = MarketState(
        mid=None if mid is None else mid.mid,
        age_ms=None if mid is None else age_ms(at_ns, mid.at_ns),
        usable=mid is not None,
        detail="" if mid is not None else NO_MID,
        bid=own.bid,
        ask=own.ask,
        skew_bps=None,
        sources=tuple(sources),
        chart=(),
    )
    return market, age_ms(at_ns, own.oldest_ns)


def inventory_then(
    reader: Reader,
    tokens: TokenTable,
    mid: RecordedMid | None,
    rules: RulesThen | None,
    from_ns: int,
    at_ns: int,
) -> tuple[InventoryState, int | None]:
    """Return the balances as last read, less what was committed then; and how many quotes were live.

    Where those are too many to be counted, the committed amounts are those of the reading, and the number is None.
    """
    longest_ns = LONGEST_LIFE_NS if rules is None else rules.limits.max_deadline_ms * NS_PER_MS + LEAST_SLACK_NS
    live = live_at(reader, at_ns, longest_ns)
    committed: Counter[str] | None = None
    if live is not None:
        committed = Counter()
        for asset, amount, _ in live:
            committed[asset] += amount
    readings = readings_then(reader, from_ns, at_ns)
    rows = []
    for token in tokens.tokens:
        one = readings.get(token.token_id)
        if one is not None and (one.balance or tokens.traded(token)):
            withdrawn = withdrawn_since(reader, token.token_id, one.at_ns, at_ns)
            given = None if committed is None else committed[token.token_id]
            rows.append(_row(token, tokens, one, given, withdrawn, mid))
    return (
        InventoryState(
            rows=tuple(rows),
            age_ms=age_ms(at_ns, max((one.at_ns for one in readings.values()), default=None)),
            block_height=max((one.block_height for one in readings.values()), default=None),
            btc_share=_share(tokens, readings, mid) if rules is not None else None,
            target_btc_share=Decimal(0) if rules is None else rules.params.target_btc_share,
        ),
        None if live is None else len(live),
    )


def _row(
    token: Token,
    tokens: TokenTable,
    one: BalanceReading,
    committed: int | None,
    withdrawn: int,
    mid: RecordedMid | None,
) -> InventoryRow:
    # Below zero nothing is available: of such a reading, what was leaving is not known.
    leaving = one.balance - one.reserved - one.available if one.available else None
    if committed is None:
        committed, available = one.reserved, max(0, one.available - withdrawn) if leaving is not None else None
    else:
        available = None if leaving is None else max(0, one.balance - committed - leaving - withdrawn)
    balance = token.to_decimal(one.balance)
    value = balance if token.underlying == tokens.quote else None if mid is None else balance * mid.mid
    return InventoryRow(
        symbol=token.symbol,
        decimals=token.decimals,
        balance=balance,
        reserved=token.to_decimal(committed),
        spendable=None if available is None else token.to_decimal(available),
        pending_in=Decimal(0),
        opening=None,
        filled=Decimal(0),
        deposited=Decimal(0),
        unexplained=None,
        value_eur=None if value is None else value.quantize(_CENT),
        leaving=token.to_decimal(max(0, leaving or 0) + withdrawn),
        places=token.places,
        underlying=token.underlying.symbol,
        quoted=tokens.traded(token),
    )


def _share(tokens: TokenTable, readings: Mapping[str, BalanceReading], mid: RecordedMid | None) -> Decimal | None:
    if mid is None or not readings:
        return None
    held = TokenAmounts({asset: one.balance for asset, one in readings.items() if tokens.get(asset) is not None})
    share = tokens.share(held, mid.mid)
    return None if share is None else share.quantize(Decimal("0.0001"))


def demand_then(
    reader: Reader, tokens: TokenTable, from_ns: int, at_ns: int
) -> tuple[tuple[MarketRequestsRow, ...], int]:
    """Count the requests of each market in the last hour, or in as much of it as has the newest ones; and its ms."""
    start_ns = max(from_ns, at_ns - HOUR_MS * NS_PER_MS)
    found = requests_then(reader, start_ns, at_ns)
    first_ns = found[-1][2] if found and len(found) >= MOST_REQUESTS else start_ns
    buys: Counter[str] = Counter()
    sells: Counter[str] = Counter()
    for (taken, given), count in Counter((taken, given) for taken, given, _ in found).items():
        market = tokens.market(taken, given)
        if market is not None:
            (buys if taken == market.base.token_id else sells)[market.name] += count
    rows = tuple(
        MarketRequestsRow(
            market=market.name,
            buys_in_hour=buys[market.name],
            sells_in_hour=sells[market.name],
            buys=buys[market.name],
            sells=sells[market.name],
        )
        for market in tokens.markets
    )
    return rows, age_ms(at_ns, first_ns) or 0
