"""Generated markets of three tempers: volatility that wanders, fat tails, jumps. Also the volatility of any path."""

import math
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.base.seeding import rng
from venue.sandbox.flow.price_path import STEP_NS, PricePath, SteppedPath
from venue.sandbox.mixes import Regime

HALF_LIFE_S = 3_600.0
_DECAY = math.log(2) / HALF_LIFE_S
GRID_NS = 5 * NS_PER_S
WINDOW_NS = 600 * NS_PER_S


class RegimeTerms(msgspec.Struct, frozen=True, kw_only=True):
    """``sigma60_bps``: median deviation of the mid over 60 s; ``wander``: deviation of the volatility's logarithm.

    ``jump_bps``: deviation of a jump.
    """

    sigma60_bps: float
    wander: float
    jumps_per_hour: float
    jump_bps: float


REGIME_TERMS: Mapping[Regime, RegimeTerms] = {
    "calm": RegimeTerms(sigma60_bps=4.0, wander=0.3, jumps_per_hour=0.5, jump_bps=12),
    "normal": RegimeTerms(sigma60_bps=6.5, wander=0.45, jumps_per_hour=1, jump_bps=20),
    "jumpy": RegimeTerms(sigma60_bps=7.0, wander=0.6, jumps_per_hour=6, jump_bps=35),
}


class TemperedPath(SteppedPath):
    """A market whose volatility reverts to its median with a half-life of an hour, with seconds of Student's t (6).

    Its name makes it one of its own. ``speed`` is market seconds per real second.
    """

    def __init__(self, seed: int, start_mid: Decimal, name: str, terms: RegimeTerms, speed: float = 1.0) -> None:
        super().__init__(start_mid)
        self._terms = terms
        self._rng = rng(seed, "market", name)
        self._vol = rng(seed, "vol", name)
        self._log_vol = self._vol.gauss(0, terms.wander)
        self._seconds = speed * STEP_NS / NS_PER_S
        self._jump_chance = 1 - math.exp(-terms.jumps_per_hour / 3_600 * self._seconds)
        self._steps_a_second = max(1, round(1 / self._seconds))
        self._made = 0
        self._tail = 1.0

    def _move(self) -> float:
        terms = self._terms
        kept = math.exp(-_DECAY * self._seconds)
        self._log_vol = kept * self._log_vol + self._vol.gauss(0, terms.wander * math.sqrt(1 - kept * kept))
        if self._made % self._steps_a_second == 0:
            # The same factor for a whole second makes it Student's, of deviation 1, whatever the steps are.
            self._tail = math.sqrt(2 / self._rng.gammavariate(3, 1))
        self._made += 1
        sigma = terms.sigma60_bps * 1e-4 / math.sqrt(60) * math.exp(self._log_vol)
        move = self._tail * self._rng.gauss(0, sigma * math.sqrt(self._seconds))
        jump = self._rng.gauss(0, terms.jump_bps * 1e-4)
        return move + (jump if self._rng.random() < self._jump_chance else 0.0)


class RegimePath(TemperedPath):
    """The market of one of the named regimes."""

    def __init__(self, seed: int, start_mid: Decimal, regime: Regime, speed: float = 1.0) -> None:
        super().__init__(seed, start_mid, regime, REGIME_TERMS[regime], speed)


class PathVolatility:
    """The deviation of a path over 60 s in bps, from its moves of 5 s in the last 600 s.

    In the first 600 s of a market it is that of these: whoever trades there knew the market before. The path must run
    at speed 1.
    """

    def __init__(self, path: PricePath) -> None:
        self._path = path
        self._logs: dict[int, float] = {}
        self._slot = -1
        self._sigma60 = 0.0

    def sigma60_bps(self, offset_ns: int) -> float:
        slot = max(offset_ns, WINDOW_NS) // GRID_NS
        if slot != self._slot:
            known = self._logs
            # Most of the window was read for the last question.
            self._logs = {
                step: known[step] if step in known else math.log(self._path.mid_at(step * GRID_NS))
                for step in range(slot - WINDOW_NS // GRID_NS, slot + 1)
            }
            moves = [after - before for before, after in pairwise(self._logs.values())]
            variance = math.fsum(move * move for move in moves) / len(moves)
            self._slot, self._sigma60 = slot, 1e4 * math.sqrt(variance * (60 * NS_PER_S / GRID_NS))
        return self._sigma60
