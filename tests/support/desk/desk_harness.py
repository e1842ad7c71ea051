"""A whole desk without its sockets: every part of it wired as it is, on virtual clocks, one history and the sandbox's
ledger, and ended at any moment."""

import asyncio
import json
import tempfile
from collections.abc import Sequence
from decimal import Decimal
from email.utils import formatdate
from pathlib import Path
from typing import Any, cast

import base58
import httpx

from cockpit.config.markets import Markets
from cockpit.config.settings import load
from cockpit.desk.api.command_handler import CommandHandler
from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.snapshot_stream import SnapshotStream
from cockpit.desk.composition.funding_parts import build_funding
from cockpit.desk.composition.trading_parts import build_trading
from cockpit.desk.interlocks.absence import Absence
from cockpit.desk.interlocks.alarms import AlarmWatch
from cockpit.desk.interlocks.measures import MIN_FREE_BYTES
from cockpit.desk.interlocks.monitor import InterlockMonitor
from cockpit.desk.interlocks.venue_clock import VenueClock
from cockpit.desk.risk.dead_man_switch import DeadManSwitch
from cockpit.desk.risk.operators import Operators
from cockpit.desk.risk.trading_state import remember
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.desk.snapshots.builder import SnapshotBuilder
from cockpit.model.alerts.state import AlertsState
from cockpit.model.commands import CommandRequest
from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent, ExecuteTrade
from cockpit.model.recorder import LateEvent
from cockpit.model.snapshot import Snapshot
from storage.errors import HistoryError
from storage.history import Run
from storage.sqlite.history import SqliteHistory
from storage.writer import HistoryWriter
from tests.support.desk.builders import NOW, Clock
from tests.support.desk.open_venue import answer_open
from tests.support.desk.quoting_harness import SECRET, Counted
from tests.support.sandbox.signing import Signer as Taker
from tests.support.settings import loopback
from tests.support.venue.relay_server import event, request_data
from venue.alarms.scopes import OurScope
from venue.bridges.poa.client import Deposit, DepositAddress
from venue.protocol.tokens import BTC, EURE
from venue.protocol.units import NS_PER_S
from venue.reference.tick import Tick
from venue.relay.messages import QuoteStatus
from venue.sandbox.near.rpc import NearRpc
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.wire.errors import ContractPanicError
from venue.signing.signer import read_secret_key
from venue.transport.websocket import WsConnection

ACCOUNT = "maker.near"
SALT = bytes.fromhex("252812b3")
EXCHANGES = ("kraken", "coinbase", "bitstamp")
POLL_NS = 5 * NS_PER_S
HELD = {BTC.token_id: 100_000, EURE.token_id: 50 * 10**18}


class Signed:
    """A quote frame that left the desk, as the relay has it."""

    def __init__(self, frame: dict[str, Any], asset_in: str, asset_out: str) -> None:
        (answer,) = frame["params"]
        self.request_id = int(frame["id"])
        self.data = cast(dict[str, object], answer["signed_data"])
        message = json.loads(answer["signed_data"]["payload"]["message"])
        diff = message["intents"][0]["diff"]
        self.asset_in, self.asset_out = asset_in, asset_out
        self.amount_in, self.amount_out = int(diff[asset_in]), -int(diff[asset_out])
        self.deadline_ns = 0
        self.quote_hash = ""
        self.answered = self.refused = self.settled = False


PENDING = Deposit(
    tx_hash="a",
    mint_tx_hash=None,
    chain=BTC.chain,
    defuse_asset_identifier=BTC.chain,
    near_token_id=BTC.near_token,
    decimals=BTC.decimals,
    amount=1_000,
    account_id="maker.near",
    address="an address",
    status="PENDING",
    created_ns=1,
    sender=None,
)


class Line:
    """The relay's socket, as the desk's end of it."""

    def __init__(self, clock: Clock) -> None:
        self.frames: list[bytes] = []
        self.writable = True
        self.probes: list[asyncio.Future[None]] = []
        self.backlog = False
        """Whether what the relay had sent waits, so that no pong comes before ``answer_probes``."""
        self._clock = clock

    @property
    def received_ns(self) -> int:
        """When the current frame arrived, monotonic."""
        return self._clock()

    def send(self, frame: bytes) -> None:
        self.frames.append(frame)

    def probe(self) -> asyncio.Future[None]:
        self.probes.append(asyncio.get_running_loop().create_future())
        if not self.backlog:
            self.answer_probes()
        return self.probes[-1]

    def answer_probes(self) -> None:
        """Have all that waited been read."""
        for probe in self.probes:
            if not probe.done():
                probe.set_result(None)


class BreakableHistory(SqliteHistory):
    """A real history on a disk that can be full."""

    full = False

    async def write(self, batch: Sequence[AnyEvent]) -> None:
        self._look()
        await super().write(batch)

    async def heartbeat(self, at_ns: int) -> None:
        self._look()
        await super().heartbeat(at_ns)

    def _look(self) -> None:
        if self.full:
            raise HistoryError("the disk is full")


class World:
    """What surrounds a desk over all of its runs: clocks, exchanges, the ledger and the file of the history."""

    def __init__(self) -> None:
        self.wall, self.monotonic = Clock(NOW), Clock(5 * NS_PER_S)
        self.directory = tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
        self.ledger = Ledger(clock=self.wall, salt=SALT, fee_pips=0)
        self.rpc = NearRpc(self.ledger)
        self.taker = Taker("taker.near", 2)
        public = read_secret_key(SECRET)[32:]
        self.key = "ed25519:" + base58.b58encode(public).decode()
        self.ledger.register_key(ACCOUNT, self.key)
        self.ledger.add_access_key(ACCOUNT, self.key)
        self.ledger.register_key(self.taker.account, self.taker.public_key)
        for asset, amount in HELD.items():
            self.ledger.mint(ACCOUNT, asset, amount)
            self.ledger.mint(self.taker.account, asset, 10**6 * amount)
        self.mid = Decimal(50_000)
        self.lie = Decimal(1)
        self.frozen = self.nodes_down = False
        self.random = Counted()
        self.runs = 0
        self.signed: list[Signed] = []
        self.settings: dict[str, str] = {}
        """Settings of every desk that differ from the harness's own."""

    def settle(self, quote: Signed) -> str | None:
        """Have the taker execute the quote; the transaction, None when the contract refuses."""
        diff = {quote.asset_in: str(-quote.amount_in), quote.asset_out: str(quote.amount_out)}
        deadline_ns = self.wall() + 60 * NS_PER_S
        nonce = self.taker.nonce(deadline_ns, self.ledger.current_salt())
        theirs = self.taker.sign({"intent": "token_diff", "diff": diff}, deadline_ns=deadline_ns, nonce=nonce)
        try:
            done = self.ledger.execute_intents([quote.data, theirs])
        except ContractPanicError:
            return None
        quote.settled = True
        return done.tx_hash

    def could_settle(self) -> list[Signed]:
        """Return the quotes that a taker could settle, whatever the relay said of them."""
        now = self.wall()
        return [one for one in self.signed if not one.settled and one.deadline_ns >= now]

    def open_quotes(self) -> list[Signed]:
        """Return those of them that the relay did not refuse."""
        return [one for one in self.could_settle() if not one.refused]

    async def answer(self, request: httpx.Request) -> httpx.Response:
        if self.nodes_down:
            return httpx.Response(500, text="Internal Server Error")
        return httpx.Response(200, json=await self.rpc.handle(json.loads(request.content)))


class DeskHarness:
    """One run of the desk."""

    step_ms = 1_000
    """Between two ticks; after more than a second a desk counts itself as away."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.runs += 1
        directory = Path(world.directory.name)
        self.settings = load(
            None,
            {
                **loopback(NEAR_INTENTS_SIGNER_PRIVATE_KEY=SECRET, NEAR_INTENTS_ACCOUNT_ID=ACCOUNT),
                "STRATEGY_PRICING": "fixed",
                "LIVE_AFTER_SHADOW_DECISIONS": "0",
                "QUOTE_DEADLINE_MS": "20000",
                "QUOTE_DEADLINE_SLACK_MS": "1000",
                "QUOTE_MAX_DEADLINE_MS": "20000",
                "QUOTE_DEATH_MARGIN_MS": "1000",
                "COCKPIT_STATE_DIR": str(directory),
                **world.settings,
            },
        )
        self.events: list[AnyEvent] = []
        self.read_ns: int | None = None
        """When a node last answered for the balances."""
        self._asked_ns = 0
        self.line = Line(world.monotonic)
        env = Environment(
            wall_ns=world.wall,
            monotonic_ns=world.monotonic,
            random_bytes=world.random,
            new_id=lambda: world.random(8).hex(),
        )
        self.clock = VenueClock(self.settings, env)
        self.history = BreakableHistory(directory / "history.sqlite")
        self.writer = HistoryWriter(self.history, env=env, on_failure=self._history_failed)
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(world.answer), trust_env=False)
        self.run = Run(run_id=f"run-{world.runs}", mode="SANDBOX", account=ACCOUNT, started_ns=world.wall())
        self.trading = trading = build_trading(
            self.settings,
            self.client,
            env,
            self,
            self.history,
            run_id=self.run.run_id,
            on_failure=lambda reason: None,
        )
        self.journal = CommandJournal(env, self)
        self.funding = funding = build_funding(
            self.settings,
            trading,
            env,
            self,
            self.history,
            record_result=self.journal.record_result,
            clock_right=lambda: self.clock.judge().passed,
        )
        self.startup = trading.startup
        alarms = AlarmWatch((), lambda: OurScope.of(()), env, self.journal, poll_s=60)
        self.interlocks = InterlockMonitor(
            self.settings,
            trading,
            self.clock,
            env,
            self.writer,
            alarms=alarms,
            free_bytes=lambda path: 2 * MIN_FREE_BYTES,
        )
        self.control = CommandHandler(
            self.journal,
            trading.arming,
            trading.limits,
            trading.trading_state,
            blocked=self.interlocks.blocked,
            refreshers={},
            start_hard_stop=trading.hard_stop.start,
            shutdown=lambda: None,
        )
        operators = Operators(env)
        self.absence = Absence(
            trading, env, self.journal, disarm_ms=self.settings.away_disarm_ms, disarm=self._disarm_by_desk
        )
        self.snapshots = SnapshotBuilder(
            self.run,
            "SANDBOX",
            Markets(),
            env,
            self.writer,
            Supervisor(),
            trading,
            funding,
            interlocks=self.interlocks.rows,
            alarms=alarms.state,
            alerts=AlertsState,
            journal=self.journal,
            stream=SnapshotStream(operators),
            dead_man=DeadManSwitch(
                "keep", operators, alone_ms=1_000, idle_ms=0, disarm=_nothing, stop=_nothing, env=env
            ),
        )

    def record(self, event: AnyEvent) -> None:
        """Put the event into the history's queue and where a test sees it."""
        self.events.append(event)
        self.writer.record(event)

    def record_late(self, event: LateEvent[AnyEvent]) -> None:
        """The same for one that is made later; a test sees it at once."""
        made = event.made()
        if made is not None:
            self.events.append(made)
        self.writer.record_late(event)

    async def flush(self) -> None:
        await self.write()
        if self.writer.depth:
            raise HistoryError("the disk is full")

    @property
    def writable(self) -> bool:
        return self.writer.writable

    @property
    def problem(self) -> str:
        return self.writer.problem

    @property
    def complete(self) -> bool:
        return self.writer.complete

    async def start(self) -> None:
        """Open the history and take over what earlier runs left, in the desk's own order."""
        previous = await self.history.open(self.run)
        await remember(self.trading.trading_state, self.history)
        await self.funding.load(self.history)
        await self.startup.load(previous)
        self.trading.deposits.deposits = ()
        for asset in (BTC, EURE):
            self.trading.deposits.addresses[asset.symbol] = DepositAddress("an address", asset.chain, None)
        self.connect()
        await self.write()
        await self.read()
        await self.pass_ms(0)

    async def end(self, *, clean: bool) -> None:
        """Stop in order, or crash and lose what was not written."""
        if clean:
            await self.write()
        await self.history.close(self.world.wall() if clean and not self.writer.depth else None)
        await self.client.aclose()

    def connect(self) -> None:
        """Connect the relay, with both streams acknowledged."""
        self.trading.relay._connection = cast(WsConnection, self.line)
        self.trading.relay.state = "ok"

    def disconnect(self) -> None:
        relay = self.trading.relay
        relay._connection, relay.state, relay.last_error = None, "down", "the connection was reset"
        relay.counters["disconnects"] += 1
        self.trading.engine.on_lost("the relay connection was lost before it answered")

    @property
    def connected(self) -> bool:
        return self.trading.relay.state == "ok"

    async def write(self) -> None:
        """Make everything that waits durable, unless the disk is full."""
        while await self.writer._step() and self.writer.depth:
            pass

    async def read(self) -> None:
        """Read balances, salt and key, as far as a node answers."""
        self._asked_ns = self.world.monotonic()
        if not self.world.nodes_down:
            self.read_ns = self.world.wall()
        await self.trading.inventory.sync("poll")
        await self.trading.credentials.read()

    async def pass_ms(self, ms: int) -> None:
        """Let time pass in steps of a second at most, each with a tick of the desk."""
        world, trading = self.world, self.trading
        while True:
            step = min(ms, self.step_ms)
            world.wall.pass_ms(step)
            world.monotonic.pass_ms(step)
            world.ledger.advance_block()
            now = world.wall()
            if not world.frozen:
                self.tick_exchanges()
            await self._answer_dates()
            trading.book.tick(now)
            self.startup.tick()
            trading.reference.recompute()
            trading.trading_state.mark(trading.reference.trusted_mid, trading.inventory.ledger.balance)
            self.control.note_trading()
            answer_open(trading.access, world.monotonic())
            self.interlocks.tick(self.control)
            self.absence.tick()
            self.snapshots.ticked_ns = now
            if world.monotonic() - self._asked_ns >= POLL_NS:
                await self.read()
            ms -= step
            if ms <= 0:
                return

    def tick_exchanges(self) -> None:
        """Let every exchange tick; the first one may report a wrong price."""
        for source in EXCHANGES:
            mid = self.world.mid * (self.world.lie if source == EXCHANGES[0] else 1)
            self.trading.reference.on_tick(Tick(source, mid - 1, mid + 1, self.world.wall()))

    async def _answer_dates(self) -> None:
        for url in (self.settings.near_rpc_urls[0], self.settings.bridge_url):
            request = httpx.Request("POST", url)
            date = formatdate(self.world.wall() // NS_PER_S, usegmt=True)
            await self.clock.hooks["request"][0](request)  # type: ignore[misc]
            answer = httpx.Response(200, headers={"date": date}, request=request)
            await self.clock.hooks["response"][0](answer)  # type: ignore[misc]

    async def ask(
        self, quote_id: str, side: str, *, amount_in: int | None = None, amount_out: int | None = None
    ) -> bool:
        """A request as the relay sends it; whether a signed quote left for it."""
        asset_in, asset_out = (BTC, EURE) if side == "buy" else (EURE, BTC)
        fields: dict[str, object] = {
            "quote_id": quote_id,
            "defuse_asset_identifier_in": asset_in.token_id,
            "defuse_asset_identifier_out": asset_out.token_id,
            "exact_amount_in": ... if amount_in is None else str(amount_in),
            "min_deadline_ms": 5_000,
        }
        if amount_out is not None:
            fields["exact_amount_out"] = str(amount_out)
        data = request_data(**fields)
        self.trading.relay._on_message(self.trading.engine, json.dumps(event(data)).encode())
        frames, self.line.frames = self.line.frames, []
        for frame in frames:
            made = Signed(json.loads(frame), asset_in.token_id, asset_out.token_id)
            sent = [one for one in self.events if isinstance(one, ExecuteTrade)][-1]
            made.quote_hash, made.deadline_ns = sent.quote_hash, sent.deadline_ns
            self.world.signed.append(made)
        assert len(frames) <= 1
        return bool(frames)

    def reply(self, quote: Signed, error: str | None) -> None:
        """Have the relay answer a quote of this run."""
        answer = {"result": "OK"} if error is None else {"error": {"code": -1, "message": error}}
        self.trading.relay._on_message(
            self.trading.engine, json.dumps({"jsonrpc": "2.0", "id": quote.request_id, **answer}).encode()
        )

    def claim(self, quote: Signed, tx_hash: str) -> None:
        self.trading.engine.on_status(QuoteStatus(quote.quote_hash, "intent", tx_hash))

    def shot(self) -> Snapshot:
        return self.snapshots.snapshot()

    def be_away(self, ms: int) -> None:
        """Let time pass without the desk: nothing of it runs, and nothing comes in."""
        self.world.wall.pass_ms(ms)
        self.world.monotonic.pass_ms(ms)
        self.world.ledger.advance_block()

    def _disarm_by_desk(self, reason: str) -> None:
        self.control.disarm("trade-executor", CommandRequest(actor="desk"), reason)

    def _history_failed(self, reason: str) -> None:
        self.trading.arming.disarm("trade-executor", f"disarmed: {reason}")


def _nothing(why: str) -> None:
    return
