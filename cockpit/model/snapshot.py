"""What the cockpit shows: frozen structs that the desk makes a few times a second.

Amounts are Decimal of whole tokens, prices Decimal EUR per BTC, ages and times left in milliseconds
(None: never seen). Lists are bounded and newest first.
"""

from decimal import Decimal
from typing import Literal

import msgspec

from cockpit.model.alarms import AlarmsState
from cockpit.model.alerts.state import AlertsState
from cockpit.model.commands import Limits, PriceParams
from cockpit.model.pricing.pricing_set import QuoteLives
from cockpit.model.trading_figures.earnings import EarningsState
from cockpit.model.trading_figures.market_requests import MarketRequestsRow, TokenRow
from cockpit.model.trading_figures.price_course import CourseFill, OwnPrices

Mode = Literal["SANDBOX", "LIVE"]
State = Literal["ok", "starting", "degraded", "down", "unknown"]
"""``unknown``: of a recorded moment; no desk says it."""
Rung = Literal["SAFE", "SHADOW", "LIVE"]
"""The rungs of arming: nothing armed, strategy armed (decides, signs nothing), executor armed too."""
Trading = Literal["ACTIVE", "REDUCING", "HALTED"]
"""Which quotes are made: all, only those that move the inventory toward its target, none."""


class PartHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the desk. ``counters``: its counts since the start, bad input included."""

    part: str
    state: State
    detail: str
    age_ms: int | None
    last_error: str
    counters: dict[str, int]


class InventoryRow(msgspec.Struct, frozen=True, kw_only=True):
    """One token. ``spendable`` = balance - reserved - leaving, never below 0.

    ``leaving``: signed for withdrawals and still in the balance; ``reserved``: committed to quotes. Reconciliation:
    opening + deposited + filled - withdrawn + accepted + unexplained = balance; ``accepted``: differences that an
    operator accepted. ``places``: decimals shown in lists. ``underlying``: what it is worth, such as BTC. ``quoted``:
    some market trades it."""

    symbol: str
    decimals: int
    balance: Decimal | None
    reserved: Decimal
    spendable: Decimal | None
    pending_in: Decimal
    opening: Decimal | None
    filled: Decimal
    deposited: Decimal
    unexplained: Decimal | None
    value_eur: Decimal | None
    leaving: Decimal = Decimal(0)
    withdrawn: Decimal = Decimal(0)
    accepted: Decimal = Decimal(0)
    places: int = 8
    underlying: str = ""
    quoted: bool = True


class InventoryState(msgspec.Struct, frozen=True, kw_only=True):
    """Balances on the Verifier. ``btc_share``: BTC's share of the total value, 0 to 1."""

    rows: tuple[InventoryRow, ...]
    age_ms: int | None
    block_height: int | None
    btc_share: Decimal | None
    target_btc_share: Decimal


class DepositRow(msgspec.Struct, frozen=True, kw_only=True):
    """A deposit known to the bridge; only CREDITED and COMPLETED ones are in the balance.

    ``in_table``: False for a token that the desk does not know; ``symbol`` is then the bridge's name of it.
    ``places``: decimals to show.
    """

    symbol: str
    amount: Decimal
    status: str
    chain: str
    tx_hash: str
    age_ms: int
    in_table: bool = True
    places: int = 8


class DepositCredit(msgspec.Struct, frozen=True, kw_only=True):
    """A token that a deposit may become: its minimum in whole tokens, and how many own deposits became it."""

    symbol: str
    minimum: Decimal | None
    deposits: int


class DepositAddressRow(msgspec.Struct, frozen=True, kw_only=True):
    """Where to send a deposit of one coin; ``minimum`` is the largest of its ``credits``, in whole tokens.

    ``credits``: the tokens that the bridge lists for it. ``known``: which of them a deposit becomes is certain;
    ``note`` says what is known of it.
    """

    symbol: str
    chain: str
    address: str
    memo: str | None
    minimum: Decimal | None
    age_ms: int | None
    credits: tuple[DepositCredit, ...] = ()
    known: bool = True
    note: str = ""


class WithdrawalRow(msgspec.Struct, frozen=True, kw_only=True):
    """A withdrawal and its progress.

    ``state``: requested, prepared, sent, unknown, burned, bridging, completed, failed, refunded, returned or expired.
    ``steps``: each state with its age in ms, oldest first. ``ours`` is False for one that this desk did not make.
    """

    withdrawal_id: str
    symbol: str
    chain: str
    amount: Decimal
    fee: Decimal | None
    destination: str
    route: str
    state: str
    detail: str
    age_ms: int
    near_hash: str
    destination_hash: str
    ours: bool
    steps: tuple[tuple[str, int], ...]
    places: int = 8


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """The signing key: whether the Verifier accepts it, and its kind of access key on the NEAR account.

    ``access``: full, function call, none (no access key of the account) or unknown. ``command`` registers it by hand.
    """

    public_key: str = ""
    registered: bool | None = None
    access: str = "unknown"
    command: str = ""


class DecisionRow(msgspec.Struct, frozen=True, kw_only=True):
    """A decision, the reason for it, and every check for the details.

    ``detail``: the deciding check as text. ``checks``: (name, passed, numbers) of each, in order. ``dry``: of a
    price check. ``market``: its two tokens, such as nBTC/EURe.
    """

    decision_id: str
    quote_id: str
    age_ms: int
    side: str
    notional: Decimal | None
    price: Decimal | None
    edge_bps: Decimal | None
    actionable: bool
    reason: str
    detail: str
    checks: tuple[tuple[str, bool, str], ...] = ()
    dry: bool = False
    market: str = "BTC/EURe"


class QuoteRow(msgspec.Struct, frozen=True, kw_only=True):
    """A signed quote: its amounts, its time left, its outcome.

    ``outcome``: sent, accepted, refused, unknown, settled, expired, burning or burned; *no salt* when its salt was
    invalidated, so that it can neither settle nor be burned. ``left_ms`` is 0 once it has expired. ``option_bps``: what
    it is worth to its holder, and ``intrinsic_bps`` what settling it now would gain, of its value at the mid; None once
    it is over, and while the mid is unknown.
    """

    quote_hash: str
    quote_id: str
    age_ms: int
    side: str
    gives: Decimal
    gives_symbol: str
    takes: Decimal
    takes_symbol: str
    price: Decimal
    left_ms: int
    life_ms: int
    outcome: str
    detail: str
    gives_places: int = 8
    takes_places: int = 8
    request_kind: str = ""
    option_bps: Decimal | None = None
    intrinsic_bps: Decimal | None = None


class FillRow(msgspec.Struct, frozen=True, kw_only=True):
    """A fill. ``confirmed``: the Verifier's balances show it.

    ``markouts``: of each horizon that has passed, in order, its seconds after the fill and the mid's move in the desk's
    favour by then, bps; None where no mid was known.
    """

    quote_hash: str
    quote_id: str
    age_ms: int
    side: str
    base_amount: Decimal
    quote_amount: Decimal
    price: Decimal
    edge_bps: Decimal | None
    confirmed: bool
    tx_hash: str
    markouts: tuple[tuple[int, Decimal | None], ...] = ()
    base_symbol: str = "BTC"
    quote_symbol: str = "EURe"


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange: its last prices, their age, and the distance of its mid from the composite."""

    source: str
    bid: Decimal | None
    ask: Decimal | None
    mid: Decimal | None
    age_ms: int | None
    divergence_bps: Decimal | None
    state: State
    detail: str


class MarketState(msgspec.Struct, frozen=True, kw_only=True):
    """The reference price. ``chart`` holds (seconds ago, mid) oldest first; ``usable``: whether quotes
    may use it. ``sigma_bps``: the standard deviation of the mid over a minute, ``eure_basis_bps``: by how much an EURe
    is measured to be worth more than a EUR; None where they are unknown. ``own_prices`` and ``chart_fills``: the desk's
    prices and fills over the time of the chart, oldest first.
    """

    mid: Decimal | None
    age_ms: int | None
    usable: bool
    detail: str
    bid: Decimal | None
    ask: Decimal | None
    skew_bps: Decimal | None
    sources: tuple[SourceRow, ...]
    chart: tuple[tuple[float, float], ...]
    sigma_bps: Decimal | None = None
    eure_basis_bps: Decimal | None = None
    own_prices: tuple[OwnPrices, ...] = ()
    chart_fills: tuple[CourseFill, ...] = ()


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Counts since the start of the desk. ``requests`` counts no dry ones; ``router_legs`` is a part of it.

    ``others_filtered``: the relay keeps requests for other pairs to itself, so ``other_pairs`` is not how many there
    are. ``others_left_ms``: how much longer an operator has them counted; ``others_counted`` were seen in
    ``others_over_ms`` of the newest such count, None without one.
    """

    requests: int = 0
    other_pairs: int = 0
    malformed: int = 0
    decisions: int = 0
    actionable: int = 0
    sent: int = 0
    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    settled: int = 0
    expired: int = 0
    statuses: int = 0
    others_filtered: bool = False
    others_left_ms: int = 0
    others_counted: int | None = None
    others_over_ms: int | None = None
    dry: int = 0
    router_legs: int = 0


class LiveQuotes(msgspec.Struct, frozen=True, kw_only=True):
    """Signed quotes that can still be settled, armed or not.

    ``quotes``, ``btc``, ``eure``: the live ones, which are committed. ``refused*``: those that the relay refused; the
    last of them has expired in ``refused_last_ms``. ``committed_eure`` and ``signed_eure``: what live quotes give, and
    what all give, with BTC at the mid; None while that is unknown.
    """

    quotes: int
    btc: Decimal
    eure: Decimal
    last_death_ms: int
    refused: int = 0
    refused_btc: Decimal = Decimal(0)
    refused_eure: Decimal = Decimal(0)
    refused_last_ms: int = 0
    committed_eure: Decimal | None = None
    signed_eure: Decimal | None = None


class OptionState(msgspec.Struct, frozen=True, kw_only=True):
    """What all signed quotes together are worth to those who hold them, EURe, at the mid and σ of ``age_ms`` ago.

    ``value`` is ``intrinsic``, what settling them now would gain, and ``time_value``, what a model says that waiting is
    worth. ``jump``: what settling them would gain after a jump of the mid by 1 %, the worse way; no model.
    ``refused_value``: how much of the value is that of quotes that the relay refused.
    """

    value: Decimal
    intrinsic: Decimal
    time_value: Decimal
    jump: Decimal
    refused_value: Decimal
    sigma_bps: Decimal
    age_ms: int


class OptionSide(msgspec.Struct, frozen=True, kw_only=True):
    """One side's, EURe. ``written``: what the options in the quotes were worth when they were signed. ``given_away``:
    the edge of fills when they were priced less that when they were booked, over the ``known`` of the ``fills``."""

    quotes: int = 0
    written: Decimal = Decimal(0)
    fills: int = 0
    known: int = 0
    given_away: Decimal = Decimal(0)


class OptionDayState(msgspec.Struct, frozen=True, kw_only=True):
    """What was written and given away since ``from_ns``, UTC: the start of the day, or of the run if that was later."""

    from_ns: int = 0
    buy: OptionSide = OptionSide()
    sell: OptionSide = OptionSide()

    @property
    def written(self) -> Decimal:
        return self.buy.written + self.sell.written

    @property
    def given_away(self) -> Decimal:
        return self.buy.given_away + self.sell.given_away


class HardStopState(msgspec.Struct, frozen=True, kw_only=True):
    """A hard stop: how many quotes it was to burn, what became of them, and how many are ``left``.

    ``settled``: taken before they could be burned; ``expired``: expired before. ``unburnable``: those with an
    invalidated salt, which can neither settle nor be burned; they stay signed until they expire, the last one in
    ``unburnable_left_ms``.
    """

    asked: int
    burned: int
    settled: int
    expired: int
    left: int
    detail: str
    unburnable: int = 0
    unburnable_left_ms: int = 0


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """Request frame in to quote frame out, microseconds; None before the first quote."""

    p50_us: int | None
    p99_us: int | None
    max_us: int | None


class RelayLatency(msgspec.Struct, frozen=True, kw_only=True):
    """From the relay's asking to the frame at the desk, milliseconds, over the newest dated requests.

    It includes how far the two clocks are apart. ``dated`` of ``requests`` stated a usable time.
    """

    p50_ms: int | None = None
    p99_ms: int | None = None
    max_ms: int | None = None
    dated: int = 0
    requests: int = 0


class InterlockRow(msgspec.Struct, frozen=True, kw_only=True):
    """One interlock, in the order of the runbook.

    ``rung``: the first rung that needs it. ``remedy``: what to do while it fails or warns. ``grace_left_ms``: time
    until a failed interlock disarms its rung; None while it passes or the rung is not armed. ``warning``: it passes and
    closes nothing, and an operator should act. ``unknown``: nothing is known of what it asks, good or bad.
    """

    ident: str
    rung: Literal["SHADOW", "LIVE"]
    name: str
    passed: bool
    measured: str
    wanted: str
    remedy: str = ""
    grace_left_ms: int | None = None
    warning: bool = False
    unknown: bool = False


METRICS = "metrics"
"""The name of the port of the metrics among the parts of a desk."""


class MetricsState(msgspec.Struct, frozen=True, kw_only=True):
    """Where metrics are served beside the desk's sockets. ``address``: a URL; empty for nowhere."""

    address: str = ""
    state: State = "starting"
    problem: str = ""


class JournalRow(msgspec.Struct, frozen=True, kw_only=True):
    """A command and its outcome; ``actor`` may be the desk itself."""

    command_id: str
    age_ms: int
    actor: str
    command: str
    accepted: bool
    reason: str


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that a cockpit shows. ``seq`` rises by one a snapshot; ``at_ns``: the desk's UTC clock.

    ``freeze_left_ms``: time until open withdrawals freeze again, None while frozen or held open by a setting.
    ``withdrawal_defaults``: the configured destination of a symbol. ``journal``: newest first, of this run.
    ``tokens`` and ``markets``: the table that the desk works on; ``stage``: its contract and file when that is not the
    built-in one. ``demand_ms``: the time that the last hour's counts in ``demand_by_market`` cover.
    ``fund_warnings``: money that the desk does not trade, or does not know, a sentence each.
    ``executor_blocked``: failed ``interlocks`` but those that arming the strategy turns green. ``findings``: what the
    start found out about the previous run, a sentence each. ``when_alone``: what the dead man's switch does when the
    desk is LIVE, ``alone_ms`` after the last cockpit was seen; ``alone_left_ms``: time until then, None while one is.
    ``operators``: attached cockpits whose terminal shows what they are sent; ``cockpits``: the names of those that can
    command, of the ``attached``. ``sign_age_ms``: since the last key or
    command. ``idle_left_ms``: time until the dead man's switch acts for want of one, None while it does not ask.
    ``hard_stop``: the last one of this run. ``alarms``: the venue's own, ``alerts``: who is told when
    nobody looks. ``options``: None while the mid is unknown.
    ``earnings``: None from a desk of before there were any. ``metrics``: where a dashboard reads them.
    """

    seq: int
    at_ns: int
    run_id: str
    started_ns: int
    tick_ms: int
    mode: Mode
    account: str
    strategy_armed: bool
    executor_armed: bool
    strategy_why: str
    executor_why: str
    executor_blocked: str
    relay: State
    history: State
    history_queue: int
    withdrawals_frozen: bool
    attached: int
    inventory: InventoryState
    deposits: tuple[DepositRow, ...]
    deposits_age_ms: int | None
    decisions: tuple[DecisionRow, ...]
    quotes: tuple[QuoteRow, ...]
    executions: tuple[FillRow, ...]
    market: MarketState
    health: tuple[PartHealth, ...]
    limits: Limits
    counts: Counts
    alive: LiveQuotes
    reaction: Reaction
    deposit_addresses: tuple[DepositAddressRow, ...] = ()
    withdrawals: tuple[WithdrawalRow, ...] = ()
    freeze_left_ms: int | None = None
    withdrawal_defaults: tuple[tuple[str, str], ...] = ()
    key: KeyView = KeyView()
    rung: Rung = "SAFE"
    trading: Trading = "ACTIVE"
    trading_why: str = ""
    interlocks: tuple[InterlockRow, ...] = ()
    journal: tuple[JournalRow, ...] = ()
    findings: tuple[str, ...] = ()
    when_alone: Literal["disarm", "keep", "stop"] = "disarm"
    alone_left_ms: int | None = None
    alone_ms: int = 60_000
    idle_left_ms: int | None = None
    operators: int = 0
    cockpits: tuple[str, ...] = ()
    sign_age_ms: int | None = None
    hard_stop: HardStopState | None = None
    alarms: AlarmsState = AlarmsState()
    tokens: tuple[TokenRow, ...] = ()
    markets: tuple[str, ...] = ()
    stage: str = ""
    demand_by_market: tuple[MarketRequestsRow, ...] = ()
    demand_ms: int = 0
    relay_latency: RelayLatency = RelayLatency()
    fund_warnings: tuple[str, ...] = ()
    pricing: PriceParams = PriceParams()
    lives: QuoteLives = QuoteLives()
    options: OptionState | None = None
    alerts: AlertsState = AlertsState()
    option_day: OptionDayState = OptionDayState()
    earnings: EarningsState | None = None
    metrics: MetricsState = MetricsState()

    @property
    def stopped_by(self) -> str:
        """Who had the desk stopped; empty while nobody has."""
        return next((row.actor for row in self.journal if row.command == "shutdown" and row.accepted), "")

    @property
    def reconciled(self) -> bool:
        """Whether no unexplained difference has outlasted its grace."""
        return all(row.passed and not row.warning for row in self.interlocks if row.ident == "proof")
