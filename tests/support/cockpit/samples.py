"""Snapshots of a desk at work, without a clock and without chance."""

import math
from decimal import Decimal

from msgspec.structs import replace

from cockpit.desk.interlocks.checklist import NAMES
from cockpit.model.alarms import AlarmRow, AlarmSourceRow, AlarmsState
from cockpit.model.commands import PARTS, Limits, WithdrawalReview
from cockpit.model.pricing.pricing_set import PRICING_NAMES, PricingOutcome, PricingPreview
from cockpit.model.snapshot import (
    Counts,
    DecisionRow,
    DepositAddressRow,
    DepositRow,
    FillRow,
    InterlockRow,
    InventoryRow,
    InventoryState,
    JournalRow,
    KeyView,
    LiveQuotes,
    MarketState,
    PartHealth,
    QuoteRow,
    Reaction,
    Snapshot,
    SourceRow,
    State,
    WithdrawalRow,
)
from cockpit.model.trading_figures.earnings import EarnedSpan, EarningsPoint, EarningsState, MeanMark
from cockpit.model.trading_figures.price_course import CourseFill, OwnPrices

START_NS = 1_760_000_000_000_000_000
DAY_NS = 86_400 * 10**9
MID = Decimal("98432.15")

CHECKS = (
    ("strategy_armed", True, "yes"),
    ("reference", True, "98432.15"),
    ("reference_age", True, "412 ms, at most 5000 ms"),
    ("inventory", True, "0.50000000 BTC"),
    ("inventory_age", True, "2300 ms, at most 20000 ms"),
    ("deadline", True, "61000 ms, at most 120000 ms"),
    ("amount", True, "0.00004100 BTC"),
)


def decision(number: int) -> DecisionRow:
    """The decision with this number; a higher number is newer."""
    kind = number % 5
    reason, notional = ("quote", "4.03") if kind in (0, 2) else ("notional", "31.77")
    if kind == 4:
        reason, notional = "executor_armed", "2.50"
    passed = reason != "notional"
    return DecisionRow(
        decision_id=f"decision-{number}",
        quote_id=f"request-{number:04d}-8f2c41d9",
        age_ms=(60 - number) * 1900,
        side="buy" if number % 2 else "sell",
        notional=Decimal(notional) + number,
        price=MID + (-70 if number % 2 else 70),
        edge_bps=Decimal("7.11"),
        actionable=reason != "notional",
        reason=reason,
        detail="all checks passed" if passed else f"{Decimal(notional) + number:.6f} EURe, at most 5 EURe",
        checks=(*CHECKS, ("notional", passed, f"{Decimal(notional) + number:.6f} EURe, at most 5 EURe")),
    )


def quote(number: int) -> QuoteRow:
    """The quote with this number; a higher number is newer."""
    outcome = ("settled", "accepted", "sent", "refused", "unknown", "expired")[number % 6]
    buys = bool(number % 2)
    btc, eure = Decimal("0.00004100") + Decimal(number).scaleb(-8), Decimal("4.03571815") + number
    living = outcome in ("accepted", "sent", "unknown")
    return QuoteRow(
        quote_hash=f"hash{number:03d}9vK3mQpXw7Zt",
        quote_id=f"request-{number:04d}-8f2c41d9",
        age_ms=(24 - number) * 2300,
        side="buy" if buys else "sell",
        gives=eure if buys else btc,
        gives_symbol="EURe" if buys else "BTC",
        takes=btc if buys else eure,
        takes_symbol="BTC" if buys else "EURe",
        gives_places=4 if buys else 8,
        takes_places=8 if buys else 4,
        price=MID + (-70 if buys else 70),
        left_ms=max(0, 60_000 - (24 - number) * 2300) if living else 0,
        life_ms=60_000,
        outcome=outcome,
        detail={"refused": "insufficient balance", "unknown": "no answer in 5 s"}.get(outcome, ""),
        option_bps=(Decimal(number) / 4 if buys else Decimal("12.5")) if living else None,
        intrinsic_bps=Decimal(0 if buys else 9) if living else None,
    )


def execution(number: int) -> FillRow:
    """The fill with this number; a higher number is newer."""
    return FillRow(
        quote_hash=f"hash{number:03d}9vK3mQpXw7Zt",
        quote_id=f"request-{number:04d}-8f2c41d9",
        age_ms=(12 - number) * 7100 + 900,
        side="buy" if number % 3 else "sell",
        base_amount=Decimal("0.00004100") + Decimal(number).scaleb(-8),
        quote_amount=Decimal("4.0357") + number,
        price=MID + (-70 if number % 3 else 70),
        edge_bps=Decimal("7.11"),
        confirmed=number < 11,
        markouts=((1, Decimal("6.2")), (10, Decimal("3.4") - number), (60, None if number == 4 else Decimal("1.5")))[
            : 0 if number > 11 else 1 if number > 9 else 2 if number > 5 else 3
        ],
        tx_hash=f"7Hq{number:02d}mWcXz4RtYvBn8KpLs2DfGj6Qa9Ue3Ho5Ti1Mx",
    )


def health(part: str, state: State = "ok") -> PartHealth:
    """One part, with counters and, when it is not ok, an error."""
    counters = {"frames": 1204, "malformed": 2, "unknown_assets": 0} if part == "near-intents-ingest" else {"reads": 31}
    return PartHealth(
        part=part,
        state=state,
        detail={"liquidity-manager": "withdrawals frozen", "strategy-engine": "armed by ops"}.get(part, ""),
        age_ms=400,
        last_error="" if state == "ok" else "bitstamp: connection reset",
        counters=counters,
    )


def earned(from_ns: int, scale: int) -> EarnedSpan:
    """What a span earned."""
    return EarnedSpan(
        from_ns=from_ns,
        fills=12 * scale,
        sent=104 * scale,
        volume=Decimal("1204.53") * scale,
        spread=Decimal("1.8312") * scale,
        trading=Decimal("2.4153") * scale,
        revaluation=Decimal("-18.7702"),
        fee_btc=Decimal("0.00000012"),
        fee_eure=Decimal("0.0006"),
        markouts=tuple(
            MeanMark(seconds=seconds, known=12, bps=bps)
            for seconds, bps in ((1, Decimal("6.11")), (10, Decimal("3.40")), (60, Decimal("-1.05")), (300, None))
        ),
    )


def earnings(at_ns: int) -> EarningsState:
    """A day with an earlier run, and a curve with a gap in it."""
    return EarningsState(
        today=earned(START_NS // DAY_NS * DAY_NS, 3),
        run=earned(START_NS, 1),
        mid=MID,
        mid_at_ns=at_ns,
        loss=Decimal(0),
        fills_in_hour=12,
        largest_quote=Decimal("4.5"),
        quotes_in_second=2,
        curve=tuple(
            EarningsPoint(
                at_ns - ago * 60 * 10**9, 7.2459 - ago / 20 + math.sin(ago / 7), 0.5 + math.sin(ago / 30) / 50
            )
            for ago in range(119, -1, -1)
            if not 60 <= ago < 75
        ),
    )


def market(at_ns: int = START_NS) -> MarketState:
    """Three sources, one of them late."""

    def price_at(ago: float) -> float:
        return 98432.15 + 160 * math.sin(ago / 53) + 40 * math.sin(ago / 11) - ago * 0.4

    chart = tuple((float(ago), price_at(ago)) for ago in range(599, -1, -2))
    late: State = "degraded"
    fine: State = "ok"
    sources = tuple(
        SourceRow(
            source=name,
            bid=MID - 1 + off,
            ask=MID + 1 + off,
            mid=MID + off,
            age_ms=age,
            divergence_bps=Decimal(off) / MID * 10_000,
            state=state,
            detail=detail,
        )
        for name, off, age, state, detail in (
            ("kraken", 0, 300, fine, ""),
            ("coinbase", 4, 700, fine, ""),
            ("bitstamp", -6, 14_200, late, "old"),
        )
    )
    return MarketState(
        mid=MID,
        age_ms=300,
        usable=True,
        detail="",
        bid=MID - 70,
        ask=MID + 70,
        skew_bps=Decimal("-1.8"),
        sources=sources,
        chart=chart,
        own_prices=tuple(
            OwnPrices(at_ns - ago * 10**9, price_at(ago) - 70, price_at(ago) + 70) for ago in range(295, -1, -5)
        ),
        chart_fills=tuple(
            CourseFill(at_ns - ago * 10**9, price_at(ago) + (70 if ago % 2 else -70), "sell" if ago % 2 else "buy")
            for ago in range(271, 0, -45)
        ),
    )


def inventory() -> InventoryState:
    """Both assets, every base unit explained."""
    btc = InventoryRow(
        symbol="BTC",
        decimals=8,
        balance=Decimal("0.50012340"),
        reserved=Decimal("0.00008200"),
        spendable=Decimal("0.48004140"),
        leaving=Decimal("0.02000000"),
        pending_in=Decimal("0.01000000"),
        opening=Decimal("0.49000000"),
        filled=Decimal("0.00012340"),
        deposited=Decimal("0.01000000"),
        unexplained=Decimal(0),
        value_eur=Decimal("49228.22"),
    )
    eure = InventoryRow(
        symbol="EURe",
        decimals=18,
        places=4,
        balance=Decimal("49737.854100000000000000"),
        reserved=Decimal("12.107000000000000000"),
        spendable=Decimal("49725.747100000000000000"),
        pending_in=Decimal(0),
        opening=Decimal("50000"),
        filled=Decimal("-12.145900000000000000"),
        deposited=Decimal(0),
        unexplained=Decimal(0),
        value_eur=Decimal("49737.85"),
        withdrawn=Decimal(250),
    )
    return InventoryState(
        rows=(btc, eure),
        age_ms=2300,
        block_height=148_201_993,
        btc_share=Decimal("0.4962"),
        target_btc_share=Decimal("0.5"),
    )


BTC_DESTINATION = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
EURE_DESTINATION = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
COMMAND = (
    "near contract call-function as-transaction intents.near add_public_key json-args "
    "'{\"public_key\":\"ed25519:8YzqfN2cLrVJ1bTxwD4ePmKs3GuRa6Hh9oXt5QyEiCjW\"}' prepaid-gas '100.0 Tgas' "
    "attached-deposit '1 yoctoNEAR' sign-as sandbox-maker.near network-config mainnet sign-with-keychain send"
)


def addresses() -> tuple[DepositAddressRow, ...]:
    """Where to send both assets."""
    return (
        DepositAddressRow(
            symbol="BTC",
            chain="btc:mainnet",
            address="bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr",
            memo=None,
            minimum=Decimal("0.00002"),
            age_ms=31_000,
        ),
        DepositAddressRow(
            symbol="EURe",
            chain="eth:100",
            address="0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            memo=None,
            minimum=Decimal(1),
            age_ms=31_000,
        ),
    )


def withdrawal() -> WithdrawalRow:
    return WithdrawalRow(
        withdrawal_id="w-0193f2a1",
        symbol="BTC",
        chain="btc:mainnet",
        amount=Decimal("0.02"),
        fee=Decimal("0.00001500"),
        destination=BTC_DESTINATION,
        route="transaction",
        state="bridging",
        detail="the bridge has seen the burn",
        age_ms=64_000,
        near_hash="6Qw1mNcXz4RtYvBn8KpLs2DfGj7Qa9Ue3Ho5Ti1MxVb2",
        destination_hash="",
        ours=True,
        steps=(
            ("requested", 64_000),
            ("prepared", 63_000),
            ("sent", 62_500),
            ("burned", 58_000),
            ("bridging", 21_000),
        ),
    )


def foreign() -> WithdrawalRow:
    """One that the bridge lists and this desk did not make."""
    return WithdrawalRow(
        withdrawal_id="bridge-3kTmWcXz4RtYvBn8KpLs2DfGj7Qa9Ue3Ho5Ti1MxVb",
        symbol="EURe",
        places=4,
        chain="eth:100",
        amount=Decimal(250),
        fee=Decimal("0.5"),
        destination=EURE_DESTINATION,
        route="",
        state="completed",
        detail="made elsewhere; status by the bridge",
        age_ms=7_900_000,
        near_hash="3kTmWcXz4RtYvBn8KpLs2DfGj7Qa9Ue3Ho5Ti1MxVb2q",
        destination_hash="0x77a1b0c2d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccdd00",
        ours=False,
        steps=(("completed", 7_900_000),),
    )


def review(amount: str = "0.01", **changed: object) -> WithdrawalReview:
    """What the desk says of a withdrawal of BTC that may go."""
    burned, fee = Decimal(amount), Decimal("0.000015")
    plain = WithdrawalReview(
        asset_id="nep141:btc.omft.near",
        symbol="BTC",
        decimals=8,
        chain="btc:mainnet",
        route="transaction",
        destination=BTC_DESTINATION,
        amount=burned,
        amount_eur=(burned * MID).quantize(Decimal("0.01")),
        amount_units=str(int(burned.scaleb(8))),
        fee=fee,
        fee_units="1500",
        arrives=burned - fee,
        minimum=Decimal("0.00002"),
        balance=Decimal("0.5001234"),
        spendable=Decimal("0.4800414"),
        spendable_units="48004140",
        spendable_after=Decimal("0.4800414") - burned,
        alive_quotes=3,
        alive_promised=Decimal("0.000082"),
        cooling_left_ms=0,
        frozen=False,
        refusals=(),
    )
    return replace(plain, **changed)


def open_for_withdrawals(seq: int = 1) -> Snapshot:
    """A safe desk whose withdrawals were unfrozen."""
    return replace(disarmed(seq), withdrawals_frozen=False, freeze_left_ms=580_000)


RELAY_LOST = "relay not connected: no answer yet"


def interlock(
    ident: str,
    measured: str,
    wanted: str,
    *,
    passed: bool = True,
    live: bool = True,
    remedy: str = "",
    warning: bool = False,
) -> InterlockRow:
    """A line of the ladder."""
    return InterlockRow(
        ident=ident,
        rung="LIVE" if live else "SHADOW",
        name=NAMES[ident],
        passed=passed,
        measured=measured,
        wanted=wanted,
        remedy="" if passed and not warning else remedy,
        warning=warning,
    )


def interlocks(*red: str, grace_left_ms: int | None = None) -> tuple[InterlockRow, ...]:
    """The ladder's checklist; the lines named are red, the first of them with a grace running."""
    lines = (
        interlock("reference", "98,432.15 EUR, 300 ms old", "enough fresh sources that agree", live=False),
        interlock("funds", "0.5 BTC, 25,000 EURe available", "above zero on the Verifier", live=False),
        interlock("deposits", "addresses known, pending deposits identified", "an address for each asset", live=False),
        interlock("history", "writing", "writing"),
        interlock("limits", "max size 5 EURe; trading is ACTIVE", "valid as a set", live=False),
        interlock("strategy", "armed", "armed"),
        interlock("shadow", "61 actionable decisions without a venue error", "at least 3"),
        interlock("key", "registered", "registered on the Verifier"),
        interlock("salt", "read 12 s ago", "the current one, read within 90 s"),
        interlock("relay", "acknowledged", "quote and quote_status"),
        interlock("former", "none", "none"),
        interlock("proof", "difference 0", "difference 0, or explained within 30 s"),
        interlock("disk", "41,872 MiB free", "at least 256 MiB"),
    )
    remedies = {"relay": "wait for the relay", "strategy": "arm the strategy and watch its decisions"}
    return tuple(
        replace(
            line,
            passed=False,
            measured={"relay": RELAY_LOST, "strategy": "not armed"}[line.ident],
            remedy=remedies[line.ident],
            grace_left_ms=grace_left_ms if line.ident == red[0] else None,
        )
        if line.ident in red
        else line
        for line in lines
    )


def unproven(shot: Snapshot) -> Snapshot:
    """The same desk once its difference has stayed beyond the grace."""
    rows = (replace(row, passed=row.passed and row.ident != "proof") for row in shot.interlocks)
    return replace(shot, interlocks=tuple(rows))


def journal() -> tuple[JournalRow, ...]:
    """Three commands, one of them refused and one the desk's own."""
    return (
        JournalRow(
            command_id="c-3", age_ms=62_000, actor="ops@bastion", command="arm trade-executor", accepted=True, reason=""
        ),
        JournalRow(
            command_id="c-2",
            age_ms=71_000,
            actor="ops@bastion",
            command="arm trade-executor",
            accepted=False,
            reason=f"{NAMES['shadow']}: 1 actionable decision without a venue error",
        ),
        JournalRow(
            command_id="c-1",
            age_ms=340_000,
            actor="desk",
            command="disarm trade-executor",
            accepted=True,
            reason=f"{NAMES['relay']}: {RELAY_LOST}",
        ),
    )


def snapshot(seq: int = 1, *, decisions: int = 60) -> Snapshot:
    """A desk that is armed and quoting; a higher ``decisions`` has newer decisions on top."""
    return Snapshot(
        seq=seq,
        at_ns=START_NS + 754_000_000_000,
        run_id="run-1",
        started_ns=START_NS,
        tick_ms=40,
        mode="SANDBOX",
        account="sandbox-maker.near",
        strategy_armed=True,
        executor_armed=True,
        strategy_why="armed by ops",
        executor_why="armed by ops",
        executor_blocked="",
        relay="ok",
        history="ok",
        history_queue=3,
        withdrawals_frozen=True,
        attached=1,
        inventory=inventory(),
        deposits=(
            DepositRow(
                symbol="EURe",
                places=4,
                amount=Decimal(250),
                status="CREDITED",
                chain="eth:100",
                tx_hash="0x5fa1b0c2d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddee",
                age_ms=421_000,
            ),
            DepositRow(
                symbol="BTC",
                amount=Decimal("0.01"),
                status="PENDING",
                chain="btc:mainnet",
                tx_hash="9c1f4e5d6a7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6f708192a3b4c5d6e7f",
                age_ms=95_000,
            ),
        ),
        deposits_age_ms=4_000,
        deposit_addresses=addresses(),
        withdrawals=(withdrawal(), foreign()),
        withdrawal_defaults=(("BTC", BTC_DESTINATION),),
        key=KeyView(
            public_key="ed25519:8YzqfN2cLrVJ1bTxwD4ePmKs3GuRa6Hh9oXt5QyEiCjW",
            registered=True,
            access="full",
            command=COMMAND,
        ),
        decisions=tuple(decision(number) for number in range(decisions, max(0, decisions - 60), -1)),
        quotes=tuple(quote(number) for number in range(24, 0, -1)),
        executions=tuple(execution(number) for number in range(12, 0, -1)),
        market=market(START_NS + 754_000_000_000),
        earnings=earnings(START_NS + 754_000_000_000),
        health=tuple(health(part, "degraded" if part == "market-reference-ingest" else "ok") for part in PARTS),
        limits=Limits(),
        counts=Counts(
            requests=1204,
            other_pairs=1080,
            malformed=2,
            decisions=122,
            actionable=61,
            sent=58,
            accepted=51,
            refused=3,
            unknown=1,
            settled=38,
            expired=9,
        ),
        alive=LiveQuotes(
            quotes=7,
            btc=Decimal("0.00008200"),
            eure=Decimal("12.107"),
            last_death_ms=57_700,
            committed_eure=Decimal("16.241"),
            signed_eure=Decimal("16.241"),
        ),
        reaction=Reaction(p50_us=312, p99_us=904, max_us=2110),
        rung="LIVE",
        interlocks=interlocks(),
        journal=journal(),
    )


def alarms() -> AlarmsState:
    """Five alarms of the venue, one of them grave, with a text that looks like markup."""
    grave = AlarmRow(source="SHIELD", subject="chain gnosis [b]x[/b]", effect="disarms", reason="touches us")
    other = AlarmRow(source="SHIELD", subject="chain sol", effect="shown", reason="touches others only")
    return AlarmsState(rows=(grave, *[other] * 4), sources=(AlarmSourceRow(source="SHIELD", age_ms=12_000),))


def disarmed(seq: int = 1) -> Snapshot:
    """The same desk, safe: nothing armed and no quote alive."""
    return replace(
        snapshot(seq),
        strategy_armed=False,
        executor_armed=False,
        rung="SAFE",
        interlocks=interlocks(),
        strategy_why="disarmed at the start",
        executor_why="disarmed at the start",
        alive=LiveQuotes(
            quotes=0,
            btc=Decimal(0),
            eure=Decimal(0),
            last_death_ms=0,
            committed_eure=Decimal(0),
            signed_eure=Decimal(0),
        ),
    )


def fresh(seq: int = 1) -> Snapshot:
    """A desk that has just started and knows nothing yet."""
    safe = disarmed(seq)
    unread = tuple(
        replace(
            row, balance=None, spendable=None, opening=None, unexplained=None, value_eur=None, pending_in=Decimal(0)
        )
        for row in safe.inventory.rows
    )
    return replace(
        safe,
        relay="starting",
        interlocks=(),
        journal=(),
        inventory=replace(safe.inventory, rows=unread, age_ms=None, block_height=None, btc_share=None),
        deposits=(),
        deposits_age_ms=None,
        deposit_addresses=(),
        withdrawals=(),
        key=KeyView(),
        decisions=(),
        quotes=(),
        executions=(),
        market=replace(
            safe.market, mid=None, age_ms=None, usable=False, detail="no source yet", bid=None, ask=None, chart=()
        ),
    )


def empty(seq: int = 1) -> Snapshot:
    """A desk that has read everything and to which nothing has happened yet."""
    safe = disarmed(seq)
    return replace(
        safe,
        deposits=(),
        withdrawals=(),
        decisions=(),
        quotes=(),
        executions=(),
        journal=(),
        counts=Counts(requests=40, other_pairs=40),
        reaction=Reaction(p50_us=None, p99_us=None, max_us=None),
    )


def stale(seq: int = 1) -> Snapshot:
    """A desk whose exchanges, RPC and bridge have fallen silent: LIVE, with a rung about to close."""
    now = snapshot(seq)
    market = replace(now.market, age_ms=9_400, usable=False, detail="the reference is older than 5000 ms")
    return replace(
        now,
        market=market,
        inventory=replace(now.inventory, age_ms=64_000),
        deposits_age_ms=190_000,
        interlocks=interlocks("relay", grace_left_ms=21_000),
        relay="down",
        health=tuple(
            replace(part, state="down", last_error="the relay closed the connection: 1006")
            if part.part == "near-intents-ingest"
            else part
            for part in now.health
        ),
    )


def pricing_preview(body: dict[str, object]) -> PricingPreview:
    """What a desk answers that kept 40 requests: the wider it quotes the fewer it refuses."""
    names = [name for name in body if name in PRICING_NAMES]
    return PricingPreview(
        requests=40,
        over_ms=3_540_000,
        changes={name: ("1", str(body[name])) for name in names},
        before=PricingOutcome(
            quoted=30,
            width_bps=Decimal("21.5"),
            edge_bps=Decimal(19),
            notional_eure=Decimal("1234.5"),
            refused=(("edge", 10),),
        ),
        after=PricingOutcome(
            quoted=40, width_bps=Decimal("8.25"), edge_bps=Decimal(7), notional_eure=Decimal(1600), refused=()
        ),
    )
