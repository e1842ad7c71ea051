"""A time axis in UTC, its ticks at round times. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime

MINUTE_S = 60
HOUR_S = 3_600
DAY_S = 86_400
STEPS_S: tuple[int, ...] = (
    *(5, 10, 15, 30),
    *(MINUTE_S * count for count in (1, 2, 5, 10, 15, 30)),
    *(HOUR_S * count for count in (1, 2, 3, 6, 12)),
    *(DAY_S * count for count in (1, 2, 7, 14)),
)
ROOM = 3
"""Cells between two labels."""
WIDEST = len("25 Nov")


def _written(at_s: int, step_s: int) -> str:
    at = datetime.fromtimestamp(at_s, UTC)
    if step_s >= DAY_S or (step_s >= HOUR_S and at_s % DAY_S == 0):
        return f"{at:%d %b}"
    return f"{at:%H:%M:%S}" if step_s < MINUTE_S else f"{at:%H:%M}"


def tick_step(span_s: float, width: int) -> int:
    """Return the smallest round step whose labels have room in so many cells."""
    for step_s in STEPS_S:
        cells = step_s / span_s * width if span_s else width
        if cells >= max(WIDEST, len(_written(MINUTE_S, step_s))) + ROOM:
            return step_s
    return STEPS_S[-1]


def round_times(from_ns: int, to_ns: int, width: int) -> Iterator[tuple[int, int, str]]:
    """Yield round times, UTC ns, whose labels have room in ``width`` cells: each with its label's place and text."""
    if to_ns <= from_ns or width <= 0:
        return
    step_s = tick_step((to_ns - from_ns) / 10**9, width)
    free = 0
    for at_s in range(-(-from_ns // (10**9 * step_s)) * step_s, to_ns // 10**9 + 1, step_s):
        label = _written(at_s, step_s)
        place = round((at_s * 10**9 - from_ns) / (to_ns - from_ns) * (width - 1)) - len(label) // 2
        if place >= free and place + len(label) <= width:
            yield at_s * 10**9, place, label
            free = place + len(label) + 1


def time_axis(from_ns: int, to_ns: int, width: int) -> str:
    """Return ``width`` cells of labels; each is written around the cell of its time. Times are UTC ns."""
    text = [" "] * max(0, width)
    for _, place, label in round_times(from_ns, to_ns, width):
        text[place : place + len(label)] = label
    return "".join(text)
