"""The figures of `cockpit report`, as they are shown and served."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec


class Markout(msgspec.Struct, frozen=True, kw_only=True):
    """The mean over fills of the mid against their price, weighted by EURe, bps; above zero the desk gained.

    ``known`` of the fills had a mid at ``seconds`` after them.
    """

    by: str
    bucket: str
    seconds: int
    fills: int
    known: int
    bps: Decimal | None


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """The desk's fills on one side, whole tokens; ``spread`` is what they earned against the mid when priced."""

    side: str
    fills: int
    btc: Decimal
    eure: Decimal
    spread: Decimal


class AssetChange(msgspec.Struct, frozen=True, kw_only=True):
    """One asset's inventory: opening + filled + deposited − withdrawn + accepted + unexplained is closing.

    Whole tokens. What stood unexplained at the begin is not in ``opening``: it is unexplained until it is accepted.
    """

    asset: str
    opening: Decimal | None
    filled: Decimal
    deposited: Decimal
    withdrawn: Decimal
    accepted: Decimal
    unexplained: Decimal | None
    closing: Decimal | None


class AcceptedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A difference that nothing explains, whole tokens, and who took it as given when (UTC ns) and why."""

    at_ns: int
    actor: str
    btc: Decimal
    eure: Decimal
    reason: str


class ProfitAndLoss(msgspec.Struct, frozen=True, kw_only=True):
    """Average cost, EURe; realised + unrealised is total. The mids are those the span began and ended with."""

    realised: Decimal
    unrealised: Decimal
    total: Decimal
    opening_mid: Decimal
    closing_mid: Decimal


class Fees(msgspec.Struct, frozen=True, kw_only=True):
    """Whole tokens. ``protocol_*`` are contained in what fills gave, derived from ``pips``; ``bridge_*`` were paid."""

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


class TradingReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one span. ``win_rate`` is settled / accepted, ``market_share`` settled / every settlement seen."""

    from_ns: int
    to_ns: int
    runs: int
    demands: int
    decisions: int
    sent: int
    outcomes: Mapping[str, int]
    win_rate: Decimal | None
    market_share: Decimal | None
    others_settled: int
    not_quoted: tuple[tuple[str, int], ...]
    sides: tuple[Side, ...]
    fees: Fees
    inventory: tuple[AssetChange, ...]
    accepted: tuple[AcceptedRow, ...]
    profit: ProfitAndLoss | None
    profit_unknown: str
    reaction_us: tuple[Decimal | None, Decimal | None, Decimal | None]
    markouts: tuple[Markout, ...]
    fills: tuple[ReportedFill, ...]
