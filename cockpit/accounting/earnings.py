"""Sums of fills and of money moved, and the P&L that they come to: added up fill by fill, or read from history. Pure.

The sums are linear, so that those of two stretches of time add up to those of both. All in base units of the
underlyings.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

import msgspec

from cockpit.accounting.markouts import HORIZONS_S
from cockpit.accounting.option_sums import OptionSides
from cockpit.accounting.pnl import value_at_mid
from cockpit.model.trading_figures.earnings import EarnedSpan, MeanMark
from venue.protocol.assets import EXACT, PairAmounts, Unit
from venue.protocol.units import PIPS

_HUNDREDTH = Decimal("0.01")
FEE_PIPS = 1
"""The protocol's fee in millionths on mainnet; history does not hold it."""


class DatedMid(NamedTuple):
    """A recorded mid, and when it was recorded, UTC ns."""

    at_ns: int
    mid: Decimal


class DatedMove(NamedTuple):
    """BTC that moved in or out but by a fill, signed base units, and when, UTC ns."""

    at_ns: int
    base: int


def protocol_fee(amount_out: int, pips: int = FEE_PIPS) -> int:
    """Return the protocol's part of what a fill gave, rounded up as the Verifier does."""
    return -(-amount_out * pips // PIPS)


def nearest(before: DatedMid | None, after: DatedMid | None, at_ns: int) -> DatedMid | None:
    """Return the mid nearest to a time, as reports value that time."""
    if before is None or after is None:
        return before or after
    return before if at_ns - before.at_ns <= after.at_ns - at_ns else after


class FillSums:
    """What fills moved and earned; ``known``, ``weights`` and ``products`` are by horizon, of their markouts."""

    __slots__ = ("edge", "fee", "fills", "known", "moved", "products", "volume", "weights")

    def __init__(self) -> None:
        self.fills = 0
        self.volume = 0
        self.edge = 0
        self.moved = PairAmounts(0, 0)
        self.fee = PairAmounts(0, 0)
        self.known = [0] * len(HORIZONS_S)
        self.weights = [0] * len(HORIZONS_S)
        self.products = [0] * len(HORIZONS_S)

    def add(self, moved: PairAmounts, *, edge: int, fee: PairAmounts) -> None:
        """Take a fill. ``moved``: signed, what it did to the balances."""
        self.fills += 1
        self.volume += abs(moved.quote)
        self.edge += edge
        self.moved += moved
        self.fee += fee

    def mark(self, place: int, paid: int, hundredths: int) -> None:
        """Take a fill's markout in hundredths of a bps; ``paid``: the fill's EURe, ``place``: the horizon's."""
        self.known[place] += 1
        self.weights[place] += paid
        self.products[place] += paid * hundredths

    def __add__(self, other: "FillSums") -> "FillSums":
        added = FillSums()
        added.fills = self.fills + other.fills
        added.volume = self.volume + other.volume
        added.edge = self.edge + other.edge
        added.moved = self.moved + other.moved
        added.fee = self.fee + other.fee
        for name in ("known", "weights", "products"):
            mine, theirs = getattr(self, name), getattr(other, name)
            setattr(added, name, [one + two for one, two in zip(mine, theirs, strict=True)])
        return added

    def means(self) -> tuple[MeanMark, ...]:
        return tuple(
            MeanMark(
                seconds=seconds,
                known=self.known[place],
                bps=_weighted(self.products[place], self.weights[place]),
            )
            for place, seconds in enumerate(HORIZONS_S)
        )


def _weighted(product: int, weight: int) -> Decimal | None:
    return EXACT.divide(Decimal(product), Decimal(weight * 100)).quantize(_HUNDREDTH) if weight else None


class OpenPosition(NamedTuple):
    """BTC held at the start of a span, the mid of that moment, and what moved since, valued at the mids of its time."""

    held: int | None
    opening_mid: Decimal | None
    moved: int = 0
    moved_value: int = 0


def revaluation(base: Unit, quote: Unit, holding: OpenPosition, mid: Decimal) -> int | None:
    """Return what was held or moved in gained until the mid became this one; None when the start is unknown."""
    if holding.held is None or holding.opening_mid is None:
        return None
    now = value_at_mid(base, quote, holding.held + holding.moved, mid)
    return now - value_at_mid(base, quote, holding.held, holding.opening_mid) - holding.moved_value


def earned_span(
    base: Unit, quote: Unit, sums: FillSums, holding: OpenPosition, *, from_ns: int, sent: int, mid: Decimal | None
) -> EarnedSpan:
    """Return the figures of a span whose fills and holdings are marked to this mid, None while there is none."""
    trading = gained = None
    if mid is not None:
        trading = value_at_mid(base, quote, sums.moved.base, mid) + sums.moved.quote
        gained = revaluation(base, quote, holding, mid)
    return EarnedSpan(
        from_ns=from_ns,
        fills=sums.fills,
        sent=sent,
        volume=quote.to_decimal(sums.volume),
        spread=quote.to_decimal(sums.edge),
        trading=None if trading is None else quote.to_decimal(trading),
        revaluation=None if gained is None else quote.to_decimal(gained),
        fee_btc=base.to_decimal(sums.fee.base),
        fee_eure=quote.to_decimal(sums.fee.quote),
        markouts=sums.means(),
    )


class Earned(msgspec.Struct, frozen=True, kw_only=True):
    """What history says of a span that is over: its fills, what was held at its start, and what moved since.

    ``held`` is None when no balance of before the span's end is known. ``before`` and ``after``: the recorded mids on
    both sides of its start. ``curve``: at full minutes, trading P&L and BTC held, each None where unknown.
    """

    from_ns: int
    sums: FillSums
    sent: int
    held: int | None
    before: DatedMid | None
    after: DatedMid | None
    moved: int = 0
    moved_value: int = 0
    curve: Sequence[tuple[int, int | None, int | None]] = ()


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """What a desk that starts takes over: of the UTC day until then, and what it starts with.

    ``withdrawals``: by id, the states that each has been in. ``options``: what the day's quotes wrote and gave away.
    """

    today: Earned
    held: int | None
    before: DatedMid | None
    withdrawals: Mapping[str, frozenset[str]]
    options: OptionSides
