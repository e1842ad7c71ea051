"""The figures of `cockpit report`."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from storage.reporting.notes import RecordedNote


class MeanMarkout(msgspec.Struct, frozen=True, kw_only=True):
    """The mean markout of a group of fills in bps, weighted by EURe; above zero is a gain.

    ``known`` of the fills had a mid ``seconds`` after them.
    """

    by: str
    bucket: str
    seconds: int
    fills: int
    known: int
    bps: Decimal | None


class SideFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The desk's fills on one side, whole tokens; ``spread`` is their edge against the mid at pricing, EURe.

    It is of the fills whose decision is recorded; ``spread_unknown`` counts the others.
    """

    side: str
    fills: int
    btc: Decimal
    eure: Decimal
    spread: Decimal
    spread_unknown: int = 0


class AssetChange(msgspec.Struct, frozen=True, kw_only=True):
    """One asset's inventory: opening + filled + deposited − withdrawn + accepted + unexplained = closing.

    Whole tokens. A difference unexplained at the start is not in ``opening``: it is unexplained until it is accepted.
    """

    asset: str
    opening: Decimal | None
    filled: Decimal
    deposited: Decimal
    withdrawn: Decimal
    accepted: Decimal
    unexplained: Decimal | None
    closing: Decimal | None


class AcceptedDifferenceRow(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted unexplained difference, whole tokens: by whom, when (UTC ns) and why."""

    at_ns: int
    actor: str
    btc: Decimal
    eure: Decimal
    reason: str


class ValuedMovement(msgspec.Struct, frozen=True, kw_only=True):
    """A movement of BTC, signed whole tokens, and the mid nearest to it that it was valued by. Times: UTC ns."""

    at_ns: int
    kind: str
    asset: str
    amount: Decimal
    mid: Decimal
    mid_at_ns: int


class ProfitAndLoss(msgspec.Struct, frozen=True, kw_only=True):
    """EURe. The mids are those nearest to both ends of the span.

    ``trading``: the fills marked to the closing mid; ``revaluation``: of what was held or moved in, as the mid moved.
    By average cost: ``realised`` + ``unrealised``. Either pair is ``total``.
    """

    trading: Decimal
    revaluation: Decimal
    realised: Decimal
    unrealised: Decimal
    total: Decimal
    opening_mid: Decimal
    closing_mid: Decimal
    opening_mid_at_ns: int
    closing_mid_at_ns: int
    movements: tuple[ValuedMovement, ...] = ()


class Fees(msgspec.Struct, frozen=True, kw_only=True):
    """Whole tokens. ``protocol_*``: part of the amounts that fills gave, by ``pips``; ``bridge_*``: paid to bridges."""

    pips: int
    protocol_btc: Decimal
    protocol_eure: Decimal
    bridge_btc: Decimal
    bridge_eure: Decimal


class ReportedFill(msgspec.Struct, frozen=True, kw_only=True):
    """One fill and its markouts in bps, in the order of the horizons."""

    at_ns: int
    quote_hash: str
    quote_id: str
    tx_hash: str | None
    side: str
    btc: Decimal
    eure: Decimal
    price: Decimal
    spread: Decimal | None
    life_ms: int
    markouts: tuple[Decimal | None, ...]


class KindFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Quotes by the kind of request: ``top_level``, ``router_leg`` or ``dry``; empty for those of older versions."""

    kind: str
    accepted: int
    settled: int
    win_rate: Decimal | None


class OptionSideFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One side's, EURe: ``written`` of ``quotes``, and ``given_away`` by the ``known`` of the fills."""

    side: str
    quotes: int
    written: Decimal
    known: int
    given_away: Decimal


class OptionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What the options in quotes cost, EURe.

    ``signed_edge`` and ``booked_edge``: the edge of fills against the mid when they were priced, and when they were
    booked; ``given_away`` is the difference, what the desk lost while its quotes were open. All over the ``known`` of
    the fills whose two edges are. The means and peaks are of what all signed quotes were worth to their holders in the
    ``minutes`` in which it was measured; ``peak_jump``: the most that a jump of the mid by 1 % would have cost.
    ``written``: what the options in the quotes sent were worth when they were signed, by the model; None when no quote
    recorded it. ``sides``: buys, then sells.
    """

    fills: int
    known: int
    signed_edge: Decimal
    booked_edge: Decimal
    given_away: Decimal
    minutes: int
    mean_value: Decimal | None
    mean_intrinsic: Decimal | None
    peak_value: Decimal | None
    peak_jump: Decimal | None
    written: Decimal | None = None
    sides: tuple[OptionSideFigures, ...] = ()


class GroupFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The quotes of one group, ``by`` hour sent, partner, size, deadline asked or market; amounts EURe.

    Of the quotes sent in the span: ``sent``, ``filled``, ``open``, and ``hit_ratio``, filled / (sent − open). Of the
    fills booked in the span: the others. ``trading``: they marked to the closing mid, None without one. ``markout_bps``
    and ``adverse``, the share below zero, are 60 s after the ``known`` of them.
    """

    by: str
    bucket: str
    sent: int
    filled: int
    open: int
    hit_ratio: Decimal | None
    fills: int
    eure: Decimal
    spread: Decimal
    spread_bps: Decimal | None
    trading: Decimal | None
    known: int
    markout_bps: Decimal | None
    adverse: Decimal | None


class HitFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The quotes sent in the span, by what became of them, whenever it did; ``ratio``: filled / (sent − open)."""

    sent: int
    filled: int
    open: int
    ratio: Decimal | None


class FillLatency(msgspec.Struct, frozen=True, kw_only=True):
    """From the sending of a quote to its settlement, over the ``known`` fills whose time of settlement is."""

    known: int
    p50_ms: int | None
    p90_ms: int | None
    p99_ms: int | None
    max_ms: int | None


class AdverseShare(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the ``known`` fills had a markout below zero ``seconds`` after them."""

    seconds: int
    known: int
    adverse: int
    share: Decimal | None


class HalfLife(msgspec.Struct, frozen=True, kw_only=True):
    """BTC that fills opened, and that later ones offset; ``half_life_ms``: after which half of it was, if it was."""

    opened: Decimal
    offset: Decimal
    half_life_ms: int | None


class CapitalFigures(msgspec.Struct, frozen=True, kw_only=True):
    """EURe. ``mean``: what was held, on average; the returns are shares of it.

    ``holding``: what the same money would have made without a fill; the total P&L less it is trading P&L.
    ``a_year``: the return of trading over 365 days at that rate, None for less than a day.
    """

    mean: Decimal | None
    holding: Decimal
    drawdown: Decimal | None
    trading_return: Decimal | None
    total_return: Decimal | None
    holding_return: Decimal | None
    a_year: Decimal | None


class ReportedPoint(msgspec.Struct, frozen=True, kw_only=True):
    """P&L since the start of the span and what was held at a time, UTC ns; EURe, but for ``base``, BTC.

    ``mid`` and the values by it are None where none was recorded within a minute.
    """

    at_ns: int
    mid: Decimal | None
    trading: Decimal | None
    total: Decimal | None
    value: Decimal | None
    base: Decimal
    quote: Decimal


class TradingReport(msgspec.Struct, frozen=True, kw_only=True):
    """All figures of one span.

    ``not_quoted``: decisions by the first check that failed; ``failing``: how often each check failed, first or not, in
    ``failing_of`` decisions, the newest of each reason. ``win_rate``: settled / accepted. ``market_share``: settled /
    all settlements seen. ``requests_deleted``: so many decisions, at least, are of requests that the retention deleted.
    Dry requests count neither in ``demands`` nor in ``win_rate``, but are decided. ``relay_latency_ms``: p50, p99 and
    maximum over the ``dated`` requests, from the relay's asking to the desk, the offset of the two clocks included.
    ``notes``: those of operators, the oldest first.
    """

    from_ns: int
    to_ns: int
    runs: int
    accounts: tuple[str, ...]
    modes: tuple[str, ...]
    demands: int
    decisions: int
    sent: int
    outcomes: Mapping[str, int]
    win_rate: Decimal | None
    market_share: Decimal | None
    others_settled: int
    not_quoted: tuple[tuple[str, int], ...]
    failing: tuple[tuple[str, int], ...]
    failing_of: int
    sides: tuple[SideFigures, ...]
    fees: Fees
    inventory: tuple[AssetChange, ...]
    accepted: tuple[AcceptedDifferenceRow, ...]
    profit: ProfitAndLoss | None
    profit_unknown: str
    reaction_us: tuple[Decimal | None, Decimal | None, Decimal | None]
    markouts: tuple[MeanMarkout, ...]
    fills: tuple[ReportedFill, ...]
    dry: int = 0
    requests_deleted: int = 0
    router_legs: int = 0
    kinds: tuple[KindFigures, ...] = ()
    dated: int = 0
    relay_latency_ms: tuple[int | None, int | None, int | None] = (None, None, None)
    options: OptionFigures | None = None
    hits: HitFigures | None = None
    latency: FillLatency | None = None
    adverse: tuple[AdverseShare, ...] = ()
    half_life: HalfLife | None = None
    capital: CapitalFigures | None = None
    groups: tuple[GroupFigures, ...] = ()
    curve: tuple[ReportedPoint, ...] = ()
    notes: tuple[RecordedNote, ...] = ()
