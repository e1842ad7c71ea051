"""What bounds the signer beside the strategy: the limits in force, and a price on which the exchanges agree."""

from decimal import Decimal

import httpx
import msgspec
import pytest

from cockpit.config.settings import load
from cockpit.desk.composition.trading_parts import TradingParts, build_trading
from cockpit.model.environment import Environment
from storage.sqlite.history import SqliteHistory
from tests.support.desk.builders import Clock
from tests.support.recorder import MemoryRecorder
from tests.support.settings import loopback
from venue.protocol.units import NS_PER_MS
from venue.reference.tick import Tick

SOURCES = ("kraken", "coinbase", "bitstamp")
CLOCK = Clock()


@pytest.fixture
def trading() -> TradingParts:
    settings = load(None, loopback(REFERENCE_MIN_SOURCES="2", QUOTE_MAX_DEADLINE_MS="125000"))
    return build_trading(
        settings,
        httpx.AsyncClient(trust_env=False),
        Environment(wall_ns=CLOCK),
        MemoryRecorder(),
        SqliteHistory(settings.state_dir / "history.sqlite"),
        run_id="run-1",
        on_failure=lambda reason: None,
    )


def tick(trading: TradingParts, source: str, price: int) -> None:
    trading.reference.on_tick(Tick(source, Decimal(price), Decimal(price), CLOCK()))


def test_one_exchange_alone_opens_no_room_for_btc(trading: TradingParts) -> None:
    tick(trading, "kraken", 100)
    assert trading.reference.mid is not None
    assert trading.reference.trusted_mid is None
    assert trading.signer.base_ceiling == 0


def test_the_room_for_btc_follows_the_median_and_ends_with_the_agreement(trading: TradingParts) -> None:
    for source in SOURCES:
        tick(trading, source, 50_000)
    assert trading.signer.base_ceiling == 10_200, "5 EURe at the mid, and the slack"
    tick(trading, "kraken", 100)
    assert trading.signer.base_ceiling in (0, 10_200), "what lies does not move it"
    tick(trading, "coinbase", 1_000_000)
    assert trading.signer.base_ceiling == 0


def test_the_longest_life_follows_the_limits(trading: TradingParts) -> None:
    assert trading.signer.longest_ns == 125_000 * NS_PER_MS
    limits = trading.limits.current
    trading.limits.replace(msgspec.structs.replace(limits, max_deadline_ms=60_000))
    assert trading.signer.longest_ns == 60_000 * NS_PER_MS
