"""What the desk has earned, as a cockpit shows it. Amounts are Decimal of whole tokens, money EURe, times UTC ns."""

from decimal import Decimal

import msgspec


class MeanMark(msgspec.Struct, frozen=True, kw_only=True):
    """The mean markout of the fills so many seconds after them, bps weighted by EURe; above zero is a gain.

    ``known`` of the fills had a mid then.
    """

    seconds: int
    known: int
    bps: Decimal | None


class EarnedSpan(msgspec.Struct, frozen=True, kw_only=True):
    """What was earned from ``from_ns`` on; every figure is that of `cockpit report` for the same span.

    ``spread``: the edge of the fills when they were priced. ``trading``: the fills marked to the mid, ``revaluation``:
    what was held or moved in, as the mid moved; None while the mid, or what was held at the start, is unknown.
    ``fee_btc`` and ``fee_eure``: the protocol's fee, a part of what the fills gave. ``sent``: quotes sent in the span.
    """

    from_ns: int
    fills: int = 0
    sent: int = 0
    volume: Decimal = Decimal(0)
    spread: Decimal = Decimal(0)
    trading: Decimal | None = None
    revaluation: Decimal | None = None
    fee_btc: Decimal = Decimal(0)
    fee_eure: Decimal = Decimal(0)
    markouts: tuple[MeanMark, ...] = ()

    @property
    def total(self) -> Decimal | None:
        """The change in value less money in and out."""
        return None if self.trading is None or self.revaluation is None else self.trading + self.revaluation

    @property
    def win_rate(self) -> Decimal | None:
        """Which part of the quotes sent was taken, 0 to 1; fills of quotes from before the span count too."""
        return Decimal(self.fills) / self.sent if self.sent else None


class EarningsPoint(msgspec.Struct, frozen=True, array_like=True):
    """Trading P&L of the UTC day, EURe, and the BTC held, at a moment; None where unknown. For drawing only."""

    at_ns: int
    trading: float | None
    btc: float | None


class EarningsState(msgspec.Struct, frozen=True, kw_only=True):
    """What was earned today, by UTC, and in this run, marked to the trusted mid of ``mid_at_ns``.

    ``today`` is None while history is being read, or when it cannot be; ``note`` says why. ``loss``: what the day's
    fills lost, as the daily loss limit counts it: those since ``loss_from_ns`` (0: all) marked to the mid.
    ``largest_quote``: notional of the largest quote signed in the last hour of this run, EURe; None where nobody noted
    it. ``curve``: the day's, oldest first, thinned.
    """

    today: EarnedSpan | None
    run: EarnedSpan
    mid: Decimal | None
    mid_at_ns: int
    loss: Decimal
    loss_from_ns: int = 0
    fills_in_hour: int = 0
    quotes_in_second: int = 0
    largest_quote: Decimal | None = None
    curve: tuple[EarningsPoint, ...] = ()
    note: str = ""
