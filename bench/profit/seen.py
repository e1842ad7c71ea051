"""What a desk sees of the market when a request comes: the request as it reads it, a late mid with noise, and σ.

It depends on no maker, so that it is made once a seed. Floats stay inside the dice, as everywhere in the sandbox.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from cockpit.desk.market.volatility import SLOT_S, Volatility
from cockpit.model.events import SwapDemand
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.sandbox.backtest import BacktestFlow
from venue.sandbox.base.seeding import rng
from venue.sandbox.flow.price_path import PricePath, cents
from venue.sandbox.flow.schedule import ScheduledRequest

START_NS = 1_767_225_600 * NS_PER_S
"""When the market starts: 1 January 2026, UTC."""
LATE_NS = 500 * NS_PER_MS
"""How old the exchanges' prices are when the desk has them."""
NOISE_BPS = 0.3
"""Deviation of what the exchanges say from the mid."""


class Seen(msgspec.Struct, frozen=True, gc=False):
    """``mid_at_ns``: when the mid was so by its sources, UTC ns. ``sigma_bps``: None until enough was seen."""

    demand: SwapDemand
    mid: Decimal
    mid_at_ns: int
    sigma_bps: Decimal | None


def watch(flow: BacktestFlow, seconds: float) -> tuple[Seen, ...]:
    """Return what is seen at each of the flow's requests within so long, by their number."""
    return tuple(_watch(flow, int(seconds * NS_PER_S)))


def _watch(flow: BacktestFlow, end_ns: int) -> Iterator[Seen]:
    noise = rng(flow.config.seed, "reference")
    volatility = Volatility()
    slot = 0

    def reported(path: PricePath, offset_ns: int) -> Decimal:
        return cents(float(path.mid_at(offset_ns)) * (1 + noise.gauss(0, NOISE_BPS) / 1e4))

    for request in flow.requests():
        if request.at_ns >= end_ns:
            return
        known_ns = max(0, request.at_ns - LATE_NS)
        while slot * SLOT_S * NS_PER_S <= known_ns:
            at_ns = slot * SLOT_S * NS_PER_S
            volatility.take(START_NS + at_ns, reported(flow.path, at_ns))
            slot += 1
        yield Seen(_demand(request), reported(flow.path, known_ns), START_NS + known_ns, volatility.sigma)


def _demand(request: ScheduledRequest) -> SwapDemand:
    return SwapDemand(
        at_ns=START_NS + request.at_ns,
        quote_id=request.quote_id,
        asset_in=request.asset_in,
        asset_out=request.asset_out,
        amount_in=request.amount_in,
        amount_out=request.amount_out,
        min_deadline_ms=request.min_deadline_ms,
        partner_id=request.partner_id,
        traceparent=request.traceparent,
        dry=request.dry,
        router_leg=request.router_leg,
        min_wait_ms=request.min_wait_ms,
        max_wait_ms=request.max_wait_ms,
    )
