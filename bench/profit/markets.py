"""The price paths that makers are compared on: generated tempers, and a recorded sell-off where there is one."""

from array import array
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Literal

from venue.protocol.units import NS_PER_S
from venue.sandbox.flow.price_path import STEP_NS, SteppedPath
from venue.sandbox.flow.recordings import Bar, BridgedPath, read_bars
from venue.sandbox.flow.regimes import REGIME_TERMS, RegimeTerms, TemperedPath

MarketName = Literal["calm", "normal", "jumpy", "recorded", "crash", "storm"]
MARKETS: tuple[MarketName, ...] = ("calm", "normal", "jumpy", "recorded", "crash", "storm")
RECORDED: Mapping[MarketName, tuple[int, int]] = {"recorded": (0, 72), "crash": (19, 27)}
"""From which hour of the recording to which."""
_PROJECT = Path(__file__).parents[2]
RECORDING = next(_PROJECT.parent.glob("*/market/btc-eur-1m-2022-01-20.csv"), None)
"""Three days of bars of a minute, with the sell-off of 21 January 2022, where a folder beside the project has them."""
STAND_INS: Mapping[MarketName, RegimeTerms] = {
    "recorded": RegimeTerms(sigma60_bps=12.0, wander=0.45, jumps_per_hour=1, jump_bps=20),
    "crash": RegimeTerms(sigma60_bps=18.0, wander=0.35, jumps_per_hour=1, jump_bps=20),
}
"""Generated markets as wild as the recorded ones, where there is no recording."""
STORM = RegimeTerms(sigma60_bps=45.0, wander=0.5, jumps_per_hour=4, jump_bps=60)
"""Twice as wild as the crash: about every second quote is worth more to its holder than the desk gives away."""
START = Decimal("80000.00")
AFTER_S = 900
"""How much longer than the trading a path lasts: markouts, quotes and informed takers look beyond the end."""


class MadePath(SteppedPath):
    """A path whose points were made beforehand; after the last one the price stands."""

    def __init__(self, points: "array[float]") -> None:
        super().__init__(START)
        self._points = points

    def _move(self) -> float:
        return 0.0


def hours_of(market: MarketName, hours: float, recording: Path | None) -> float:
    """Return how long is traded: a recording is no longer than it is."""
    if recording is None or market not in RECORDED:
        return min(hours, 8) if market == "crash" else hours
    first, last = RECORDED[market]
    return min(hours, last - first)


def make_path(market: MarketName, seed: int, recording: Path | None, hours: float) -> SteppedPath:
    """Return the path of this seed, for so many hours. Raises RecordingError for an invalid recording."""
    if market == "calm" or market == "normal" or market == "jumpy":
        return TemperedPath(seed, START, market, REGIME_TERMS[market])
    if market == "storm":
        return TemperedPath(seed, START, market, STORM)
    if recording is None:
        return TemperedPath(seed, START, f"like {market}", STAND_INS[market])
    return _walked(_part(read_bars(recording), RECORDED[market][0], hours), seed)


def _part(bars: tuple[Bar, ...], first: int, hours: float) -> tuple[Bar, ...]:
    return bars[first * 60 : first * 60 + int(hours * 60) + AFTER_S // 60]


def _walked(bars: tuple[Bar, ...], seed: int) -> MadePath:
    # A bridged path keeps the walks of few bars; every maker needs all of them.
    path = BridgedPath(bars, seed)
    steps = len(bars) * 60 * NS_PER_S // STEP_NS
    return MadePath(array("d", (float(path.mid_at(step * STEP_NS)) for step in range(steps))))
