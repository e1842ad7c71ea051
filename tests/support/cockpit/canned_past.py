"""A history without a file: what a cockpit reads of the past, as a test wants it."""

import asyncio
import math
from decimal import Decimal

from msgspec.structs import replace

from cockpit.model.trading_figures.earnings import EarnedSpan
from cockpit.model.trading_figures.price_course import CourseFill, CoursePoint, OwnPrices, PriceCourse
from storage.errors import HistoryError
from tests.support.cockpit import samples

NS = 10**9


class CannedPast:
    """Satisfies ``PastFigures``. ``problem``: why it cannot be read; ``held``: whether answers come yet."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self.problem = ""
        self.held = asyncio.Event()
        self.held.set()

    async def earned(self, from_ns: int, to_ns: int) -> EarnedSpan:
        self.asked.append(("earned", from_ns, to_ns))
        await self._answer()
        return replace(samples.earned(from_ns, 5), trading=Decimal("-432.10"))

    async def course(self, from_ns: int, to_ns: int) -> PriceCourse:
        """Prices near 97,000 with a gap in their middle."""
        self.asked.append(("course", from_ns, to_ns))
        await self._answer()
        step_ns = (to_ns - from_ns) // 300
        moments = [from_ns + number * step_ns for number in range(300)]
        mids = {at_ns: 97_000 + 400 * math.sin(number / 40) for number, at_ns in enumerate(moments)}
        known = [at_ns for number, at_ns in enumerate(moments) if not 140 <= number < 170]
        return PriceCourse(
            from_ns=from_ns,
            to_ns=to_ns,
            step_ns=step_ns,
            points=tuple(CoursePoint(at_ns, mids[at_ns]) for at_ns in known),
            prices=tuple(OwnPrices(at_ns, mids[at_ns] - 70, mids[at_ns] + 70) for at_ns in known),
            fills=tuple(CourseFill(at_ns, mids[at_ns] - 70, "buy") for at_ns in known[::40]),
        )

    async def _answer(self) -> None:
        await self.held.wait()
        if self.problem:
            raise HistoryError(self.problem)
