"""The desk's parts put together: who is built from what, and nothing else."""

import asyncio
from collections.abc import Callable
from decimal import Decimal

import httpx

from cockpit.config.settings import Settings
from cockpit.desk.funding.cooling_off import CoolingOff
from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.freeze import Freeze
from cockpit.desk.funding.withdrawals import Withdrawals
from cockpit.desk.inventory.balance_reader import BalanceReader
from cockpit.desk.inventory.reconciliation import movement
from cockpit.desk.inventory.startup_reconciliation import StartupReconciliation
from cockpit.desk.inventory.sync import Inventory
from cockpit.desk.market.pricing import PriceParams
from cockpit.desk.market.reference import Reference
from cockpit.desk.quote_book.book import QuoteBook
from cockpit.desk.quote_book.live_markouts import LiveMarkouts
from cockpit.desk.quote_book.reservations import Commitment, Reservations
from cockpit.desk.quoting.executor import Executor
from cockpit.desk.quoting.quote_engine import QuoteEngine
from cockpit.desk.risk.arming import Arming
from cockpit.desk.risk.limits import LimitsInForce, base_ceiling, max_notional
from cockpit.desk.risk.rates import RejectionRate
from cockpit.desk.risk.trading_state import TradingState
from cockpit.model.commands import Limits
from cockpit.model.environment import Environment
from cockpit.model.recorder import Recorder
from storage.history import History
from venue.bridges.poa.client import Bridge
from venue.near.rpc import NearRpc
from venue.protocol.assets import BTC_EURE
from venue.reference.bitstamp import Bitstamp
from venue.reference.coinbase import Coinbase
from venue.reference.kraken import Kraken
from venue.relay.client import Relay
from venue.relay.rpc import RelayRpc
from venue.signing.signer import Signer
from venue.verifier import Verifier

DEPOSITS_EVERY_S = 5.0


class TradingParts:
    """Every part of the desk that trades, wired.

    ``key_registered`` is None until the Verifier has told; ``key_access`` is full, function call, none or unknown.
    ``credentials_ns``: when salt and registration were last asked for with success, monotonic.
    """

    def __init__(
        self,
        settings: Settings,
        client: httpx.AsyncClient,
        sources: Environment,
        *,
        run_id: str,
        recorder: Recorder,
        history: History,
        on_failure: Callable[[str], None] = lambda reason: None,
    ) -> None:
        self.limits = LimitsInForce(settings.limits())
        pair = BTC_EURE
        account = settings.account_id
        wall_ns, monotonic_ns = sources.wall_ns, sources.monotonic_ns
        sync_requested = asyncio.Event()
        self.pair = pair
        self._wall_ns = wall_ns
        self.params = PriceParams(
            half_spread_bps=settings.half_spread_bps,
            max_skew_bps=settings.max_skew_bps,
            target_btc_share=settings.target_btc_share,
        )
        self.credentials_ns: int | None = None
        self.key_registered: bool | None = None
        self.key_access = "unknown"
        self.key_problem = ""
        self.credentials_wanted = asyncio.Event()
        self.arming = Arming()
        self.rpc = NearRpc(settings.near_rpc_urls, client)
        self.verifier = Verifier(self.rpc)
        self.markouts = LiveMarkouts()
        self.reference = Reference(
            (
                Kraken(settings.kraken_ws_url, env=sources),
                Coinbase(settings.coinbase_ws_url, env=sources),
                Bitstamp(settings.bitstamp_ws_url, env=sources),
            ),
            min_sources=settings.reference_min_sources,
            basis_bps=settings.eure_eur_basis_bps,
            limits=self.limits,
            env=sources,
            recorder=recorder,
            every_ms=settings.price_every_ms,
            move_bps=settings.price_move_bps,
        )
        self.trading = TradingState(self.limits, pair, sources)
        self.book = QuoteBook(Reservations(), env=sources, recorder=recorder, on_fill=self._filled)
        self.liquidity = DepositTracker(
            account,
            pair,
            Bridge(settings.bridge_url, client),
            poll_s=DEPOSITS_EVERY_S,
            credited=sync_requested.set,
            record=recorder.record,
            wall_ns=wall_ns,
        )
        self.signer = Signer(
            settings.signer_private_key.reveal(),
            account,
            pair,
            ceiling=max_notional(self.limits.current, pair.quote),
            random=sources.random_bytes,
        )
        self.limits.on_change = self._limits_changed
        self.reference.on_mid = self._bound_signer
        self.refusals = RejectionRate(settings.refusals_within_ms, sources)
        self.relay = Relay(settings.relay_ws_url, settings.api_key.reveal, pair, sources)
        self.executor = Executor(
            self.signer,
            self.relay,
            self.book,
            death_margin_ms=settings.quote_death_margin_ms,
            env=sources,
        )
        self.freeze = Freeze(
            stay_open=settings.withdrawals_stay_open,
            record=recorder.record,
            wall_ns=wall_ns,
            monotonic_ns=monotonic_ns,
            new_id=sources.new_id,
        )
        self.cooling = CoolingOff(
            settings.withdrawal_cooling_ms, record=recorder.record, wall_ns=wall_ns, monotonic_ns=monotonic_ns
        )
        self.withdrawals = Withdrawals(
            pair,
            account,
            self.signer,
            self.rpc,
            self.freeze,
            self.cooling,
            salt=lambda: self.executor.salt,
            record=recorder.record,
            durable=recorder.flush,
            history=history,
            held=self.book.reservations.set_leaving,
            burned=sync_requested.set,
            wall_ns=wall_ns,
            new_id=sources.new_id,
        )
        self.relay_rpc = RelayRpc(settings.relay_rpc_url, client, settings.api_key.reveal)
        reader = BalanceReader(account, pair, self.verifier, sources)
        self.startup = StartupReconciliation(
            settings,
            pair,
            self.book,
            reader,
            history,
            withdrawals=self.withdrawals,
            relay=self.relay_rpc,
            env=sources,
            recorder=recorder,
            run_id=run_id,
        )
        self.inventory = Inventory(
            pair,
            reader,
            self.rpc,
            self.book,
            poll_s=settings.inventory_poll_ms / 1000,
            deposits=self.liquidity.movements,
            withdrawals=self.withdrawals,
            previous_run=self.startup,
            on_unexplained=self.liquidity.wanted,
            env=sources,
            recorder=recorder,
            requested=sync_requested,
        )
        self.intake = QuoteEngine(
            run_id=run_id,
            pair=pair,
            params=self.params,
            default_deadline_ms=settings.quote_deadline_ms,
            limits=self.limits,
            reference=self.reference,
            inventory=self.inventory,
            arming=self.arming,
            trading=self.trading,
            refusals=self.refusals,
            executor=self.executor,
            book=self.book,
            relay_writable=lambda: self.relay.writable,
            recorder=recorder,
            invalid_salt=self.credentials_wanted.set,
            on_failure=on_failure,
        )

    def _limits_changed(self, limits: Limits) -> None:
        self.signer.ceiling = max_notional(limits, self.pair.quote)
        self.reference.recompute()

    def _bound_signer(self, mid: Decimal | None) -> None:
        """Let the signer promise no more BTC than the largest notional is worth; none while the mid is unknown."""
        self.signer.base_ceiling = base_ceiling(self.pair, self.limits.current, mid)

    def _filled(self, promise: Commitment) -> None:
        self.trading.filled(self._wall_ns(), movement(self.pair, promise).amounts, self.reference.trusted_mid)
