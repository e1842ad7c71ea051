"""The quote engine: listens to the relay, and runs the one call chain from a request to its answer.

decode (done by the relay client) → decide → reserve, sign and write → and only then what happened is recorded.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable
from functools import partial

import msgspec

from cockpit.accounting.duration_histogram import TRANSIT_NS, DurationHistogram
from cockpit.desk.inventory.sync import Inventory
from cockpit.desk.market.partner_costs import PartnerCosts
from cockpit.desk.market.pricing import Prices
from cockpit.desk.market.pricing_in_force import PricingInForce
from cockpit.desk.market.reference import Reference
from cockpit.desk.market.request_counter import RequestCounter
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.options.option_day import OptionDay
from cockpit.desk.quote_book.options.option_meter import OptionMeter
from cockpit.desk.quote_book.refusals import INVALID_SALT, is_fault
from cockpit.desk.quoting.declines import Declines
from cockpit.desk.quoting.desk_view import DeskView, record_view
from cockpit.desk.quoting.errors import SendUncertainError
from cockpit.desk.quoting.executor import Executor
from cockpit.desk.quoting.holding import Holding
from cockpit.desk.quoting.kept_requests import KeptRequests
from cockpit.desk.quoting.late_decision import late_decision
from cockpit.desk.quoting.risk_checks import COMMITTED, fits_by_itself
from cockpit.desk.quoting.strategy import Decision, decide, desk_prices, recorded_reason
from cockpit.desk.risk.arming import Arming
from cockpit.desk.risk.committed_flow import CommittedFlow
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.desk.risk.rates import LargestWindow, RateWindow, RejectionRate
from cockpit.desk.risk.trading_state import TradingState
from cockpit.model.bounded_set import BoundedSet
from cockpit.model.commands import Limits, PriceParams
from cockpit.model.environment import Environment
from cockpit.model.events import DecisionRules, MarketSettlements, SwapDemand, TradeDecision
from cockpit.model.recorder import LateEvent, Recorder
from venue.protocol.assets import Market
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.relay.client import Relay
from venue.relay.messages import QuoteStatus

log = logging.getLogger(__name__)

MAX_REMEMBERED = 20_000
"""Quote ids kept to recognise a request that comes twice; at 50 requests/s of the pair, seven minutes."""

FLOW_EVERY_NS = 5 * NS_PER_S
"""Settlements of other makers are many and reported one by one: history keeps their count over five seconds."""


class QuoteTerms(msgspec.Struct, frozen=True, kw_only=True):
    """On what terms requests are answered, by the settings: how old one may be, ms, and whether price checks get a
    quote.
    """

    quote_dry: bool = False
    request_max_age_ms: int = 3_000


class QuoteEngine:
    """Acts on the relay's messages; each decision is held to the limits in force at that moment.

    ``invalid_salt`` asks for the Verifier's salt to be read again. ``on_failure`` gets what broke the quote path; the
    executor is disarmed by then. Without ``declines`` what is not quoted is not answered. ``latencies_us``: how long
    each of the newest dated requests took from the relay to here, by two clocks; ``transit``: all of them.
    """

    def __init__(
        self,
        *,
        run_id: str,
        env: Environment,
        tokens: TokenTable,
        pricing: PricingInForce,
        request_counter: RequestCounter,
        committed_flow: CommittedFlow,
        terms: QuoteTerms,
        limits: LimitsInForce,
        reference: Reference,
        inventory: Inventory,
        arming: Arming,
        trading: TradingState,
        refusals: RejectionRate,
        executor: Executor,
        book: QuoteBook,
        option_meter: OptionMeter,
        option_day: OptionDay,
        partner_costs: PartnerCosts,
        relay: Relay,
        recorder: Recorder,
        invalid_salt: Callable[[], None],
        on_failure: Callable[[str], None],
        declines: Declines | None = None,
    ) -> None:
        self._run_id = run_id
        self._monotonic_ns = env.monotonic_ns
        self._tokens = tokens
        self._holdings = {
            (market.base.token_id, market.quote.token_id): (Holding(tokens, market.base), Holding(tokens, market.quote))
            for market in tokens.markets
        }
        self._pricing = pricing
        self._request_counter = request_counter
        self._committed_flow = committed_flow
        self._terms = terms
        self._limits = limits
        self._reference = reference
        self._ledger = inventory.ledger
        self._request_sync = inventory.request_sync
        self._arming = arming
        self._trading = trading
        self._refusals = refusals
        self._executor = executor
        self._book = book
        self._options = option_meter
        self._option_day = option_day
        self._partners = partner_costs
        self._relay = relay
        self._recorder = recorder
        self._record = recorder.record
        self._invalid_salt = invalid_salt
        self._on_failure = on_failure
        self._declines = declines
        self._seen = BoundedSet(MAX_REMEMBERED)
        self._prices: Prices | None = None
        self._priced_for: tuple[int, int, Limits, PriceParams] | None = None
        self._signed = RateWindow(NS_PER_S)
        self._sizes = LargestWindow(60)
        self._last_id = 0
        self._ruled_by: tuple[Limits, PriceParams] | None = None
        self._rules_id = ""
        self._rules = 0
        self._others_recorded = 0
        self._flow_since_ns: int | None = None
        self.kept = KeptRequests()
        self.counters: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.recent: deque[tuple[LateEvent[TradeDecision], Market]] = deque(maxlen=200)
        self.latencies_us: deque[int] = deque(maxlen=4096)
        self.transit = DurationHistogram(TRANSIT_NS)
        self.last_request_ns: int | None = None

    def view(self, market: Market, now_ns: int = 0, waited_ms: int = 0, partner: str = "") -> DeskView:
        """Collect what the strategy knows of a market now. ``now_ns`` is monotonic; with 0, older quotes count too.

        ``waited_ms``: for how long the request lay unread in the process. ``partner``: who asks.
        """
        reference, ledger, trading = self._reference, self._ledger, self._trading
        current, balance, terms = reference.current, ledger.usable, self._terms
        reservations = self._book.reservations
        lives = self._pricing.lives
        base, quote = self._holdings[market.base.token_id, market.quote.token_id]
        return DeskView(
            market=market,
            limits=self._limits.current,
            params=self._pricing.current,
            strategy_armed=self._arming.strategy,
            executor_armed=self._arming.executor,
            mid=reference.mid,
            mid_at_ns=current.at_ns or 0,
            mid_usable=current.usable,
            mid_problem=current.reason,
            base_balance=base.balance(balance),
            quote_balance=quote.balance(balance),
            base_reserved=reservations.reserved(base.token_id),
            quote_reserved=reservations.reserved(quote.token_id),
            inventory_at_ns=ledger.at_ns,
            default_deadline_ms=lives.quote_deadline_ms,
            salt_known=self._executor.salt is not None,
            relay_writable=self._relay.writable,
            history_writable=self._recorder.writable,
            trading=trading.state,
            base_promised=base.committed(reservations),
            quote_promised=quote.committed(reservations),
            quotes_in_second=self._signed.count(now_ns),
            fills_in_hour=trading.fills_in_hour,
            loss=trading.loss,
            deadline_slack_ms=lives.quote_deadline_slack_ms,
            exact_out_deadline_ms=lives.quote_exact_out_deadline_ms or None,
            quote_dry=terms.quote_dry,
            base_elsewhere=base.elsewhere(balance),
            quote_elsewhere=quote.elsewhere(balance),
            base_elsewhere_reserved=base.elsewhere_reserved(reservations),
            quote_elsewhere_reserved=quote.elsewhere_reserved(reservations),
            base_signed=base.signed(reservations),
            quote_signed=quote.signed(reservations),
            request_max_age_ms=terms.request_max_age_ms,
            request_waited_ms=waited_ms,
            sigma_bps=reference.volatility.sigma,
            option_value=self._options.value,
            add_on_bps=self._partners.add_on(partner),
        )

    def prices(self, view: DeskView) -> Prices | None:
        """Return bid and ask, computed anew only when the mid, σ, the balances, the limits or the parameters changed.

        They depend on sums by underlying, so they are those of every market.
        """
        key = (self._reference.version, self._ledger.version, view.limits, view.params)
        last = self._priced_for
        if last is None or last[:2] != key[:2] or last[2] is not key[2] or last[3] is not key[3]:
            self._prices = desk_prices(view)
            self._priced_for = key
        return self._prices

    def on_request(self, request: SwapDemand, received_ns: int) -> None:
        """Decide and answer a request for one of the markets, then record what was done."""
        quote_id = request.quote_id
        if not self._seen.add(quote_id):
            self.counters["malformed_duplicate"] += 1
            return
        if request.dry:
            self.counters["dry_requests"] += 1
        else:
            self.counters["requests"] += 1
            self.counters["router_legs"] += request.router_leg
            self._request_counter.note(request.asset_in, request.asset_out, received_ns)
        if request.asked_ns is not None:
            self.counters["dated_requests"] += 1
            self.latencies_us.append((request.at_ns - request.asked_ns) // 1_000)
        self.last_request_ns = request.at_ns
        try:
            self._handle(request, received_ns)
        except Exception as exc:
            # A path that can fail must not go on signing: disarm, report it, keep the desk up.
            self.counters["exceptions"] += 1
            reason = f"an error in the quote path: {type(exc).__name__}"
            self._arming.disarm("trade-executor", f"disarmed by {reason}")
            self._on_failure(reason)
            log.exception("the quote path failed; the executor is disarmed")
        if request.asked_ns is not None:
            self.transit.note(request.at_ns - request.asked_ns)

    def _handle(self, request: SwapDemand, received_ns: int) -> None:
        market = self._tokens.market(request.asset_in, request.asset_out)
        if market is None:
            self.counters["no_market"] += 1
            return
        started_ns = self._monotonic_ns()
        view = self.view(market, received_ns, (started_ns - received_ns) // NS_PER_MS, request.partner)
        decision = decide(request, view, self.prices(view))
        decided_ns = self._monotonic_ns()
        self._last_id += 1
        decision_id = f"{self._run_id}-{self._last_id}"
        command = None
        failure = ""
        broken: BaseException | None = None
        try:
            if decision.execute and decision.amounts is not None:
                command = self._executor.execute(
                    request, decision, decision.amounts, decision_id, received_ns, decided_ns=decided_ns
                )
                failure = "" if command is not None else self._executor.last_error
        except SendUncertainError as exc:
            # It is on record like any other, so that a later run knows of it too.
            command, broken = exc.command, exc.__cause__
        finally:
            self._record(request)
        self._note_rules(view, request.at_ns)
        if command is not None:
            self._signed.note(received_ns)
            if decision.amounts is not None:
                self._sizes.note(received_ns, decision.amounts.notional)
            self._options.wrote(decision.written)
            self._option_day.signed(request.at_ns, decision.side, decision.written)
            self._record(command)
        # Its texts are made by whoever reads them: until then the next request is answered.
        event = late_decision(decision_id, request, decision, view, failure, self._rules_id)
        self._recorder.record_late(event)
        self.kept.note(request, market, partial(record_view, view))
        times = self._executor.times
        times.read.note(started_ns - received_ns)
        times.decide.note(decided_ns - started_ns)
        self.counters["decisions"] += 1
        self.counters["actionable"] += decision.actionable
        reason = recorded_reason(decision, failure)
        self.reasons[reason] += 1
        self.recent.append((event, market))
        self._note_committed(request, decision)
        if broken is not None:
            raise broken
        if self._declines is not None and command is None:
            self._declines.consider(request, decision, view, reason)

    def largest_quote(self, now_ns: int) -> int:
        """Return the notional of the largest quote signed in the last hour, base units of the quote underlying."""
        return self._sizes.largest(now_ns)

    def _note_committed(self, request: SwapDemand, decision: Decision) -> None:
        if decision.amounts is None or not (decision.execute or fits_by_itself(decision.checks)):
            return
        refused = decision.reason == COMMITTED
        self._committed_flow.note(
            request.at_ns,
            decision.amounts.notional,
            (decision.deadline_ns - request.at_ns) // NS_PER_MS,
            tried=refused or decision.actionable,
            refused=refused,
        )

    def _note_rules(self, view: DeskView, at_ns: int) -> None:
        ruled_by = self._ruled_by
        if ruled_by is not None and ruled_by[0] is view.limits and ruled_by[1] is view.params:
            return
        self._ruled_by = view.limits, view.params
        self._rules += 1
        self._rules_id = f"{self._run_id}-rules-{self._rules}"
        limits, params = (msgspec.json.encode(part).decode() for part in self._ruled_by)
        self._record(DecisionRules(at_ns=at_ns, rules_id=self._rules_id, limits=limits, params=params))

    def note_flow(self, now_ns: int, *, last: bool = False) -> None:
        """Record how many settlements of other makers were reported, once in five seconds; ``last``: at once."""
        since_ns = self._flow_since_ns
        if since_ns is None:
            self._flow_since_ns = now_ns
            return
        if now_ns - since_ns < FLOW_EVERY_NS and not last:
            return
        others = self.counters["others_settled"] - self._others_recorded
        if others and now_ns > since_ns:
            self._record(MarketSettlements(at_ns=now_ns, since_ns=since_ns, others=others))
            self._others_recorded += others
        self._flow_since_ns = now_ns

    def on_status(self, status: QuoteStatus) -> None:
        """Take a status: of our quote it requests the balances; another maker's settlement is the market's flow."""
        if self._book.on_status(status):
            self._request_sync()
        elif status.event == "settled":
            self.counters["others_settled"] += 1

    def on_answer(self, request_id: int, error: str | None, code: int | None = None) -> None:
        """Take the relay's answer to a quote; an invalid salt is read again at once.

        Quotes in flight when a salt turned out to be invalid are refused too: that is the same fault, not another.
        """
        echo = False
        if error == INVALID_SALT:
            self.counters["invalid_salt"] += 1
            echo = self._executor.salt is None
            self._executor.salt = None
            self._invalid_salt()
        if not self._book.on_answer(request_id, error, code):
            self.counters["unknown_answers"] += 1
        elif error is not None and not echo and is_fault(error, code):
            self.counters["faults"] += 1
            self._refusals.note(error)

    def on_lost(self, reason: str) -> None:
        """The relay connection was lost: what it did not answer is unknown."""
        self._book.on_lost(reason)
