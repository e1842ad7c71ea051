"""A report of nothing, to be filled in by a test, and one of a busy day."""

from decimal import Decimal

from msgspec.structs import replace

from cockpit.reports.figures import (
    AdverseShare,
    AssetChange,
    CapitalFigures,
    Fees,
    FillLatency,
    GroupFigures,
    HalfLife,
    HitFigures,
    MeanMarkout,
    ProfitAndLoss,
    ReportedPoint,
    SideFigures,
    TradingReport,
    ValuedMovement,
)
from storage.reporting.notes import RecordedNote

DAY_NS = 86_400 * 10**9
LONG_PARTNER = "a-partner-with-a-name-much-longer-than-a-column-of-a-table.near"
LONG_NOTE = "the bank is closed until Monday, so nothing leaves by SEPA; deposits come in all the same, one by one"
GAP = range(60, 75)
"""Points of the curve without a mid."""


def empty_report() -> TradingReport:
    nothing = Decimal(0)
    return TradingReport(
        from_ns=0,
        to_ns=1,
        runs=0,
        accounts=(),
        modes=(),
        demands=0,
        decisions=0,
        sent=0,
        outcomes={},
        win_rate=None,
        market_share=None,
        others_settled=0,
        not_quoted=(),
        failing=(),
        failing_of=0,
        sides=(),
        fees=Fees(pips=1, protocol_btc=nothing, protocol_eure=nothing, bridge_btc=nothing, bridge_eure=nothing),
        inventory=(),
        accepted=(),
        profit=None,
        profit_unknown="",
        reaction_us=(None, None, None),
        markouts=(),
        fills=(),
    )


def reported_day(at_ns: int) -> TradingReport:
    """A day with something in each section, long names, a gap in the prices, and a value whose mid is far away."""
    start = at_ns // DAY_NS * DAY_NS
    return replace(
        empty_report(),
        from_ns=start,
        to_ns=start + DAY_NS,
        runs=2,
        accounts=("sandbox-maker.near",),
        modes=("SANDBOX",),
        demands=184_223,
        decisions=184_223,
        sent=61_204,
        outcomes={"accepted": 60_991, "refused": 213, "settled": 4_811, "expired": 56_180},
        win_rate=Decimal("0.0789"),
        market_share=Decimal("0.1234"),
        others_settled=34_170,
        not_quoted=(("notional", 98_001), ("covered", 25_018)),
        failing=(("notional", 99_000), ("covered", 30_001), ("exposure", 12)),
        failing_of=123_019,
        sides=(
            SideFigures(side="buy", fills=2_400, btc=Decimal("2.41000001"), eure=Decimal(120_401), spread=Decimal(61)),
            SideFigures(side="sell", fills=2_411, btc=Decimal("2.4"), eure=Decimal(120_044), spread=Decimal("60.5")),
        ),
        inventory=tuple(
            AssetChange(
                asset=asset,
                opening=Decimal(100),
                filled=Decimal("-1.5"),
                deposited=Decimal(0),
                withdrawn=Decimal(2),
                accepted=Decimal(0),
                unexplained=None if asset == "nBTC" else Decimal(0),
                closing=None if asset == "nBTC" else Decimal("96.5"),
            )
            for asset in ("BTC", "nBTC", "EURe")
        ),
        profit=ProfitAndLoss(
            trading=Decimal("48.1234"),
            revaluation=Decimal("-12.5"),
            realised=Decimal(30),
            unrealised=Decimal("5.6234"),
            total=Decimal("35.6234"),
            opening_mid=Decimal(50_000),
            closing_mid=Decimal("50123.45"),
            opening_mid_at_ns=start,
            closing_mid_at_ns=start + DAY_NS,
            movements=(
                ValuedMovement(
                    at_ns=start + DAY_NS // 2,
                    kind="deposit",
                    asset="BTC",
                    amount=Decimal("0.5"),
                    mid=Decimal(50_000),
                    mid_at_ns=start + DAY_NS // 2 - 7 * 60 * 10**9,
                ),
            ),
        ),
        reaction_us=(Decimal(410), Decimal(1_204), Decimal(9_001)),
        markouts=tuple(
            MeanMarkout(by="all", bucket="all", seconds=seconds, fills=4_811, known=4_800, bps=Decimal("1.25"))
            for seconds in (1, 10, 60, 300)
        ),
        hits=HitFigures(sent=61_204, filled=4_811, open=3, ratio=Decimal("0.0786")),
        latency=FillLatency(known=4_811, p50_ms=2_100, p90_ms=4_000, p99_ms=9_000, max_ms=31_000),
        adverse=tuple(
            AdverseShare(seconds=seconds, known=4_800, adverse=1_200, share=Decimal("0.25"))
            for seconds in (1, 10, 60, 300)
        ),
        half_life=HalfLife(opened=Decimal("0.4"), offset=Decimal("0.3"), half_life_ms=720_000),
        capital=CapitalFigures(
            mean=Decimal(98_000),
            holding=Decimal("-12.5"),
            drawdown=Decimal("7.75"),
            trading_return=Decimal("0.000491"),
            total_return=Decimal("0.000363"),
            holding_return=Decimal("-0.000128"),
            a_year=Decimal("0.179"),
        ),
        groups=(
            *(_group("hour", f"{hour:02d}:00") for hour in range(24)),
            *(_group("partner", name) for name in ("router.near", LONG_PARTNER)),
            *(_group("size", name) for name in ("5 to 10", "1,000 to 2,000")),
        ),
        curve=tuple(_point(start, number) for number in range(193)),
        notes=(
            RecordedNote(at_ns=start + DAY_NS // 3, actor="alice", text=LONG_NOTE),
            RecordedNote(at_ns=start + DAY_NS * 2 // 3, actor="bob", text="spreads wider"),
        ),
    )


def _group(by: str, bucket: str) -> GroupFigures:
    return GroupFigures(
        by=by,
        bucket=bucket,
        sent=61_204,
        filled=4_811,
        open=0,
        hit_ratio=Decimal("0.0786"),
        fills=4_811,
        eure=Decimal(240_445),
        spread=Decimal("121.5"),
        spread_bps=Decimal("5.05"),
        trading=Decimal("48.12"),
        known=4_800,
        markout_bps=Decimal("1.25"),
        adverse=Decimal("0.25"),
    )


def _point(start: int, number: int) -> ReportedPoint:
    """A tooth of a saw, which has a top and a bottom to look for."""
    tooth = Decimal(number % 48 - 16)
    mid = None if number in GAP else 50_000 + tooth
    return ReportedPoint(
        at_ns=start + number * DAY_NS // 192,
        mid=mid,
        trading=None if mid is None else tooth / 4,
        total=None if mid is None else tooth / 4 - number % 7,
        value=None if mid is None else 2 * mid,
        base=1 + tooth / 1_000,
        quote=Decimal(50_000),
    )
