"""What runs beside the quote path takes no more steps for 100,000 live quotes than for 1,000.

Counted are lines of Python and the most memory that is taken at once: a list of all live quotes made in one line would
show in no count of lines.
"""

import contextlib
import tracemalloc
from collections.abc import Coroutine, Generator, Iterator
from typing import Any, Generic, TypeVar

import msgspec
import pytest

from bench.bench_desk import UNBOUND
from cockpit.desk.alerts.facts import read_facts
from cockpit.desk.inventory.explainer import NONCES_A_READING
from cockpit.desk.metrics.exposition import negotiated
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.model.commands import CommandRequest
from tests.support.counted_lines import Lines
from tests.support.desk.builders import commitment
from tests.support.desk.desk_harness import ACCOUNT, HELD, SALT, DeskHarness, World
from tests.support.desk.metrics import OPEN_METRICS, exposition
from venue.bridges.poa.client import Deposit
from venue.protocol.nonce import RANDOM_LEN, encode_nonce, pack_nonce
from venue.protocol.tokens import BTC
from venue.protocol.units import NS_PER_MS

FEW, MANY = 1_000, 100_000
PRICES, DEADLINES = 10, 20
"""Distinct ones: what is summed by price and deadline is as much for few quotes as for many."""
SATOSHI, EURE_UNITS = 1, 5 * 10**14
"""Of each quote: so little that many of them are covered."""
SPARE_LINES, SPARE_BYTES = 40, 40_000
LIST_OF_QUOTES = 10 * MANY
"""Bytes: the hard stop takes their list at once, in a millisecond, and looks at them afterwards."""
LONGEST_TURN = 25_000
"""Lines of Python: what asks each of 100,000 quotes takes many times as many."""
T = TypeVar("T")
OPS = CommandRequest(actor="test")


class Work(msgspec.Struct):
    """Lines of Python, and the bytes taken at once, by what the desk did."""

    lines: dict[str, int] = {}
    taken: dict[str, int] = {}

    @contextlib.contextmanager
    def counted(self, name: str) -> Iterator[None]:
        tracemalloc.start()
        try:
            with Lines() as lines:
                yield
            self.taken[name] = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        self.lines[name] = lines.count


def sign(desk: DeskHarness, quotes: int) -> None:
    """Have so many quotes signed, each second one refused."""
    book, now = desk.trading.book, desk.world.wall()
    for number in range(quotes):
        made = commitment(
            str(number),
            amount_in=SATOSHI,
            amount_out=EURE_UNITS - (number % PRICES) * 10**12,
            sent_ns=now,
            life_ms=60_000 + number % DEADLINES * 2_000,
            nonce=encode_nonce(pack_nonce(SALT, now, number.to_bytes(RANDOM_LEN, "big"))),
        )
        book.restore(made, ("refused",) if number % 2 else ("accepted",))
    assert book.reservations.signed_count() == quotes


async def armed_desk(quotes: int) -> DeskHarness:
    world = World()
    world.settings = {**UNBOUND, "STRATEGY_MAX_NOTIONAL_EURE": "500", "STRATEGY_HALF_SPREAD_BPS": "8"}
    for asset, amount in HELD.items():
        world.ledger.mint(ACCOUNT, asset, 10_000 * amount)
    desk = DeskHarness(world)
    await desk.start()
    for part in ("strategy-engine", "trade-executor"):
        result = desk.control.arm(part, OPS)
        assert result.accepted, result.reason
    sign(desk, quotes)
    await desk.pass_ms(0)
    await desk.write()
    return desk


async def work_with(quotes: int) -> Work:
    """Return what each thing takes that a desk does beside its quotes, with so many of them live."""
    desk, work = await armed_desk(quotes), Work()
    world, trading = desk.world, desk.trading
    book, meter = trading.book, trading.option_meter
    assert desk.shot().alive.quotes == quotes // 2

    def tick(at_ns: int) -> None:
        book.tick(at_ns)
        desk.startup.tick()
        trading.reference.recompute()
        trading.trading_state.mark(trading.reference.trusted_mid, trading.inventory.ledger.balance)
        desk.control.note_trading()
        desk.interlocks.tick(desk.control)
        desk.absence.tick()
        trading.engine.note_flow(at_ns)
        mid, ledger = trading.reference.trusted_mid, trading.inventory.ledger
        trading.earnings.tick(at_ns, mid, ledger, book.counters["sent"])
        trading.chart_course.tick(at_ns, trading.engine.prices(trading.engine.view(trading.tokens.markets[0])))

    async def ask(name: str, side: str = "buy") -> None:
        asked = await desk.ask(name, side, amount_in=20_000 if side == "buy" else 10**19)
        assert asked, trading.engine.reasons

    # Caches that are filled once.
    await ask("warm")
    desk.reply(world.signed[-1], None)
    tick(world.wall())
    desk.shot()
    list(meter.tick(world.wall(), world.mid, trading.pricing.current.unknown_sigma_bps))
    for _ in range(2):
        await desk.read()
        await desk.write()

    with work.counted("a request and its quote"):
        await ask("first")
    first = world.signed[-1]
    with work.counted("an answer"):
        desk.reply(first, None)
    await ask("second", "sell")
    with work.counted("a refusal"):
        desk.reply(world.signed[-1], "quote not found or already finished")
    with work.counted("ticks"):
        for part in range(1, 9):
            tick(world.wall() + part * 250 * NS_PER_MS)
    with work.counted("markouts"):
        trading.markouts.tick(world.wall(), book.reported(), trading.reference)
    with work.counted("the option meter"):
        list(meter.tick(world.wall() + 2_000 * NS_PER_MS, world.mid, trading.pricing.current.unknown_sigma_bps))
    assert meter.reading is not None
    with work.counted("a snapshot"):
        desk.shot()
    with work.counted("a scrape"):
        list(exposition(desk).slices(negotiated(OPEN_METRICS)[0]))
    with work.counted("facts for alerts"):
        read_facts(trading, desk.writer, Supervisor(), desk.interlocks.rows(), world.wall(), settled=0)
    with work.counted("history"):
        await desk.write()
    with work.counted("a reading"):
        await trading.inventory.sync("poll")

    tx_hash = world.settle(first)
    assert tx_hash is not None
    with work.counted("a status"):
        desk.claim(first, tx_hash)
    world.ledger.advance_block()
    with work.counted("a fill"):
        await trading.inventory.sync("settlement")
    assert book.counters["settled"] == 1

    world.ledger.mint(ACCOUNT, BTC.token_id, 1_000)
    trading.deposits.deposits = (
        Deposit(
            tx_hash="a",
            mint_tx_hash=None,
            chain=BTC.chain,
            defuse_asset_identifier=BTC.chain,
            near_token_id=BTC.near_token,
            decimals=BTC.decimals,
            amount=1_000,
            account_id=ACCOUNT,
            address="an address",
            status="CREDITED",
            created_ns=1,
            sender=None,
        ),
    )
    world.ledger.advance_block()
    with work.counted("a deposit"):
        await trading.inventory.sync("poll")
    assert trading.inventory.explained
    assert trading.inventory.unbooked_deposits() == []

    with work.counted("the loss of the relay"):
        desk.disconnect()
    with work.counted("its return"):
        desk.connect()
        desk.shot()

    with work.counted("a disarming"):
        desk.control.disarm("strategy-engine", OPS)
    with work.counted("a reading of a freeze"):
        desk.interlocks.tick(desk.control)
        desk.shot()
    with work.counted("a hard stop"):
        desk.control.begin_hard_stop()
    burner = trading.hard_stop
    assert burner.active
    assert (await turns_of(burner._gather())).longest < LONGEST_TURN
    assert (await turns_of(burner._ask_salts())).longest < LONGEST_TURN
    assert (await turns_of(burner._review())).longest < LONGEST_TURN
    assert (await turns_of(burner._due())).longest < LONGEST_TURN
    with work.counted("its progress"):
        shot = desk.shot()
    assert shot.hard_stop is not None
    assert shot.hard_stop.left == book.reservations.signed_count() > quotes * 0.99
    with work.counted("a tick during it"):
        desk.interlocks.tick(desk.control)
    await desk.end(clean=False)
    return work


class Turns(Generic[T]):
    """Awaits, and counts the lines of each of its turns in the event loop."""

    def __init__(self, work: Coroutine[Any, Any, T]) -> None:
        self._work = work
        self.longest = 0
        self.result: T

    def __await__(self) -> Generator[Any, Any, "Turns[T]"]:
        answer: Any = None
        while True:
            with Lines() as lines:
                try:
                    waiting = self._work.send(answer)
                except StopIteration as done:
                    self.result, waiting = done.value, None
            self.longest = max(self.longest, lines.count)
            if waiting is None and hasattr(self, "result"):
                return self
            answer = yield waiting


async def turns_of(work: Coroutine[Any, Any, T]) -> Turns[T]:
    return await Turns(work)


@pytest.mark.slow
@pytest.mark.parametrize("quotes", [FEW, MANY // 5])
async def test_an_unexplained_change_asks_for_few_nonces_and_holds_up_nothing(quotes: int) -> None:
    """Its search goes over all live quotes, in turns of the event loop that are not longer for many."""
    desk = await armed_desk(quotes)
    desk.world.ledger.mint(ACCOUNT, BTC.token_id, 7)
    desk.world.ledger.advance_block()
    inventory = desk.trading.inventory
    searching = await turns_of(inventory.sync("poll"))
    assert inventory.explained is False
    assert inventory.counters["nonces_asked"] <= NONCES_A_READING
    assert searching.longest < LONGEST_TURN
    await desk.end(clean=False)


@pytest.mark.slow
async def test_nothing_beside_the_quote_path_takes_more_for_a_hundred_times_the_live_quotes() -> None:
    few, many = await work_with(FEW), await work_with(MANY)
    assert few.lines.keys() == many.lines.keys()
    for name, lines in few.lines.items():
        assert many.lines[name] <= lines * 1.05 + SPARE_LINES, name
        most = LIST_OF_QUOTES if name == "a hard stop" else few.taken[name] * 1.2 + SPARE_BYTES
        assert many.taken[name] <= most, name
