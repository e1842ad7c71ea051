"""The parts of a desk that trade, built in the order in which they depend on each other."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import httpx
import msgspec

from cockpit.config.settings import Settings
from cockpit.desk.composition.credentials import Credentials
from cockpit.desk.earnings.chart_course import ChartCourse
from cockpit.desk.earnings.fill_counts import FillCounts
from cockpit.desk.earnings.meter import EarningsMeter
from cockpit.desk.earnings.recorder_tap import RecorderTap
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.withdrawal_book import WithdrawalBook
from cockpit.desk.inventory.balance_reader import BalanceReader
from cockpit.desk.inventory.reconciliation import movement
from cockpit.desk.inventory.startup_reconciliation import StartupReconciliation
from cockpit.desk.inventory.sync import Inventory
from cockpit.desk.market.par import Par
from cockpit.desk.market.partner_costs import PartnerCosts
from cockpit.desk.market.pricing_in_force import PricingInForce
from cockpit.desk.market.reference import Reference
from cockpit.desk.market.request_counter import RequestCounter
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.burning.hard_stop import HardStopRun
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.fill_costs import learn_from
from cockpit.desk.quote_book.live_markouts import LiveMarkouts
from cockpit.desk.quote_book.options.option_day import OptionDay, given_away
from cockpit.desk.quote_book.options.option_meter import OptionMeter
from cockpit.desk.quote_book.quote import Quote
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.desk.quoting.declines import Declines
from cockpit.desk.quoting.executor import Executor
from cockpit.desk.quoting.quote_engine import QuoteEngine, QuoteTerms
from cockpit.desk.risk.arming import Arming
from cockpit.desk.risk.committed_flow import CommittedFlow
from cockpit.desk.risk.heartbeat import Heartbeat
from cockpit.desk.risk.limits import LimitsInForce, base_ceiling, max_notional
from cockpit.desk.risk.rates import RejectionRate
from cockpit.desk.risk.trading_state import TradingState
from cockpit.desk.risk.venue_access import VenueAccess
from cockpit.model.commands import Limits, PriceParams
from cockpit.model.environment import Environment
from cockpit.model.recorder import Recorder
from storage.history import History
from venue.bridges.omni.client import OmniBridge
from venue.bridges.poa.client import Bridge
from venue.near.rpc import NearRpc
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_MS
from venue.reference.bitstamp import Bitstamp
from venue.reference.coinbase import Coinbase
from venue.reference.euro_rate import EuroRateFeed
from venue.reference.kraken import Kraken
from venue.relay.client import Relay
from venue.relay.rpc import RelayRpc
from venue.relay.streams import Streams
from venue.signing.signer import Signer
from venue.verifier import Verifier

DEPOSITS_EVERY_S = 5.0


class TradingParts(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Every part of the desk that trades, and the clients of the venue that the other parts share."""

    tokens: TokenTable
    pricing: PricingInForce
    request_counter: RequestCounter
    committed_flow: CommittedFlow
    limits: LimitsInForce
    arming: Arming
    trading_state: TradingState
    rpc: NearRpc
    verifier: Verifier
    bridge: Bridge
    omni: OmniBridge
    relay: Relay
    relay_rpc: RelayRpc
    heartbeat: Heartbeat
    signer: Signer
    reference: Reference
    euro_rate: EuroRateFeed | None
    book: QuoteBook
    markouts: LiveMarkouts
    option_meter: OptionMeter
    option_day: OptionDay
    earnings: EarningsMeter
    chart_course: ChartCourse
    fill_counts: FillCounts
    refusals: RejectionRate
    withdrawals: WithdrawalBook
    deposits: DepositTracker
    startup: StartupReconciliation
    inventory: Inventory
    executor: Executor
    credentials: Credentials
    access: VenueAccess
    engine: QuoteEngine
    hard_stop: HardStopRun


def build_trading(
    settings: Settings,
    client: httpx.AsyncClient,
    env: Environment,
    recorder: Recorder,
    history: History,
    *,
    run_id: str,
    on_failure: Callable[[str], None],
    instance_id: str = "",
    ahead_ns: Callable[[], int] = lambda: 0,
) -> TradingParts:
    """Build and wire the parts. ``on_failure`` disarms the executor; it gets the reason when the quote path failed.

    ``instance_id``: under which the relay keeps missed settlements; empty for none. ``ahead_ns`` returns by how much
    this machine's clock is certainly ahead.
    """
    tokens, account = settings.tokens, settings.account_id
    # Inventory and deposits ask each other for a reading; the quote engine asks for the salt.
    sync_requested, deposits_requested, credentials_requested = asyncio.Event(), asyncio.Event(), asyncio.Event()
    rule = settings.committed_rule if settings.max_promised_eure is None else None
    limits, contract = LimitsInForce(settings.limits(), rule=rule), settings.markets.stage.contract
    trading_state = TradingState(limits, tokens, env)
    arming = Arming()
    rpc = NearRpc(settings.near_rpc_urls, client, contract=contract, env=env)
    verifier = Verifier(rpc, contract)
    bridge = Bridge(settings.bridge_url, client)
    omni = OmniBridge(settings.omni_api_url, client, contract=contract)
    relay = Relay(
        settings.relay_ws_url,
        settings.api_key.reveal,
        tokens,
        env,
        Streams(tokens=tokens.traded_ids if settings.relay_filter else (), instance_id=instance_id, extended=True),
    )
    relay_rpc = RelayRpc(settings.relay_rpc_url, client, settings.api_key.reveal)
    heartbeat = Heartbeat(env)
    signer = Signer(
        settings.signer_private_key.reveal(),
        account,
        tokens,
        ceiling=max_notional(limits.current, tokens.quote),
        longest_ns=limits.current.max_deadline_ms * NS_PER_MS,
        now_ns=env.wall_ns,
        random=env.random_bytes,
        contract=contract,
        omni_bridge=settings.markets.stage.omni_bridge,
        blocked=heartbeat.problem,
    )
    rate_url = settings.eure_eur_url
    euro_rate = None if rate_url is None else EuroRateFeed(rate_url, client, env)
    earnings, chart_course = EarningsMeter(tokens, env), ChartCourse(tokens)
    # Off the path of a request: mids, balances and steps of money, as history gets them.
    tapped = RecorderTap(recorder, earnings.take)
    reference = _reference(settings, env, tapped, limits, ahead_ns, euro_rate)
    _bound_signer(signer, tokens, limits, reference)

    option_day, fill_counts = OptionDay(env.wall_ns()), FillCounts(tokens)

    def on_fill(commitment: Commitment) -> None:
        now_ns, mid = env.wall_ns(), reference.trusted_mid
        trading_state.filled(now_ns, movement(commitment).amounts, mid)
        earnings.filled(commitment)
        option_day.filled(now_ns, commitment.side, given_away(tokens, commitment, mid))
        chart_course.filled(now_ns, commitment)
        fill_counts.filled(commitment)

    book = QuoteBook(Reservations(tokens), env=env, recorder=recorder, on_fill=on_fill)
    withdrawals = WithdrawalBook(env, tapped, tokens, reserve=book.reservations.set_leaving)
    deposits = DepositTracker(
        env,
        recorder,
        account,
        tokens,
        bridge,
        poll_s=DEPOSITS_EVERY_S,
        requested=deposits_requested,
        on_credited=sync_requested.set,
    )
    reader = BalanceReader(account, tokens, verifier, env)
    startup = StartupReconciliation(
        settings,
        tokens,
        book,
        reader,
        history,
        withdrawals=withdrawals,
        relay=relay_rpc,
        env=env,
        recorder=recorder,
        is_plausible=rpc.survey.is_plausible,
        run_id=run_id,
    )
    inventory = Inventory(
        tokens,
        reader,
        rpc,
        book,
        poll_s=settings.inventory_poll_ms / 1000,
        deposits=deposits,
        withdrawals=withdrawals,
        previous_run=startup,
        on_unexplained=deposits_requested.set,
        is_plausible=rpc.survey.is_plausible,
        env=env,
        recorder=tapped,
        requested=sync_requested,
    )
    params = PriceParams(
        half_spread_bps=settings.half_spread_bps,
        max_skew_bps=settings.max_skew_bps,
        target_btc_share=settings.target_btc_share,
        vol_factor=settings.vol_factor,
        skew_sigmas=settings.skew_sigmas,
        max_premium_bps=settings.max_premium_bps,
        unknown_sigma_bps=settings.unknown_sigma_bps,
        partner_weight=settings.partner_weight,
        partner_shrink=settings.partner_shrink,
        partner_max_bps=settings.partner_max_bps,
    )
    pricing = PricingInForce(params, settings.lives)
    access = VenueAccess(
        env,
        account,
        settings.api_key.reveal(),
        tuple(token for token in tokens.tokens if tokens.traded(token)),
        verifier=verifier,
        relay=relay_rpc,
        bridge=bridge,
        every_ms=settings.venue_check_ms,
    )
    refusals = RejectionRate(settings.refusals_within_ms, env, on_fault=access.note_quote_refusal)
    request_counter = RequestCounter(settings.tokens, env.monotonic_ns())
    committed_flow = CommittedFlow(margin_ms=settings.quote_death_margin_ms)
    executor = Executor(signer, relay, book, expiry_margin_ms=settings.quote_death_margin_ms, env=env)
    partner_costs = PartnerCosts(pricing, quote_decimals=tokens.quote.decimals)
    option_meter = OptionMeter(tokens, book.reservations, recorder)

    def on_marked(quote: Quote, horizon_s: int, bps: Decimal) -> None:
        learn_from(partner_costs, tokens, quote, horizon_s, bps)
        earnings.marked(quote, horizon_s, bps)

    engine = QuoteEngine(
        run_id=run_id,
        env=env,
        tokens=tokens,
        pricing=pricing,
        request_counter=request_counter,
        committed_flow=committed_flow,
        terms=QuoteTerms(
            quote_dry=settings.quote_dry_requests,
            request_max_age_ms=settings.quote_request_max_age_ms,
        ),
        limits=limits,
        reference=reference,
        inventory=inventory,
        arming=arming,
        trading=trading_state,
        refusals=refusals,
        executor=executor,
        book=book,
        option_meter=option_meter,
        option_day=option_day,
        partner_costs=partner_costs,
        relay=relay,
        recorder=recorder,
        invalid_salt=credentials_requested.set,
        on_failure=on_failure,
        declines=Declines(relay) if settings.relay_declines else None,
    )
    return TradingParts(
        tokens=tokens,
        pricing=pricing,
        request_counter=request_counter,
        committed_flow=committed_flow,
        limits=limits,
        arming=arming,
        trading_state=trading_state,
        rpc=rpc,
        verifier=verifier,
        bridge=bridge,
        omni=omni,
        relay=relay,
        relay_rpc=relay_rpc,
        heartbeat=heartbeat,
        signer=signer,
        reference=reference,
        euro_rate=euro_rate,
        book=book,
        markouts=LiveMarkouts(tokens, on_marked=on_marked),
        option_meter=option_meter,
        option_day=option_day,
        earnings=earnings,
        chart_course=chart_course,
        fill_counts=fill_counts,
        refusals=refusals,
        withdrawals=withdrawals,
        deposits=deposits,
        startup=startup,
        inventory=inventory,
        executor=executor,
        credentials=Credentials(
            env, account, signer.public_key, verifier, rpc, executor, requested=credentials_requested
        ),
        access=access,
        engine=engine,
        hard_stop=HardStopRun(
            account,
            book,
            signer,
            relay_rpc,
            verifier,
            env=env,
            recorder=recorder,
            request_sync=sync_requested.set,
        ),
    )


def _reference(
    settings: Settings,
    env: Environment,
    recorder: Recorder,
    limits: LimitsInForce,
    ahead_ns: Callable[[], int],
    euro_rate: EuroRateFeed | None,
) -> Reference:
    return Reference(
        (
            Kraken(settings.kraken_ws_url, env=env, ahead_ns=ahead_ns),
            Coinbase(settings.coinbase_ws_url, env=env, ahead_ns=ahead_ns),
            Bitstamp(settings.bitstamp_ws_url, env=env, ahead_ns=ahead_ns),
        ),
        min_sources=settings.reference_min_sources,
        par=Par(
            assumed_bps=settings.eure_eur_basis_bps,
            max_off_bps=settings.eure_eur_max_off_bps,
            source=euro_rate,
        ),
        limits=limits,
        env=env,
        recorder=recorder,
        every_ms=settings.price_every_ms,
        move_bps=settings.price_move_bps,
    )


def _bound_signer(signer: Signer, tokens: TokenTable, limits: LimitsInForce, reference: Reference) -> None:
    """Keep the signer's bounds at the limits: in BTC at the trusted mid, none while the sources do not agree on it."""

    def on_limits(current: Limits) -> None:
        signer.ceiling = max_notional(current, tokens.quote)
        signer.longest_ns = current.max_deadline_ms * NS_PER_MS
        reference.recompute()

    def on_mid(mid: Decimal | None) -> None:
        signer.base_ceiling = base_ceiling(tokens, limits.current, mid)

    limits.on_change = on_limits
    reference.on_mid = on_mid
