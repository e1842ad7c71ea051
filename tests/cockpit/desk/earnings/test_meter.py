"""The desk's own figures are those of the report of what it recorded, to the last digit, whatever happened when."""

import asyncio
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.accounting.earnings import Recalled
from cockpit.accounting.markouts import HORIZONS_S
from cockpit.desk.earnings.meter import CURVE_SHOWN, EarningsMeter
from cockpit.desk.earnings.recalling import NO_HISTORY, recall_earnings
from cockpit.desk.inventory.balance_reader import Reading
from cockpit.desk.inventory.reconciliation import BalanceLedger, OpeningBalances
from cockpit.desk.quote_book.options.option_day import OptionDay
from cockpit.desk.quote_book.quote import Quote
from cockpit.model.environment import Environment
from cockpit.model.trading_figures.earnings import EarnedSpan
from cockpit.reports.past.earned import recall, span_earned
from cockpit.reports.trading_report import trading_report
from storage.errors import HistoryError
from storage.history import Run
from storage.reader import Span
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import Clock
from tests.support.history.recorded_day import RecordedDay
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_MS, NS_PER_S

DAY_NS = 86_400 * NS_PER_S
MIDNIGHT = 1_790_035_200 * NS_PER_S
MIDS = st.decimals(Decimal(20_000), Decimal(90_000), places=8)


class LiveDesk:
    """A meter and its ledger, driven as a desk's tick does."""

    def __init__(self, clock: Clock, day: RecordedDay, path: Path) -> None:
        self._clock = clock
        self._path = path
        self._due: list[tuple[int, int, Quote]] = []
        self.day = day
        self.sent = 0
        self._begin()

    def _begin(self) -> None:
        self.started_ns = self._clock.now_ns
        self.meter = EarningsMeter(DEFAULT_TOKENS, Environment(wall_ns=self._clock))
        self.day.take = self.meter.take
        self.ledger = BalanceLedger()
        self.sent = 0

    def start(self, run_id: str) -> None:
        """Begin a run, which takes over what history says of the day."""
        self._begin()
        self._run_id = run_id
        if self._path.exists():
            with SqliteReader(self._path) as reader:
                self.meter.recall(
                    recall(
                        reader,
                        DEFAULT_TOKENS,
                        day_ns=self.started_ns // DAY_NS * DAY_NS,
                        started_ns=self.started_ns,
                    )
                )
        else:
            self.meter.not_recalled("")
        self.ledger.open(
            OpeningBalances(
                reading=Reading(
                    amounts=self.day.balance,
                    height=self.day.height + 1,
                    requested_ns=self._clock.now_ns,
                ),
                deposits=frozenset(),
            ),
            (),
        )
        self.day.open()

    def pass_ms(self, ms: int) -> None:
        """Tick as time passes, and mark what falls due."""
        until_ns = self._clock.now_ns + ms * NS_PER_MS
        while self._due and self._due[0][0] <= until_ns:
            due_ns, horizon, quote = self._due.pop(0)
            self._at(max(due_ns, self._clock.now_ns))
            bps = self.day.mark(quote, horizon)
            if bps is not None:
                self.meter.marked(quote, horizon, bps)
        self._at(until_ns)

    def _at(self, now_ns: int) -> None:
        # A day begins at the first tick of it, and nothing is booked or recorded between.
        midnight = (self._clock.now_ns // DAY_NS + 1) * DAY_NS
        for at_ns in (midnight, now_ns) if self._clock.now_ns < midnight <= now_ns else (now_ns,):
            self._clock.now_ns = self.day.now_ns = at_ns
            self.tick()

    def tick(self) -> None:
        self.ledger.balance = self.day.balance
        self.meter.tick(self._clock.now_ns, self.day.mid, self.ledger, self.sent)

    def fill(self, name: str, *, buys: bool, btc: int, eure: int, edge: int) -> None:
        quote = self.day.quote(name, buys=buys, btc=btc, eure=eure, edge=edge)
        self.sent += 1
        self.pass_ms(400)
        self.day.settle(quote)
        self.meter.filled(quote.commitment)
        self._due += [(self._clock.now_ns + s * NS_PER_S, s, quote) for s in HORIZONS_S]
        self._due.sort(key=lambda one: one[0])
        self.day.read_balances()
        self.tick()

    async def write(self) -> None:
        """End the run: everything of it is in history."""
        history = SqliteHistory(self._path)
        await history.open(Run(run_id=self._run_id, mode="SANDBOX", account="maker.near", started_ns=self.started_ns))
        await history.write(self.day.events)
        await history.close(self._clock.now_ns)
        self.day.events.clear()
        self._due.clear()


def reported(path: Path, span: Span) -> EarnedSpan:
    """The figures of the report, as the cockpit has them; that both are the same is tested with the reports."""
    with SqliteReader(path) as reader:
        profit = trading_report(reader, span, DEFAULT_TOKENS).profit
        found = span_earned(reader, DEFAULT_TOKENS, span)
        assert profit is not None
        assert (profit.trading, profit.revaluation) == (found.trading, found.revaluation)
        return found


Step = tuple[str, int | Decimal]
OFF_S, LEAD_S = st.integers(1, 2_000), st.integers(1, 6_000)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("price"), MIDS),
        st.tuples(st.just("buy"), st.integers(1, 10**6)),
        st.tuples(st.just("sell"), st.integers(1, 10**6)),
        st.tuples(st.just("sent"), st.integers(1, 10**6)),
        st.tuples(st.just("deposit"), st.integers(1, 10**7)),
        st.tuples(st.just("withdraw"), st.integers(1, 10**6)),
        st.tuples(st.just("wait"), st.integers(1, 400)),
    ),
    max_size=12,
)


def play(desk: LiveDesk, steps: list[Step], name: str) -> None:
    for number, (what, value) in enumerate(steps):
        desk.pass_ms(1_300)
        one = f"{name}-{number}"
        if isinstance(value, Decimal):
            desk.day.price(value)
        elif what in ("buy", "sell"):
            desk.fill(one, buys=what == "buy", btc=value, eure=value * 5 * 10**14 + number, edge=number * 10**15 - 3)
        elif what == "sent":
            desk.day.quote(one, buys=True, btc=value, eure=value * 10**14, edge=1)
            desk.sent += 1
        elif what == "deposit":
            desk.day.deposit(one, value)
        elif what == "withdraw":
            desk.day.withdraw(one, value)
        else:
            desk.pass_ms(value * 1_000)
        desk.tick()


@settings(max_examples=8, deadline=None)
@given(before=STEPS, after=STEPS, off_s=OFF_S, lead_s=LEAD_S)
def test_the_figures_are_those_of_the_report(before: list[Step], after: list[Step], off_s: int, lead_s: int) -> None:
    two_runs(before, after, off_s, lead_s)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(before=STEPS, after=STEPS, off_s=OFF_S, lead_s=LEAD_S)
def test_the_figures_are_those_of_the_report_at_length(
    before: list[Step], after: list[Step], off_s: int, lead_s: int
) -> None:
    two_runs(before, after, off_s, lead_s)


def two_runs(before: list[Step], after: list[Step], off_s: int, lead_s: int) -> None:
    """A run, a pause and another run, over midnight or not."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.sqlite"
        clock = Clock(MIDNIGHT + DAY_NS - lead_s * NS_PER_S)
        desk = LiveDesk(clock, RecordedDay(clock.now_ns), path)
        for run_id, steps in (("one", before), ("two", after)):
            desk.start(run_id)
            desk.pass_ms(500)
            desk.day.price(Decimal("50000.5"))
            desk.tick()
            play(desk, steps, run_id)
            desk.pass_ms(3_000)
            # As a desk does when it stops.
            assert desk.day.mid is not None
            desk.day.price(desk.day.mid)
            desk.tick()
            ended_ns = clock.now_ns
            asyncio.run(desk.write())
            today, run = desk.meter.today(), desk.meter.run()
            assert run == reported(path, Span(desk.started_ns, ended_ns + 1))
            assert today is not None
            assert today == reported(path, Span(today.from_ns, ended_ns + 1))
            if run_id == "two":
                assert today.from_ns == ended_ns // DAY_NS * DAY_NS
            desk.pass_ms(off_s * 1_000)


def fill(name: str, clock: Clock, *, eure: int = 50 * 10**18) -> Quote:
    day = RecordedDay(clock.now_ns)
    quote = day.quote(name, buys=True, btc=100_000, eure=eure, edge=10**17)
    quote.reported_ns = clock.now_ns
    return quote


def test_a_markout_counts_once_its_fill_is_booked() -> None:
    clock = Clock()
    meter = EarningsMeter(DEFAULT_TOKENS, Environment(wall_ns=clock))
    quote = fill("a", clock)
    meter.marked(quote, 1, Decimal("2.50"))
    assert [one.known for one in meter.run().markouts] == [0, 0, 0, 0]
    quote.state, quote.settled_ns = "settled", clock.now_ns
    meter.filled(quote.commitment)
    meter.marked(quote, 10, Decimal("-1.25"))
    assert [(one.known, one.bps) for one in meter.run().markouts] == [
        (1, Decimal("2.50")),
        (1, Decimal("-1.25")),
        (0, None),
        (0, None),
    ]


def test_a_markout_belongs_to_the_day_of_its_fill() -> None:
    clock = Clock(MIDNIGHT - 5 * NS_PER_S)
    meter, ledger = EarningsMeter(DEFAULT_TOKENS, Environment(wall_ns=clock)), BalanceLedger()
    meter.not_recalled("")
    quote = fill("a", clock)
    quote.state, quote.settled_ns = "settled", clock.now_ns
    meter.filled(quote.commitment)
    clock.now_ns = MIDNIGHT + 5 * NS_PER_S
    meter.tick(clock.now_ns, Decimal(50_000), ledger, 1)
    meter.marked(quote, 10, Decimal(3))
    today, run = meter.today(), meter.run()
    assert today is not None
    assert (today.from_ns, today.fills, [one.known for one in today.markouts]) == (MIDNIGHT, 0, [0, 0, 0, 0])
    assert (run.fills, [one.known for one in run.markouts]) == (1, [0, 1, 0, 0])


def test_without_a_mid_or_balances_the_money_is_unknown_and_not_zero() -> None:
    clock = Clock()
    meter = EarningsMeter(DEFAULT_TOKENS, Environment(wall_ns=clock))
    assert meter.today() is None
    meter.tick(clock.now_ns, None, BalanceLedger(), 0)
    assert (meter.run().trading, meter.run().revaluation) == (None, None)
    meter.tick(clock.now_ns, Decimal(50_000), BalanceLedger(), 0)
    assert (meter.run().trading, meter.run().revaluation) == (Decimal(0), None)


def test_the_curve_stays_short_and_ends_with_the_newest_point() -> None:
    clock, ledger = Clock(MIDNIGHT), BalanceLedger()
    meter = EarningsMeter(DEFAULT_TOKENS, Environment(wall_ns=clock))
    for minute in range(1_440):
        clock.now_ns = MIDNIGHT + minute * 60 * NS_PER_S
        meter.tick(clock.now_ns, Decimal(50_000), ledger, 0)
        meter.tick(clock.now_ns + NS_PER_S, Decimal(50_000), ledger, 0)
    curve = meter.curve()
    assert len(curve) <= CURVE_SHOWN
    assert curve[-1].at_ns == clock.now_ns
    assert [one.at_ns for one in curve] == sorted(one.at_ns for one in curve)


@pytest.mark.parametrize("error", [HistoryError, ValueError, KeyError, ZeroDivisionError])
async def test_a_history_that_cannot_be_read_is_named_and_stops_nothing(error: type[Exception]) -> None:
    clock = Clock()

    def broken(day_ns: int, started_ns: int) -> Recalled:
        raise error("the disk is \x1b[31mgone")

    meter = EarningsMeter(DEFAULT_TOKENS, Environment(wall_ns=clock))
    options = OptionDay(clock.now_ns)
    await recall_earnings(meter, options, broken, clock.now_ns)
    assert options.from_ns == clock.now_ns
    assert "\x1b" not in meter.note
    assert "gone" in meter.note
    today = meter.today()
    assert today is not None
    assert today.from_ns == clock.now_ns
    await recall_earnings(meter, options, None, clock.now_ns)
    assert meter.note == NO_HISTORY
