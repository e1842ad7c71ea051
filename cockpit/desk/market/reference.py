"""The reference price: the composite of three exchanges, and its recent course for the chart."""

from collections import deque
from collections.abc import Callable, Sequence
from decimal import Decimal

import httpx
import msgspec

from cockpit.desk.market.par import Par
from cockpit.desk.market.volatility import COMPOSITE, Volatility
from cockpit.desk.risk.limits import LimitsInForce
from cockpit.model.environment import Environment
from cockpit.model.events import MarketPrice
from cockpit.model.recorder import Recorder
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.reference.composite import Composite, composite
from venue.reference.feed import Feed
from venue.reference.tick import Tick
from venue.transport.errors import VenueError

CHART_POINTS = 300
UNCHANGED_EVERY_NS = 30 * NS_PER_S
"""An unchanged price is recorded this often, to distinguish it from one that was not trusted."""

_TICK = Decimal("1e-8")


class Reference:
    """``current`` is the composite in EUR per BTC, ``mid`` its price in EURe; ``version`` rises with every judgement.

    ``par``: by how much an EURe is worth more than a EUR; BTC costs that much less of it.

    ``every_ms`` and ``move_bps``: a source's price is recorded after that time, once it moved so far. ``on_mid`` gets
    the trusted mid, None without one, whenever it is judged. ``volatility`` is that of the trusted mid; it changes only
    with ``version``.
    """

    def __init__(
        self,
        feeds: Sequence[Feed],
        *,
        min_sources: int,
        par: Par,
        limits: LimitsInForce,
        env: Environment,
        recorder: Recorder,
        every_ms: int = 1_000,
        move_bps: Decimal = Decimal(0),
    ) -> None:
        self._every_ns = every_ms * NS_PER_MS
        self._move = move_bps / 10_000
        self.feeds = tuple(feeds)
        self._min_sources = min_sources
        self.par = par
        self._eur_per_eure = 1 + par.assumed_bps / 10_000
        self._limits = limits
        self._record = recorder.record
        self._wall_ns = env.wall_ns
        self._ticks: dict[str, Tick] = {}
        self._recorded: dict[str, MarketPrice] = {}
        self.chart: deque[tuple[int, Decimal]] = deque(maxlen=CHART_POINTS)
        self.version = 0
        self.volatility = Volatility()
        self.mid: Decimal | None = None
        self.current: Composite = self._compose(env.wall_ns())
        self.on_mid: Callable[[Decimal | None], None] = lambda mid: None

    @property
    def trusted_mid(self) -> Decimal | None:
        """The mid while the sources agree and are fresh, else None."""
        return self.mid if self.current.usable else None

    def mark(self, at_ns: int) -> Decimal | None:
        """Return the trusted mid of now, and record it as that of a moment that has just passed (UTC ns).

        So that history, which thins out prices, holds the very mid that a fill was marked by.
        """
        mid = self.trusted_mid
        if mid is not None:
            self._record(MarketPrice(at_ns=at_ns, source=COMPOSITE, bid=mid, ask=mid, mid=mid))
        return mid

    def on_tick(self, tick: Tick) -> None:
        self._ticks[tick.source] = tick
        self._thin(MarketPrice(at_ns=tick.at_ns, source=tick.source, bid=tick.bid, ask=tick.ask, mid=tick.mid))
        self.recompute()

    def on_out(self, source: str) -> None:
        """Forget the price of a source that gives none now."""
        if self._ticks.pop(source, None) is not None:
            self.recompute()

    def recompute(self) -> None:
        """Judge the sources at this moment: prices grow stale without a tick."""
        now = self._wall_ns()
        self.current = self._compose(now)
        mid = self.current.mid
        self.mid = None if mid is None else (mid / self._eur_per_eure).quantize(_TICK)
        self.version += 1
        if self.current.usable and self.mid is not None:
            self.volatility.take(self._newest_ns(), self.mid)
        self.on_mid(self.trusted_mid)
        if self.current.usable and self.mid is not None:
            if not self.chart or now - self.chart[-1][0] >= NS_PER_S:
                self.chart.append((now, self.mid))
            self._thin(MarketPrice(at_ns=now, source=COMPOSITE, bid=self.mid, ask=self.mid, mid=self.mid))

    def _newest_ns(self) -> int:
        """When the mid became what it is: the newest price in it, by its exchange's time."""
        return max(self._ticks[source.source].at_ns for source in self.current.sources if source.agrees)

    def _compose(self, now_ns: int) -> Composite:
        limits = self._limits.current
        found = composite(
            self._ticks,
            now_ns,
            max_age_ms=limits.max_reference_age_ms,
            max_divergence_bps=limits.max_divergence_bps,
            min_sources=self._min_sources,
        )
        problem = self.par.problem(now_ns) if found.usable else ""
        return msgspec.structs.replace(found, usable=False, reason=problem) if problem else found

    def _thin(self, price: MarketPrice) -> None:
        last = self._recorded.get(price.source)
        if last is not None:
            apart_ns = abs(price.at_ns - last.at_ns)
            moved = price.mid != last.mid and abs(price.mid - last.mid) >= self._move * last.mid
            if apart_ns < self._every_ns or not (moved or apart_ns >= UNCHANGED_EVERY_NS):
                return
        self._recorded[price.source] = price
        self._record(price)

    async def refresh(self, client: httpx.AsyncClient) -> list[str]:
        """Ask every exchange by REST now; return one sentence for each that did not answer."""
        problems = []
        for feed in self.feeds:
            try:
                tick = await feed.refresh(client)
            except VenueError as exc:
                problems.append(f"{feed.source}: {exc}")
                continue
            # A price by REST lies behind a cache: one that the stream has passed is no problem.
            if tick is not None:
                self.on_tick(tick)
        return problems
