"""The same seed on the real sandbox with the real desk, over sockets, and in the bench's virtual time.

The mids and σ that the desk recorded are handed to the bench's desk: how old its prices are, and how far its feeds lie
beside the path, is the machine's and the venue's. What is left must agree: reasons and lives to the letter; prices up
to the skew, which a fill moves that came a moment earlier or later; fills up to auctions that end at another moment.
"""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from statistics import fmean, median, pstdev
from typing import Any

import msgspec
import pytest

from bench.profit.desk_maker import DeskMaker, DeskTerms
from bench.profit.makers import DESK, desk_terms
from bench.profit.seen import Seen, watch
from cockpit.config.pricing_presets import PRESETS
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.venue_process import Control, VenueProcess
from venue.protocol.assets import Market
from venue.protocol.tokens import EURE, NBTC
from venue.protocol.units import NS_PER_S
from venue.sandbox.backtest import Backtest, BacktestFill, BacktestFlow, Offer
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.schedule import ScheduledRequest

SECONDS = 200
LAST_NS = (SECONDS - 10) * NS_PER_S
"""What is asked later may settle only after the end."""
HELD_BTC, HELD_EURE = 10**8, 80_000 * 10**18
TAKERS = "prompt=0.6,patient=0.1,holder=0.05,sweeper=0.05,informed=0.1,probe=0.1"
CONFIG: dict[str, Any] = {
    "seed": 11,
    "rate": 2.0,
    "other_pairs": 0.0,
    "legacy_share": 0.0,
    "router_legs": 0.0,
    "market": "normal",
    "takers": TAKERS,
    "rival_set": "adaptive",
    "deposit_btc": 0,
    "maker_btc": HELD_BTC,
    "maker_eure": HELD_EURE,
    "start_paused": True,
}
SETTINGS = {
    **PRESETS["option"],
    "STRATEGY_PRICING": "option",
    "STRATEGY_MIN_NOTIONAL_EURE": "0.5",
    "STRATEGY_MAX_PROMISED_EURE": "100000",
    "QUOTE_DEADLINE_MS": "1000",
    "QUOTE_DEADLINE_SLACK_MS": "5000",
    "QUOTE_DEATH_MARGIN_MS": "5000",
    "DESK_WHEN_ALONE": "keep",
}
DECIDED = "SELECT quote_id, reason, amount_in, amount_out, mid, view, deadline_ns - at_ns FROM trade_decisions"
SETTLED = (
    "SELECT c.quote_id FROM trade_execution_results r JOIN execute_trade_commands c ON c.command_id = r.command_id "
    "WHERE r.outcome = 'settled'"
)


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A decision of the real desk. ``life_ns``: from the request to the deadline."""

    reason: str
    amount_in: int | None
    amount_out: int | None
    mid: Decimal
    sigma_bps: Decimal | None
    life_ns: int


class Lived(msgspec.Struct, frozen=True):
    """What the real desk decided, by the quote id, and which quotes settled."""

    decided: dict[str, Decided]
    settled: set[str]


class Noted:
    """The bench's desk, and what it answered. ``lives`` in ns."""

    def __init__(self, name: str, flow: BacktestFlow, seen: list[Seen]) -> None:
        terms = desk_terms(name)
        assert terms is not None
        limits = msgspec.structs.replace(
            terms.limits,
            max_promised_eure=Decimal(100_000),
            max_signed_eure=Decimal(1_000_000),
            max_asset_share=Decimal(1),
        )
        held = DeskTerms(params=terms.params, limits=limits, shortest_ms=terms.shortest_ms, slack_ms=terms.slack_ms)
        self._desk = DeskMaker(held, Market(NBTC, EURE), flow.config.maker_opening(), seen)
        self.reasons: dict[str, str] = {}
        self.counters: dict[str, int] = {}
        self.lives: dict[str, int] = {}
        self.settled_ids: set[str] = set()

    def quote(self, request: ScheduledRequest, at_ns: int) -> Offer | None:
        before = Counter(self._desk.reasons)
        offer = self._desk.quote(request, at_ns)
        [self.reasons[request.quote_id]] = self._desk.reasons - before
        if offer is not None:
            self.counters[request.quote_id] = offer.counter
            self.lives[request.quote_id] = offer.deadline_ns - at_ns
        return offer

    def settled(self, fill: BacktestFill) -> None:
        self.settled_ids.add(fill.request.quote_id)
        self._desk.settled(fill)


class Apart(msgspec.Struct, frozen=True, kw_only=True):
    """How far both are apart: shares of requests with another reason and of quotes with another life; the usual and
    the 95th percentile of bps between their prices; the share of fills that only one of them has."""

    reasons: float
    lives: float
    usual_bps: float
    far_bps: float
    fills: float

    @property
    def agrees(self) -> bool:
        return (
            self.reasons <= 0.02
            and self.lives == 0
            and self.usual_bps <= 0.05
            and self.far_bps <= 0.25
            and self.fills <= 0.15
        )


def apart(lived: Lived, name: str, flow: BacktestFlow, seen: list[Seen]) -> Apart:
    maker = Noted(name, flow, seen)
    for _ in Backtest(flow, maker, rivals_settle=False).run(SECONDS):
        pass
    requests = {each.demand.quote_id for each in seen if each.demand.at_ns - seen[0].demand.at_ns < LAST_NS}
    known = {quote_id: one for quote_id, one in lived.decided.items() if quote_id in requests}
    quoted = {quote_id: one for quote_id, one in known.items() if quote_id in maker.counters and one.reason == "quote"}
    bps = sorted(
        abs(_counter(flow, quote_id, one) / maker.counters[quote_id] - 1) * 1e4 for quote_id, one in quoted.items()
    )
    real, mine = lived.settled & requests, maker.settled_ids & requests
    return Apart(
        reasons=fmean(maker.reasons[quote_id] != one.reason for quote_id, one in known.items()),
        lives=fmean(maker.lives[quote_id] != one.life_ns for quote_id, one in quoted.items()),
        usual_bps=median(bps),
        far_bps=bps[int(0.95 * len(bps))],
        fills=len(real ^ mine) / len(real | mine),
    )


def _counter(flow: BacktestFlow, quote_id: str, one: Decided) -> int:
    request = next(each for each in flow.requests() if each.quote_id == quote_id)
    found = one.amount_out if request.amount_out is None else one.amount_in
    assert found is not None
    return found


def through_its_eyes(lived: Lived, seen: tuple[Seen, ...]) -> list[Seen]:
    return [
        each
        if (real := lived.decided.get(each.demand.quote_id)) is None
        else msgspec.structs.replace(each, mid=real.mid, sigma_bps=real.sigma_bps)
        for each in seen
    ]


async def live(short_dir: Path) -> Lived:
    """Let the desk trade on the sandbox for as long as the bench plays."""
    options = [
        text
        for name, value in CONFIG.items()
        for text in ("--set", f"{name}={json.dumps(value) if isinstance(value, bool) else value}")
    ]
    venue = VenueProcess(short_dir, *options)
    control = Control(venue.env)
    desk = DeskProcess(short_dir, {**venue.env, **SETTINGS})
    try:
        await desk.start()
        await desk.arm()
        await control.traders(True)
        # Its snapshots come four times a second.
        await desk.until(lambda shot: desk.count("SELECT COUNT(*) FROM trade_decisions") >= 2 * SECONDS, 600)
        await control.traders(False)
        assert desk.process.stop() == 0
        decided = {quote_id: _decided(*rest) for quote_id, *rest in desk.rows(DECIDED)}
        return Lived(decided, {row[0] for row in desk.rows(SETTLED)})
    finally:
        await control.http.aclose()
        await desk.close()
        venue.process.kill()


def _decided(reason: str, amount_in: Any, amount_out: Any, mid: str, view: str, life_ns: int) -> Decided:
    sigma = json.loads(view).get("sigma_bps")
    return Decided(
        reason=reason,
        amount_in=None if amount_in is None else int(amount_in),
        amount_out=None if amount_out is None else int(amount_out),
        mid=Decimal(mid),
        sigma_bps=None if sigma is None else Decimal(sigma),
        life_ns=life_ns,
    )


def mids_apart(lived: Lived, flow: BacktestFlow, seen: tuple[Seen, ...]) -> list[float]:
    """Return how far each mid of the real desk lies above the path's, bps."""
    return [
        float(real.mid / flow.path.mid_at(request.at_ns) - 1) * 1e4
        for each, request in zip(seen, flow.requests(), strict=False)
        if (real := lived.decided.get(each.demand.quote_id)) is not None
    ]


@pytest.mark.slow
async def test_the_bench_plays_what_the_sandbox_and_the_desk_play(short_dir: Path) -> None:
    lived = await live(short_dir)
    flow = BacktestFlow(VenueConfig(**CONFIG))
    seen = watch(flow, SECONDS)
    assert len(lived.settled) > 50

    beside = mids_apart(lived, flow, seen)
    assert len(beside) > 0.95 * len([each for each in seen if each.demand.at_ns - seen[0].demand.at_ns < LAST_NS])
    # An exchange of the sandbox lies up to 1.5 bps beside the path, for ever; the rest is age and noise.
    assert abs(fmean(beside)) < 2
    assert pstdev(beside) < 1
    both = [
        (float(real.sigma_bps), float(each.sigma_bps))
        for each in seen
        if (real := lived.decided.get(each.demand.quote_id)) is not None
        and real.sigma_bps is not None
        and each.sigma_bps is not None
    ]
    # Each from some thirty moves, of slots that begin at other moments.
    assert 0.6 < median(real / mine for real, mine in both) < 1.6

    eyes = through_its_eyes(lived, seen)
    found = apart(lived, DESK, flow, eyes)
    assert found.agrees, found
    # What it is to find would be found: half a bps of width, another skew, a second of life.
    for other in ("desk:half_spread_bps=5", "desk:-vol", "desk:-skew", "desk:slack_ms=6000"):
        assert not apart(lived, other, flow, eyes).agrees, other
