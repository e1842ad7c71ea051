"""What the options in quotes cost: the edge that was lost while quotes were open, and what they were worth. Pure."""

from collections.abc import Iterable
from decimal import Decimal

from cockpit.accounting.pnl import value_at_mid
from cockpit.reports.figures import OptionFigures
from storage.reporting.options import OptionMinutes
from venue.protocol.assets import Unit
from venue.protocol.tokens import TokenTable


def booked_edge(tokens: TokenTable, side: str, base: int, quote: int, mid: Decimal | None) -> int | None:
    """Return a fill's gain against the mid at which it was booked, base units of EURe; None without a mid."""
    if mid is None:
        return None
    gained = value_at_mid(tokens.base, tokens.quote, base, mid) - quote
    return gained if side == "buy" else -gained


def option_figures(edges: Iterable[tuple[int | None, int | None]], minutes: OptionMinutes, eure: Unit) -> OptionFigures:
    """``edges``: of every fill at signing and at booking, None where it is unknown."""
    every = list(edges)
    known = [(signed, booked) for signed, booked in every if signed is not None and booked is not None]
    signed, booked = (sum(pair[place] for pair in known) for place in (0, 1))
    count, amount = minutes.minutes, eure.to_decimal
    return OptionFigures(
        fills=len(every),
        known=len(known),
        signed_edge=amount(signed),
        booked_edge=amount(booked),
        given_away=amount(signed - booked),
        minutes=count,
        mean_value=amount(minutes.value // count) if count else None,
        mean_intrinsic=amount(minutes.intrinsic // count) if count else None,
        peak_value=amount(minutes.peak_value) if count else None,
        peak_jump=amount(minutes.peak_jump) if count else None,
    )
