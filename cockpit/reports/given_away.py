"""What the options in quotes cost: the edge that was lost while quotes were open, and what they were worth. Pure."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple

from cockpit.accounting.pnl import value_at_mid
from cockpit.reports.figures import OptionFigures, OptionSideFigures
from storage.reporting.options import OptionMinutes, Written
from venue.protocol.tokens import TokenTable


def booked_edge(tokens: TokenTable, side: str, base: int, quote: int, mid: Decimal | None) -> int | None:
    """Return a fill's gain against the mid at which it was booked, base units of EURe; None without a mid."""
    if mid is None:
        return None
    gained = value_at_mid(tokens.base, tokens.quote, base, mid) - quote
    return gained if side == "buy" else -gained


class Edges(NamedTuple):
    """A fill's edge at signing and at booking, base units of EURe; None where it is unknown."""

    side: str
    signed: int | None
    booked: int | None


class _Sums(NamedTuple):
    known: int
    signed: int
    booked: int


def option_figures(
    edges: Iterable[Edges], minutes: OptionMinutes, written: Mapping[str, Written], tokens: TokenTable
) -> OptionFigures:
    """``edges``: of every fill; ``written``: by the token that quotes take."""
    every = list(edges)
    count, amount = minutes.minutes, tokens.quote.to_decimal
    sums = {side: _sums(one for one in every if one.side == side) for side in ("buy", "sell")}
    sides = tuple(_side(side, one, written, tokens) for side, one in sums.items())
    known, signed, booked = (sum(column) for column in zip(*sums.values(), strict=True))
    return OptionFigures(
        fills=len(every),
        known=known,
        signed_edge=amount(signed),
        booked_edge=amount(booked),
        given_away=amount(signed - booked),
        minutes=count,
        mean_value=amount(minutes.value // count) if count else None,
        mean_intrinsic=amount(minutes.intrinsic // count) if count else None,
        peak_value=amount(minutes.peak_value) if count else None,
        peak_jump=amount(minutes.peak_jump) if count else None,
        written=sum((one.written for one in sides), Decimal(0)) if any(one.quotes for one in sides) else None,
        sides=sides,
    )


def _sums(edges: Iterable[Edges]) -> _Sums:
    known = [(one.signed, one.booked) for one in edges if one.signed is not None and one.booked is not None]
    return _Sums(len(known), sum(signed for signed, _ in known), sum(booked for _, booked in known))


def _side(side: str, sums: _Sums, written: Mapping[str, Written], tokens: TokenTable) -> OptionSideFigures:
    takes = tokens.base if side == "buy" else tokens.quote
    ids = {token.token_id for token in tokens.of(takes)}
    taken = [one for token_id, one in written.items() if token_id in ids]
    return OptionSideFigures(
        side=side,
        quotes=sum(one.quotes for one in taken),
        written=tokens.quote.to_decimal(sum(one.worth for one in taken)),
        known=sums.known,
        given_away=tokens.quote.to_decimal(sums.signed - sums.booked),
    )
