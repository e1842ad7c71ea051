"""Exchanges without a server: the test turns the clock."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from venue.protocol.units import NS_PER_S
from venue.sandbox.base.fault_values import Exchange
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.config import VenueConfig
from venue.sandbox.exchanges.dialect import ENCODER, Dialect
from venue.sandbox.exchanges.exchanges import Exchanges
from venue.sandbox.exchanges.markets.market import ExchangeMarket
from venue.sandbox.flow.price_path import PricePath, RandomWalk

STARTED_NS = 1_795_824_000 * NS_PER_S
"""Midnight, UTC."""


class MarketRig:
    def __init__(self, seed: int = 7, path: PricePath | None = None) -> None:
        self.offset_ns = 0
        self.faults = FaultTable(lambda: 0)
        self.exchanges = Exchanges(
            VenueConfig(seed=seed),
            path or RandomWalk(seed, Decimal(80_000)),
            offset_ns=lambda: self.offset_ns,
            clock=lambda: STARTED_NS + self.offset_ns,
            faults=self.faults,
        )

    def market(self, exchange: Exchange = "kraken", symbol: str = "BTC/EUR") -> ExchangeMarket:
        return self.exchanges.markets[exchange][symbol]

    def wait(self, seconds: float) -> None:
        self.offset_ns += int(seconds * NS_PER_S)


def said(dialect: Dialect, message: Mapping[str, object]) -> list[Any]:
    """Return the answers as a client reads them, with exact numbers."""
    return [read(answer) for answer in dialect.replies(message)]


def ticked(dialect: Dialect) -> list[Any]:
    return [read(update) for update in dialect.tick()]


def read(message: object) -> Any:
    return json.loads(ENCODER.encode(message), parse_float=Decimal)
