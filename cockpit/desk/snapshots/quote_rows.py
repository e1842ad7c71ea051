"""Decisions, quotes and fills as the rows that a cockpit shows. Pure: state and a time in, frozen rows out."""

from collections.abc import Callable, Iterable
from decimal import Decimal

from cockpit.accounting.option_sums import OptionSums
from cockpit.desk.market.pricing import Amounts, edge_bps
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.live_markouts import Marked
from cockpit.desk.quote_book.options.option_day import OptionDay
from cockpit.desk.quote_book.options.option_meter import OptionReading, QuoteOptions
from cockpit.desk.quote_book.quote import OVER, Quote
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.model.events import TradeDecision
from cockpit.model.snapshot import (
    DecisionRow,
    FillRow,
    LiveQuotes,
    OptionDayState,
    OptionSide,
    OptionState,
    QuoteRow,
)
from venue.protocol.assets import Market, Underlying
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_MS

_CENT = Decimal("0.01")


def decision_row(event: TradeDecision, market: Market, now_ns: int) -> DecisionRow:
    """Return a decision with the numbers of the check that decided it."""
    edge = None
    if event.amount_in and event.amount_out and event.notional is not None and event.edge is not None:
        edge = edge_bps(event.side, Amounts(event.amount_in, event.amount_out, event.notional, event.edge))
    deciding = next((check.detail for check in event.checks if not check.passed), "all checks passed")
    return DecisionRow(
        decision_id=event.decision_id,
        quote_id=event.quote_id,
        age_ms=max(0, (now_ns - event.at_ns) // NS_PER_MS),
        side=event.side,
        notional=None if event.notional is None else market.quote.underlying.to_decimal(event.notional),
        price=event.price,
        edge_bps=edge,
        actionable=event.actionable,
        reason=event.reason,
        detail=deciding,
        checks=tuple((check.name, check.passed, check.detail) for check in event.checks),
        dry=any(check.name == "dry" for check in event.checks[:1]),
        market=market.name,
    )


def quote_row(tokens: TokenTable, quote: Quote, now_ns: int, options: QuoteOptions | None = None) -> QuoteRow:
    commitment = quote.commitment
    gives, takes = tokens.token(commitment.asset_out), tokens.token(commitment.asset_in)
    over = quote.state in OVER
    option = None if over or options is None else options.of(commitment, settling=quote.state == "settling")
    return QuoteRow(
        quote_hash=commitment.quote_hash,
        quote_id=commitment.quote_id,
        age_ms=max(0, (now_ns - commitment.sent_ns) // NS_PER_MS),
        side=commitment.side,
        gives=gives.to_decimal(commitment.amount_out),
        gives_symbol=gives.symbol,
        takes=takes.to_decimal(commitment.amount_in),
        takes_symbol=takes.symbol,
        price=_price(*_base_and_quote(tokens, commitment)),
        left_ms=0 if over else max(0, (commitment.deadline_ns - now_ns) // NS_PER_MS),
        life_ms=(commitment.deadline_ns - commitment.sent_ns) // NS_PER_MS,
        outcome="no salt" if quote.salt_invalid and quote.used_height is None and not over else quote.state,
        detail=quote.detail,
        request_kind=commitment.request_kind,
        option_bps=None if option is None else option.value_bps,
        intrinsic_bps=None if option is None else option.intrinsic_bps,
        gives_places=gives.places,
        takes_places=takes.places,
    )


def filled_ns(quote: Quote) -> int:
    """Return when a quote was filled, UTC: as the relay reported it, or when the fill was booked."""
    return quote.reported_ns or quote.settled_ns or quote.commitment.sent_ns


def newest_first(quotes: Iterable[Quote], time_of: Callable[[Quote], int]) -> list[Quote]:
    """Return quotes in the order of the time that is shown of them; those of one time by their hash."""
    return sorted(quotes, key=lambda quote: (-time_of(quote), quote.commitment.quote_hash))


def signed_ns(quote: Quote) -> int:
    """Return when a quote was signed, UTC."""
    return quote.commitment.sent_ns


def fill_row(tokens: TokenTable, quote: Quote, marked: Marked, now_ns: int) -> FillRow:
    """Return a fill, confirmed once the Verifier's balances show it, and its markouts."""
    commitment = quote.commitment
    base, paid = _base_and_quote(tokens, commitment)
    notional = tokens.quote.to_units(paid)
    taken, given = (tokens.token(asset).symbol for asset in (commitment.asset_in, commitment.asset_out))
    symbols = (taken, given) if commitment.side == "buy" else (given, taken)
    amounts = Amounts(commitment.amount_in, commitment.amount_out, notional, commitment.edge)
    return FillRow(
        quote_hash=commitment.quote_hash,
        quote_id=commitment.quote_id,
        age_ms=max(0, (now_ns - filled_ns(quote)) // NS_PER_MS),
        side=commitment.side,
        base_amount=base,
        quote_amount=paid,
        price=_price(base, paid),
        edge_bps=edge_bps(commitment.side, amounts),
        confirmed=quote.state == "settled",
        tx_hash=quote.tx_hash or "",
        markouts=marked,
        base_symbol=symbols[0],
        quote_symbol=symbols[1],
    )


def live_quotes(tokens: TokenTable, reservations: Reservations, mid: Decimal | None, now_ns: int) -> LiveQuotes:
    """Return the sums of the signed quotes that may still be settled; ``mid`` values BTC in EURe."""
    refused = reservations.refused

    def total(underlying: Underlying, amount: Callable[[str], int]) -> Decimal:
        of = tokens.of(underlying)
        return sum((token.to_decimal(amount(token.token_id)) for token in of), Decimal(0))

    def left_ms(last_ns: int) -> int:
        return max(0, (last_ns - now_ns) // NS_PER_MS) if last_ns else 0

    btc, eure = (total(one, reservations.committed) for one in (tokens.base, tokens.quote))
    refused_btc, refused_eure = (total(one, refused.amount) for one in (tokens.base, tokens.quote))
    return LiveQuotes(
        quotes=len(reservations),
        btc=btc,
        eure=eure,
        last_death_ms=left_ms(reservations.last_release_ns()),
        refused=len(refused),
        refused_btc=refused_btc,
        refused_eure=refused_eure,
        refused_last_ms=left_ms(refused.last_release_ns()),
        committed_eure=None if mid is None else btc * mid + eure,
        signed_eure=None if mid is None else (btc + refused_btc) * mid + eure + refused_eure,
    )


def option_state(tokens: TokenTable, reading: OptionReading | None, now_ns: int) -> OptionState | None:
    """Return what signed quotes are worth to their holders, in whole tokens."""
    if reading is None:
        return None
    signed, eure = reading.signed, tokens.quote.to_decimal
    return OptionState(
        value=eure(signed.value),
        intrinsic=eure(signed.intrinsic),
        time_value=eure(signed.value - signed.intrinsic),
        jump=eure(signed.jump),
        refused_value=eure(reading.refused.value),
        sigma_bps=reading.sigma_bps,
        age_ms=max(0, (now_ns - reading.at_ns) // NS_PER_MS),
    )


def option_day_state(tokens: TokenTable, day: OptionDay, now_ns: int) -> OptionDayState:
    """Return what was written and given away today, in whole tokens."""
    day.roll(now_ns)
    return OptionDayState(from_ns=day.from_ns, buy=_option_side(tokens, day.buy), sell=_option_side(tokens, day.sell))


def _option_side(tokens: TokenTable, sums: OptionSums) -> OptionSide:
    eure = tokens.quote.to_decimal
    return OptionSide(
        quotes=sums.quotes,
        written=eure(sums.written),
        fills=sums.fills,
        known=sums.known,
        given_away=eure(sums.given_away),
    )


def _base_and_quote(tokens: TokenTable, commitment: Commitment) -> tuple[Decimal, Decimal]:
    taken = tokens.token(commitment.asset_in).to_decimal(commitment.amount_in)
    given = tokens.token(commitment.asset_out).to_decimal(commitment.amount_out)
    return (taken, given) if commitment.side == "buy" else (given, taken)


def _price(base: Decimal, quote: Decimal) -> Decimal:
    return (quote / base).quantize(_CENT)
