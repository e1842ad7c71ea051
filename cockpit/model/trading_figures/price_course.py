"""The course of the mid over a stretch of the past, with the desk's own prices and its fills. For drawing only."""

from typing import Literal

import msgspec


class CoursePoint(msgspec.Struct, frozen=True, array_like=True):
    """The mid at a moment, UTC ns."""

    at_ns: int
    mid: float


class OwnPrices(msgspec.Struct, frozen=True, array_like=True):
    """The desk's bid and ask from a moment on, UTC ns; None where it had none."""

    at_ns: int
    bid: float | None
    ask: float | None


class CourseFill(msgspec.Struct, frozen=True, array_like=True):
    """A fill: when, UTC ns, its price and the desk's side."""

    at_ns: int
    price: float
    side: Literal["buy", "sell"]


class PriceCourse(msgspec.Struct, frozen=True, kw_only=True):
    """All oldest first, thinned to what can be drawn. Where nothing is known for ``step_ns`` and a half is a gap."""

    from_ns: int
    to_ns: int
    step_ns: int
    points: tuple[CoursePoint, ...] = ()
    prices: tuple[OwnPrices, ...] = ()
    fills: tuple[CourseFill, ...] = ()
