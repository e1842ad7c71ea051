"""The whole quote path on a real websocket: relay client, quote engine, strategy, executor, signer and book."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import base58
import pytest

from cockpit.desk.market.partner_costs import PartnerCosts
from cockpit.desk.market.pricing_in_force import PricingInForce
from cockpit.desk.market.reference import Reference
from cockpit.desk.market.request_counter import RequestCounter
from cockpit.desk.quote_book.options.option_day import OptionDay
from cockpit.desk.quote_book.options.option_meter import OptionMeter
from cockpit.desk.quoting.declines import Declines
from cockpit.desk.quoting.executor import Executor
from cockpit.desk.quoting.quote_engine import QuoteEngine, QuoteTerms
from cockpit.desk.risk.arming import Arming
from cockpit.desk.risk.committed_flow import CommittedFlow
from cockpit.desk.risk.limits import LimitsInForce, base_ceiling, max_notional
from cockpit.desk.risk.rates import RejectionRate
from cockpit.desk.risk.trading_state import TradingState
from cockpit.model.commands import Limits, PriceParams
from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent
from cockpit.model.pricing.pricing_set import QuoteLives
from tests.support.amounts import btc_eure
from tests.support.desk.builders import AT_PAR, MID, NOW, SALT
from tests.support.desk.chain import InventoryHarness, State
from tests.support.recorder import MemoryRecorder
from tests.support.venue.relay_server import TOKEN, RelayServer, event, request_data, running
from tests.support.waiting import until
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_MS
from venue.reference.tick import Tick
from venue.relay.client import Relay
from venue.signing.signer import Signer

SECRET = "ed25519:" + base58.b58encode(bytes(range(32))).decode()


class Counted:
    """Random bytes that are a number, never the same twice."""

    def __init__(self) -> None:
        self.drawn = 0

    def __call__(self, size: int) -> bytes:
        self.drawn += 1
        return self.drawn.to_bytes(size, "big")


class Ticking:
    """A monotonic clock that moves by a microsecond a call."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        self.now_ns += 1_000
        return self.now_ns


class Quoting:
    """Everything between the relay's socket and the history's queue, on a clock that stands still."""

    def __init__(self, url: str, *, declines: bool = False, quote_dry: bool = False) -> None:
        self.watched = InventoryHarness()
        self.clock = self.watched.clock
        self.watched.chain.states = [State(1_000, NOW, btc_eure(10**8, 50_000 * 10**18), frozenset())]
        self.book = self.watched.book
        self.inventory = self.watched.inventory
        self.events: list[AnyEvent] = []
        self.recorder = MemoryRecorder(self.events)
        self.salts_asked: list[bool] = []
        self.failures: list[str] = []
        self.limits = LimitsInForce(Limits(max_asset_share=Decimal(1)))
        self.reference = Reference(
            (),
            min_sources=1,
            par=AT_PAR,
            limits=self.limits,
            env=Environment(wall_ns=self.clock),
            recorder=self.recorder,
        )
        self.arming = Arming()
        self.signer = Signer(
            SECRET,
            "maker.near",
            DEFAULT_TOKENS,
            ceiling=max_notional(self.limits.current, DEFAULT_TOKENS.quote),
            longest_ns=self.limits.current.max_deadline_ms * NS_PER_MS,
            now_ns=self.clock,
            random=Counted(),
        )
        self.reference.on_mid = self._bound_signer
        monotonic_ns = self.ticking = Ticking()
        env = Environment(wall_ns=self.clock, monotonic_ns=monotonic_ns, jitter=lambda: 0.5)
        standing = Environment(wall_ns=self.clock, monotonic_ns=self.clock)
        self.trading = TradingState(self.limits, DEFAULT_TOKENS, standing)
        self.refusals = RejectionRate(60_000, env)
        self.relay = Relay(url, lambda: TOKEN, DEFAULT_TOKENS, env)
        self.declines = Declines(self.relay)
        self.executor = Executor(self.signer, self.relay, self.book, expiry_margin_ms=5_000, env=env)
        self.executor.salt = SALT
        self.request_counter = RequestCounter(DEFAULT_TOKENS, 0)
        self.committed_flow = CommittedFlow(margin_ms=5_000)
        self.pricing = PricingInForce(
            PriceParams(), QuoteLives(quote_deadline_ms=60_000, quote_deadline_slack_ms=1_000)
        )
        self.option_meter = OptionMeter(DEFAULT_TOKENS, self.book.reservations, self.recorder)
        self.option_day = OptionDay(self.clock())
        self.partner_costs = PartnerCosts(self.pricing, quote_decimals=DEFAULT_TOKENS.quote.decimals)
        self.intake = QuoteEngine(
            run_id="run",
            env=env,
            tokens=DEFAULT_TOKENS,
            pricing=self.pricing,
            request_counter=self.request_counter,
            committed_flow=self.committed_flow,
            terms=QuoteTerms(quote_dry=quote_dry),
            limits=self.limits,
            reference=self.reference,
            inventory=self.inventory,
            arming=self.arming,
            trading=self.trading,
            refusals=self.refusals,
            executor=self.executor,
            book=self.book,
            option_meter=self.option_meter,
            option_day=self.option_day,
            partner_costs=self.partner_costs,
            relay=self.relay,
            recorder=self.recorder,
            invalid_salt=lambda: self.salts_asked.append(True),
            on_failure=self.failures.append,
            declines=self.declines if declines else None,
        )
        self.on_request = self.intake.on_request
        self.on_status = self.intake.on_status
        self.on_answer = self.intake.on_answer
        self.on_lost = self.intake.on_lost

    def _bound_signer(self, mid: Decimal | None) -> None:
        self.signer.base_ceiling = base_ceiling(DEFAULT_TOKENS, self.limits.current, mid)

    async def get_ready(self) -> None:
        """Read balances and a price, and arm both parts."""
        await self.inventory.sync("opening")
        self.reference.on_tick(Tick("kraken", MID - 1, MID + 1, self.clock()))
        for part in ("strategy-engine", "trade-executor"):
            assert self.arming.arm(part, "test", ()) is None
        await until(lambda: self.relay.state == "ok")


@asynccontextmanager
async def quoting(
    *, ready: bool = True, declines: bool = False, quote_dry: bool = False
) -> AsyncIterator[tuple[Quoting, RelayServer]]:
    """A desk's quote path connected to a relay that a test plays."""
    async with running() as server:
        desk = Quoting(server.url, declines=declines, quote_dry=quote_dry)
        task = asyncio.create_task(desk.relay.run(desk))
        try:
            await until(lambda: desk.relay.state == "ok")
            if ready:
                await desk.get_ready()
            yield desk, server
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task


async def ask(server: RelayServer, quote_id: str, **changes: object) -> None:
    """Send a request for 0.00008 BTC in, with changes; ``metadata`` stands beside it."""
    beside = {"metadata": changes.pop("metadata")} if "metadata" in changes else {}
    await server.send(event(request_data(quote_id=quote_id, **{"exact_amount_in": "8000", **changes}), **beside))
