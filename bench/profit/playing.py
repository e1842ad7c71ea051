"""Plays makers, one after the other, on the same market, requests, takers and rivals."""

import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from bench.profit.figures import FillFigures, QuoteFigures, Run, figures_of
from bench.profit.makers import make_maker
from bench.profit.markets import MarketName, hours_of, make_path
from bench.profit.seen import Seen, watch
from venue.protocol.assets import Market
from venue.protocol.tokens import EURE, NBTC
from venue.protocol.units import NS_PER_S
from venue.sandbox.backtest import Backtest, BacktestFill, BacktestFlow, BacktestMaker, Offer
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.price_path import SteppedPath
from venue.sandbox.flow.schedule import ScheduledRequest
from venue.sandbox.mixes import RivalSet

REQUESTS_A_MINUTE = 10
EACH_EUR = 10_000
"""What a maker starts with of each token, EUR."""
UNKNOWN_SIGMA_BPS = 12.0

Rivals = Literal["today", "adaptive", "static", "none"]


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What is played: each maker in each of the markets against each mix of takers. ``recording``: the bars of the
    recorded markets, None for generated ones in their place. ``long_lives``: as in the sandbox's settings.
    """

    markets: tuple[MarketName, ...]
    mixes: tuple[str, ...]
    makers: tuple[str, ...]
    seeds: tuple[int, ...]
    hours: float
    rivals: Rivals = "adaptive"
    long_lives: float = 0.0
    recording: Path | None = None


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """The runs of one seed of one cell, by the maker's name."""

    market: MarketName
    mix: str
    seed: int
    runs: dict[str, Run]


def play_seed(terms: Terms, market: MarketName, seed: int) -> list[Played]:
    """Play all mixes and makers on one path."""
    hours = hours_of(market, terms.hours, terms.recording)
    path = make_path(market, seed, terms.recording, hours)
    return [_play(terms, market, mix, seed, path, hours) for mix in terms.mixes]


def venue_config(seed: int, mix: str, rivals: Rivals, mid: Decimal, long_lives: float = 0.0) -> VenueConfig:
    """Return the settings of a venue with requests for one market alone, and a maker with as much of both tokens."""
    rival_set: RivalSet = "today" if rivals == "none" else rivals
    return VenueConfig(
        seed=seed,
        rate=REQUESTS_A_MINUTE / 60,
        other_pairs=0.0,
        legacy_share=0.0,
        router_legs=0.0,
        takers=mix,
        rivals=rivals != "none",
        rival_set=rival_set,
        long_lives=long_lives,
        maker_btc=int(EACH_EUR * 10**NBTC.decimals / mid),
        maker_eure=EACH_EUR * 10**EURE.decimals,
    )


def _play(terms: Terms, market: MarketName, mix: str, seed: int, path: SteppedPath, hours: float) -> Played:
    opening_mid = path.mid_at(0)
    config = venue_config(seed, mix, terms.rivals, opening_mid, terms.long_lives)
    flow = BacktestFlow(config, path)
    seen = watch(flow, hours * 3_600)
    return Played(
        market=market,
        mix=mix,
        seed=seed,
        runs={name: play_maker(name, flow, path, seen, hours, opening_mid) for name in terms.makers},
    )


def play_maker(
    name: str, flow: BacktestFlow, path: SteppedPath, seen: Sequence[Seen], hours: float, opening_mid: Decimal
) -> Run:
    """Play one maker. ``path``: the flow's; ``opening_mid``: its first price."""
    market, opening = Market(NBTC, EURE), flow.config.maker_opening()
    maker, reasons = make_maker(name, market, opening, seen, opening_mid)
    watched = _Watched(maker, market, path, seen)
    venue = Backtest(flow, watched, rivals_settle=False)
    for _ in venue.run(hours * 3_600):
        pass
    held = (opening[NBTC.token_id] / 10**NBTC.decimals, opening[EURE.token_id] / 10**EURE.decimals)
    return figures_of(
        path=path,
        hours=hours,
        opening=held,
        fills=watched.fills,
        quotes=watched.quotes,
        requests=venue.asked.total(),
        failed=venue.counts["failed"] + venue.counts["expired"],
        reasons=reasons,
    )


class _Watched:
    """A maker whose quotes and fills are noted."""

    def __init__(self, maker: BacktestMaker, market: Market, path: SteppedPath, seen: Sequence[Seen]) -> None:
        self._maker = maker
        self._base = market.base.token_id
        self._path = path
        self._seen = seen
        self.quotes: list[QuoteFigures] = []
        self.fills: list[FillFigures] = []

    def quote(self, request: ScheduledRequest, at_ns: int) -> Offer | None:
        offer = self._maker.quote(request, at_ns)
        if offer is not None:
            self._note(request, offer, at_ns)
        return offer

    def _note(self, request: ScheduledRequest, offer: Offer, at_ns: int) -> None:
        seen = self._seen[request.index]
        base, quote = _flows(
            request.asset_in == self._base,
            offer.counter if request.amount_in is None else request.amount_in,
            offer.counter if request.amount_out is None else request.amount_out,
        )
        sigma = UNKNOWN_SIGMA_BPS if seen.sigma_bps is None else float(seen.sigma_bps)
        worth = abs(base) * float(seen.mid)
        gain = quote + base * float(seen.mid)
        self.quotes.append(
            QuoteFigures(
                notional=worth,
                distance_bps=gain / worth * 1e4,
                sd_bps=sigma * math.sqrt((offer.deadline_ns - at_ns) / (60 * NS_PER_S)),
                payoff=max(0.0, -(quote + base * self._path.price_at(offer.deadline_ns))),
            )
        )

    def settled(self, fill: BacktestFill) -> None:
        base, quote = _flows(fill.deal.sells, fill.quote.amount_in, fill.quote.amount_out)
        self.fills.append(
            FillFigures(
                kind=fill.kind,
                settled_ns=fill.settled_ns,
                base=base,
                quote=quote,
                signed=float(fill.gain(fill.signed_mid)),
                taken=float(fill.gain(fill.taken_mid)),
                booked=float(fill.gain(fill.settled_mid)),
            )
        )
        self._maker.settled(fill)


def _flows(taker_sells: bool, amount_in: int, amount_out: int) -> tuple[float, float]:
    """Return what the maker gets of base and quote, in whole tokens, negative for what it gives."""
    if taker_sells:
        return amount_in / 10**NBTC.decimals, -amount_out / 10**EURE.decimals
    return -amount_out / 10**NBTC.decimals, amount_in / 10**EURE.decimals
