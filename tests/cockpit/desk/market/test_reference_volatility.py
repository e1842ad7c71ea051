"""The reference's σ: of the trusted mid only, dated by the exchanges, and kept across a restart by what is recorded."""

from decimal import Decimal
from random import Random

import pytest

from cockpit.desk.market.par import Par
from cockpit.desk.market.reference import Reference
from cockpit.desk.market.volatility import ENOUGH_SLOTS, resume
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.model.commands import Limits
from cockpit.model.environment import Environment
from cockpit.model.events import MarketPrice
from tests.support.desk.builders import Clock
from tests.support.recorder import MemoryRecorder
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.reference.tick import Tick

SOURCES = ("bitstamp", "coinbase", "kraken")


class Watched:
    """A reference over three sources that tick as a test says."""

    def __init__(self, basis_bps: str = "0") -> None:
        self.clock = Clock()
        self.recorder = MemoryRecorder()
        self.reference = Reference(
            (),
            min_sources=2,
            par=Par(assumed_bps=Decimal(basis_bps), max_off_bps=Decimal(50)),
            limits=LimitsInForce(Limits()),
            env=Environment(wall_ns=self.clock),
            recorder=self.recorder,
        )

    @property
    def sigma(self) -> Decimal | None:
        return self.reference.volatility.sigma

    def tick(self, mid: Decimal, *, late_ms: int = 0, sources: tuple[str, ...] = SOURCES) -> None:
        for source in sources:
            self.reference.on_tick(Tick(source, mid - 1, mid + 1, self.clock() - late_ms * NS_PER_MS))

    def walk(self, seconds: int, *, late_ms: int = 0, seed: int = 1) -> None:
        """A market of about 12 bps a minute."""
        rng, mid = Random(seed), Decimal(50_000)
        for _ in range(seconds):
            self.tick(mid, late_ms=late_ms)
            self.clock.pass_ms(1_000)
            mid += Decimal(rng.randint(-13, 13))


def test_it_is_known_after_two_minutes_of_trusted_prices() -> None:
    one = Watched()
    one.walk(100)
    assert one.sigma is None
    one.walk(60)
    assert one.sigma is not None


def test_prices_that_are_not_trusted_do_not_count() -> None:
    one = Watched()
    for second in range(ENOUGH_SLOTS * 10):
        one.tick(Decimal(50_000 + second), sources=("kraken",))
        one.clock.pass_ms(1_000)
    assert one.reference.mid is not None
    assert one.sigma is None


def test_prices_count_where_their_exchange_dates_them_however_late_they_come() -> None:
    # What arrives three seconds late is the course of three seconds ago, move by move.
    prompt, late = Watched(), Watched()
    late.clock.pass_ms(3_000)
    prompt.walk(300)
    late.walk(300, late_ms=3_000)
    assert prompt.sigma is not None
    assert late.sigma == prompt.sigma


def test_a_judgement_without_a_new_price_is_no_move() -> None:
    one, judged = Watched(), Watched()
    one.walk(200)
    rng, mid = Random(1), Decimal(50_000)
    for _ in range(200):
        judged.tick(mid)
        for _ in range(4):
            judged.clock.pass_ms(250)
            judged.reference.recompute()
        mid += Decimal(rng.randint(-13, 13))
    assert judged.sigma == one.sigma


@pytest.mark.parametrize(("basis_bps", "mid"), [("0", "50500"), ("100", "50000"), ("-100", "51010.10101010")])
def test_where_an_eure_is_worth_more_btc_costs_fewer_of_them(basis_bps: str, mid: str) -> None:
    one = Watched(basis_bps)
    one.tick(Decimal(50_500))
    assert one.reference.mid == Decimal(mid)


class RecordedPrices:
    """A history that a test fills with recorded prices."""

    def __init__(self, prices: list[MarketPrice]) -> None:
        self._prices = prices

    async def prices_since(self, source: str, at_ns: int) -> tuple[tuple[int, Decimal], ...]:
        return tuple((one.at_ns, one.mid) for one in self._prices if one.source == source and one.at_ns >= at_ns)


async def test_a_restart_takes_it_over_from_the_recorded_mids() -> None:
    before, after = Watched(), Watched()
    before.walk(1_800)
    assert before.sigma is not None
    now_ns = before.clock()
    later = MarketPrice(at_ns=now_ns + NS_PER_S, source="composite", bid=Decimal(1), ask=Decimal(1), mid=Decimal(1))
    await resume(after.reference.volatility, RecordedPrices([*before.recorder.events, later]), now_ns)
    assert after.sigma is not None
    assert abs(after.sigma - before.sigma) <= before.sigma / 20, "but for what the record leaves out"


async def test_a_restart_without_recorded_prices_does_not_know_it() -> None:
    one = Watched()
    await resume(one.reference.volatility, RecordedPrices([]), one.clock())
    assert one.sigma is None
