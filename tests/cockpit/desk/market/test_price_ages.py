"""The reference over feeds that are late, out or not trading: aged by the exchanges' own times."""

from decimal import Decimal

from cockpit.desk.earnings.chart_course import ChartCourse
from cockpit.desk.market.reference import Reference
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.desk.snapshots.market_rows import TOO_OLD, market_state
from cockpit.model.commands import Limits
from cockpit.model.environment import Environment
from cockpit.model.snapshot import SourceRow
from tests.support.desk.builders import AT_PAR, Clock
from tests.support.recorder import MemoryRecorder
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_MS
from venue.reference.bitstamp import Bitstamp
from venue.reference.coinbase import Coinbase
from venue.reference.feed import Feed
from venue.reference.kraken import Kraken
from venue.reference.readings import MarketStatus, Price

MID = Decimal(50_000)


class Prices:
    """Three feeds without their sockets, and the reference over them."""

    def __init__(self) -> None:
        self.clock = Clock()
        env = Environment(wall_ns=self.clock)
        self.feeds: tuple[Feed, ...] = tuple(one(env=env) for one in (Kraken, Coinbase, Bitstamp))
        self.reference = Reference(
            self.feeds,
            min_sources=2,
            par=AT_PAR,
            limits=LimitsInForce(Limits()),
            env=env,
            recorder=MemoryRecorder(),
        )

    def say(self, number: int, late_ms: int, mid: Decimal = MID) -> None:
        """Let a feed receive the price of so long ago."""
        said_ns = self.clock() - late_ms * NS_PER_MS
        tick = self.feeds[number]._take(Price(mid - 1, mid + 1, said_ns), self.reference.on_out)
        if tick is not None:
            self.reference.on_tick(tick)

    def row(self, number: int) -> SourceRow:
        return market_state(self.reference, None, self.clock(), ChartCourse(DEFAULT_TOKENS), ()).sources[number]


def test_two_feeds_whose_lateness_grows_to_fifteen_seconds_are_no_price_though_they_never_stop_ticking() -> None:
    prices = Prices()
    for step in range(60):
        prices.clock.pass_ms(500)
        late_ms = min(15_000, step * 300)
        for number in range(3):
            prices.say(number, late_ms if number < 2 else 20, MID + step)
        assert prices.reference.current.usable is (late_ms <= 5_000)
        if late_ms > 5_000:
            assert "1 of 3 sources" in prices.reference.current.reason
            assert (prices.row(0).state, prices.row(0).detail) == ("degraded", TOO_OLD)
    assert prices.row(0).age_ms == 15_000


def test_a_source_that_is_out_leaves_the_reference_at_once_and_says_why() -> None:
    prices = Prices()
    for number in range(3):
        prices.say(number, 20)
    assert len(prices.reference.current.sources) == 3
    prices.feeds[0]._take(MarketStatus("cancel_only"), prices.reference.on_out)
    assert len(prices.reference.current.sources) == 2
    assert prices.reference.current.usable
    row = prices.row(0)
    assert (row.mid, row.state, row.detail) == (None, "degraded", "not trading: cancel_only")
    prices.say(0, 10)
    assert prices.row(0).mid is None
    prices.say(1, -60_000)
    assert not prices.reference.current.usable
    assert "ahead of this machine's clock" in prices.row(1).detail
    prices.say(1, 10)
    assert prices.reference.current.usable
