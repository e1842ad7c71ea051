"""What goes wrong closes the open rung: by which interlock, with which message, and after how long."""

from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from email.utils import formatdate
from typing import cast

import httpx
import pytest

from cockpit.config.settings import load
from cockpit.desk.api.command_handler import CommandHandler
from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.composition.trading_parts import build_trading
from cockpit.desk.interlocks.alarms import AlarmWatch
from cockpit.desk.interlocks.measures import MIN_FREE_BYTES
from cockpit.desk.interlocks.monitor import InterlockMonitor
from cockpit.desk.interlocks.venue_clock import VenueClock
from cockpit.desk.quote_book.refusals import GONE
from cockpit.model.commands import ARMABLE, CommandRequest
from cockpit.model.environment import Environment
from storage.sqlite.history import SqliteHistory
from tests.support.amounts import btc_eure
from tests.support.desk.builders import NOW, SALT, Clock, commitment
from tests.support.desk.open_venue import answer_open
from tests.support.recorder import MemoryRecorder
from tests.support.settings import loopback
from venue.alarms.scopes import OurScope
from venue.bridges.poa.client import DepositAddress
from venue.protocol.units import NS_PER_S
from venue.reference.tick import Tick

TICK_MS = 250


class Desk:
    """A desk that is LIVE on virtual clocks, its feeds working until a test breaks one."""

    def __init__(self, client: httpx.AsyncClient, *, shadow: int = 0) -> None:
        self.wall, self.monotonic = Clock(NOW), Clock(5 * NS_PER_S)
        self.settings = load(None, loopback(LIVE_AFTER_SHADOW_DECISIONS=str(shadow)))
        env = Environment(wall_ns=self.wall, monotonic_ns=self.monotonic)
        self.recorder = MemoryRecorder()
        self.free = 2 * MIN_FREE_BYTES
        self.exchanges = {"kraken": Decimal(50_000), "coinbase": Decimal(50_000), "bitstamp": Decimal(50_000)}
        self.venue_silent = False
        self.frozen = self.nodes_down = self.nodes_stand = self.credentials_down = False
        self.clock = VenueClock(self.settings, env)
        self.trading = build_trading(
            self.settings,
            client,
            env,
            self.recorder,
            SqliteHistory(self.settings.state_dir / "history.sqlite"),
            run_id="run-1",
            on_failure=lambda reason: None,
        )
        self.interlocks = InterlockMonitor(
            self.settings,
            self.trading,
            self.clock,
            env,
            self.recorder,
            alarms=AlarmWatch((), lambda: OurScope.of(()), env, CommandJournal(env, MemoryRecorder()), poll_s=60),
            free_bytes=lambda path: self.free,
        )
        self.journal = CommandJournal(env, MemoryRecorder())
        self.control = CommandHandler(
            self.journal,
            self.trading.arming,
            self.trading.limits,
            self.trading.trading_state,
            blocked=self.interlocks.blocked,
            refreshers={},
            start_hard_stop=lambda: 0,
            shutdown=lambda: None,
        )

    async def climb(self) -> None:
        """Everything is read once and both parts are armed."""
        await self.read()
        for part in ARMABLE:
            assert self.control.arm(part, CommandRequest(actor="ops")).accepted, self.interlocks.blocked(part)

    async def read(self) -> None:
        """Everything is read once."""
        trading = self.trading
        ledger = trading.inventory.ledger
        ledger.balance = ledger.opening = btc_eure(50_000_000, 25_000 * 10**18)
        trading.deposits.deposits = ()
        for symbol in ("BTC", "EURe"):
            trading.deposits.addresses[symbol] = cast(DepositAddress, object())
        trading.relay.state = "ok"
        await self.turn(0)

    async def turn(self, ms: int = TICK_MS) -> None:
        """One tick of the desk, and all that its workers read meanwhile."""
        self.wall.pass_ms(ms)
        self.monotonic.pass_ms(ms)
        trading, now = self.trading, self.wall.now_ns
        if not self.frozen:
            for source, mid in self.exchanges.items():
                trading.reference.on_tick(Tick(source, mid - 1, mid + 1, now))
        trading.reference.recompute()
        if self.nodes_down:
            trading.inventory.last_error = "no NEAR RPC endpoint answered: 127.0.0.2 answered HTTP 429"
        else:
            trading.inventory.ledger.at_ns = now
            trading.inventory.ledger.height += not self.nodes_stand
            await self._receive_dates()
        if not self.nodes_down and not self.credentials_down:
            key = trading.credentials.key
            trading.executor.salt, key.registered = SALT, key.registered is not False
            key.read_ns = self.monotonic.now_ns
        if not self.venue_silent:
            answer_open(trading.access, self.monotonic.now_ns)
        self.interlocks.tick(self.control)

    async def _receive_dates(self) -> None:
        if self.wall.now_ns - self.monotonic.now_ns != NOW - 5 * NS_PER_S:
            return
        for url in (self.settings.near_rpc_urls[0], self.settings.bridge_url):
            request = httpx.Request("POST", url)
            date = formatdate(self.wall.now_ns // NS_PER_S, usegmt=True)
            await self.clock.hooks["request"][0](request)  # type: ignore[misc]
            answer = httpx.Response(200, headers={"date": date}, request=request)
            await self.clock.hooks["response"][0](answer)  # type: ignore[misc]

    async def ms_until_closed(self, within_ms: int) -> int:
        """How long LIVE stayed open, ms."""
        for passed in range(0, within_ms + 1, TICK_MS):
            await self.turn(TICK_MS if passed else 0)
            if not self.trading.arming.executor:
                return passed
        raise AssertionError(f"LIVE is still open after {within_ms} ms")


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with httpx.AsyncClient(trust_env=False) as client:
        desk = Desk(client)
        await desk.climb()
        yield desk


def feeds_frozen(desk: Desk) -> None:
    desk.frozen = True


def one_wrong_exchange(desk: Desk) -> None:
    desk.exchanges["kraken"] *= Decimal("1.05")


def nodes_down(desk: Desk) -> None:
    desk.nodes_down = True


def nodes_stand(desk: Desk) -> None:
    desk.nodes_stand = True


def salt_refused(desk: Desk) -> None:
    """The relay refused the salt, and no node returns the new one."""
    desk.trading.engine.on_answer(1, "invalid salt")
    desk.credentials_down = True


def credentials_unread(desk: Desk) -> None:
    desk.credentials_down = True


def key_lost(desk: Desk) -> None:
    desk.trading.credentials.key.registered, desk.trading.credentials.key.problem = (
        False,
        "ed25519:x is not registered for maker.near",
    )


def relay_lost(desk: Desk) -> None:
    desk.trading.relay.state, desk.trading.relay.last_error = "down", "the connection was reset"


def history_full(desk: Desk) -> None:
    desk.recorder.writable = desk.recorder.complete = False


def disk_full(desk: Desk) -> None:
    desk.free = MIN_FREE_BYTES - 1


def refused(desk: Desk) -> None:
    """Five times for a fault of ours, and as often for losing the auction."""
    for number in range(5):
        for error in (GONE, "insufficient balance or overflow"):
            desk.trading.book.sent(commitment(f"{error}-{number}"), 10 + 2 * number)
            desk.trading.engine.on_answer(10 + 2 * number, error)


def lost_money(desk: Desk) -> None:
    """A fill paid six EURe more than a thousandth of a BTC is worth."""
    desk.trading.trading_state.filled(desk.wall(), btc_eure(100_000, -56 * 10**18), Decimal(50_000))


def unknown_loss(desk: Desk) -> None:
    desk.trading.inventory.ledger.unexplained = btc_eure(-1_000, 0)


def stepped_ahead(desk: Desk) -> None:
    desk.wall.pass_ms(60_000)


def stepped_back(desk: Desk) -> None:
    desk.wall.pass_ms(-60_000)


Break = Callable[[Desk], None]
CASES: list[tuple[Break, int, int, str]] = [
    (feeds_frozen, 15_000, 250, "reference fresh, sources agree: "),
    (one_wrong_exchange, 10_000, 0, "kraken"),
    (nodes_down, 30_000, 250, "HTTP 429"),
    (nodes_stand, 32_000, 250, "last read at block"),
    (salt_refused, 10_000, 0, "salt not known"),
    (credentials_unread, 100_000, 250, "Verifier salt known: read "),
    (key_lost, 0, 0, "not registered for maker.near"),
    (relay_lost, 30_000, 0, "the connection was reset"),
    (history_full, 0, 0, "the history cannot be written"),
    (disk_full, 0, 5_000, "255 MiB free"),
    (refused, 0, 0, "5 quotes refused recently for a fault of ours; last reason: insufficient balance"),
    (lost_money, 0, 0, "the day's fills lost 6.000000 EURe, at most 5"),
    (unknown_loss, 30_000, 0, "-1000 base units of BTC unexplained"),
    (stepped_ahead, 0, 0, "ahead of the venue's"),
    (stepped_back, 0, 0, "behind the venue's"),
]


@pytest.mark.parametrize(("broken", "after_ms", "late_ms", "text"), CASES, ids=[case[0].__name__ for case in CASES])
async def test_live_closes_within_its_grace_and_says_why(
    desk: Desk, broken: Break, after_ms: int, late_ms: int, text: str
) -> None:
    broken(desk)
    took_ms = await desk.ms_until_closed(after_ms + late_ms)
    assert took_ms >= after_ms
    why = desk.trading.arming.why("trade-executor")
    assert why.startswith("disarmed by desk: ")
    assert text in why
    (entry,) = [one for one in desk.journal.entries if one.command == "disarm trade-executor"]
    assert (entry.actor, entry.accepted) == ("desk", True)
    assert text in entry.reason
    # It stays closed until the interlock passes again, and the checklist says what to do.
    assert not desk.control.arm("trade-executor", CommandRequest(actor="ops")).accepted
    (row,) = [row for row in desk.interlocks.rows() if not row.passed and text in f"{row.name}: {row.measured}"]
    assert row.remedy


async def test_a_healthy_desk_stays_live(desk: Desk) -> None:
    for _ in range(600):
        await desk.turn()
    assert desk.trading.arming.rung == "LIVE"
    assert all(row.passed for row in desk.interlocks.rows())


@pytest.mark.parametrize(("broken", "recovered"), [(nodes_down, "nodes_down"), (nodes_stand, "nodes_stand")])
async def test_what_recovers_within_its_grace_closes_nothing(desk: Desk, broken: Break, recovered: str) -> None:
    broken(desk)
    for _ in range(25_000 // TICK_MS):
        await desk.turn()
    failing = [row.ident for row in desk.interlocks.rows() if not row.passed]
    assert failing == ["balances"]
    setattr(desk, recovered, False)
    for _ in range(60_000 // TICK_MS):
        await desk.turn()
    assert desk.trading.arming.rung == "LIVE"


async def test_a_handful_of_refusals_disarms_only_within_their_time(desk: Desk) -> None:
    for number in range(12):
        desk.trading.book.sent(commitment(f"{number}"), number)
        desk.trading.engine.on_answer(number, "invalid signature")
        for _ in range(15_000 // TICK_MS):
            await desk.turn()
    assert desk.trading.arming.rung == "LIVE"
    refused(desk)
    await desk.turn()
    assert not desk.trading.arming.executor
    assert desk.trading.arming.strategy
    await desk.turn(60_000)
    assert desk.control.arm("trade-executor", CommandRequest(actor="ops")).accepted, "the interlock clears by itself"


async def test_decisions_in_shadow_count_from_arming_or_the_last_venue_error() -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        desk = Desk(client, shadow=3)
        await desk.read()
        counters = desk.trading.engine.counters
        counters["actionable"] = 100
        assert desk.control.arm("strategy-engine", CommandRequest(actor="ops")).accepted

        def refusal() -> str:
            result = desk.control.arm("trade-executor", CommandRequest(actor="ops"))
            return "" if result.accepted else result.reason

        assert "0 of 3 actionable decisions" in refusal(), "what was decided before it was armed does not count"
        counters["actionable"] += 2
        await desk.turn()
        assert "2 of 3 actionable decisions" in refusal()
        desk.trading.relay.counters["disconnects"] += 1
        await desk.turn()
        assert "0 of 3 actionable decisions" in refusal(), "a venue error restarts the count"
        counters["actionable"] += 3
        await desk.turn()
        assert refusal() == ""
        desk.trading.relay.counters["disconnects"] += 1
        await desk.turn()
        assert desk.trading.arming.rung == "LIVE", "it never closes LIVE"


async def test_one_frozen_exchange_is_left_out(desk: Desk) -> None:
    del desk.exchanges["bitstamp"]
    for _ in range(120):
        await desk.turn()
    assert desk.trading.arming.rung == "LIVE"


@pytest.mark.parametrize("units", [1, 10**8])
async def test_what_a_stranger_sends_closes_nothing(desk: Desk, units: int) -> None:
    desk.trading.inventory.ledger.unexplained = btc_eure(units, 0)
    with pytest.raises(AssertionError, match="LIVE is still open"):
        await desk.ms_until_closed(60_000)
    [row] = [one for one in desk.interlocks.rows() if one.ident == "proof"]
    assert (row.passed, row.warning, row.measured) == (True, True, f"+{units} base units of BTC unexplained")
