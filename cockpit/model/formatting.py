"""Numbers and times as text: fixed precision; an unknown value is never shown as zero."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal

UNKNOWN = "?"
NOTHING = "–"

_EXACT = Context(prec=80)


def number(value: Decimal | int | None, places: int = 0, *, signed: bool = False, missing: str = UNKNOWN) -> str:
    """Group thousands and show ``places`` decimals, cut towards zero so that no amount is overstated."""
    if value is None:
        return missing
    if isinstance(value, int):
        return f"{value:+,d}" if signed else f"{value:,d}"
    if not value.is_finite():
        return missing
    cut = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN, context=_EXACT)
    if cut == 0:
        cut = abs(cut)
    return f"{cut:+,.{places}f}" if signed else f"{cut:,.{places}f}"


def counted(count: int, one: str, many: str = "") -> str:
    """Say how many there are: "1 fill", "2,000 fills"; ``many`` where an s is not enough: "2 quotes expire"."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def rounded(value: Decimal | None, places: int, *, signed: bool = False, missing: str = UNKNOWN) -> str:
    """Show a price or a ratio with ``places`` decimals, rounded half to even."""
    if value is None or not value.is_finite():
        return missing
    near = value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN, context=_EXACT)
    if near == 0:
        near = abs(near)
    return f"{near:+,.{places}f}" if signed else f"{near:,.{places}f}"


def exact(value: Decimal | None, *, signed: bool = False) -> str:
    """Show every digit without trailing zeros, so that a difference of one base unit stays visible."""
    if value is None or not value.is_finite():
        return UNKNOWN
    if value == 0:
        return "0"
    plain = f"{value:+,f}" if signed else f"{value:,f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


EURO_PLACES, MAX_PLACES = 4, 8
"""Decimals that a person reads of an amount in euros, and of any other."""


def is_euro(symbol: str) -> bool:
    """Whether an amount with this symbol counts euros."""
    return symbol.upper().startswith("EUR")


def readable(value: Decimal | None, symbol: str, *, signed: bool = False, missing: str = UNKNOWN) -> str:
    """Show an amount as a person reads it: cut towards zero to the decimals of its symbol, without trailing zeros.

    One that is too small for them keeps its first digit, so that it is not shown as zero.
    """
    if value is None or not value.is_finite():
        return missing
    places = EURO_PLACES if is_euro(symbol) else MAX_PLACES
    if value != 0:
        places = max(places, -value.adjusted())
    return exact(value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_DOWN, context=_EXACT), signed=signed)


def percent(share: Decimal | None, places: int = 1) -> str:
    """Show a share from 0 to 1 in per cent, without the sign."""
    return rounded(None if share is None else share * 100, places)


def utc_time(ns: int) -> str:
    """Show a time (UTC nanoseconds since the epoch) as ``HH:MM:SS UTC``."""
    return f"{datetime.fromtimestamp(ns // 10**9, UTC):%H:%M:%S} UTC"


def utc_moment(ns: int) -> str:
    """Show a time (UTC nanoseconds since the epoch) with its date."""
    return f"{datetime.fromtimestamp(ns // 10**9, UTC):%Y-%m-%d %H:%M:%S} UTC"


def age(ms: int | None) -> str:
    """Show an age in whole units and at most six characters; ``–`` for None."""
    if ms is None:
        return NOTHING
    seconds = max(ms, 0) // 1000
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02d}s"
    if seconds < 86_400:
        return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"
    return f"{seconds // 86_400}d{seconds % 86_400 // 3600:02d}h"


def row_age(ms: int | None) -> str:
    """Show an age in at most five characters, for rows: 12m30s as 12m, 10d03h as 10d."""
    text = age(ms)
    return text if len(text) <= 5 else text[: next(place for place, one in enumerate(text, 1) if one.isalpha())]


def exact_age(ms: int | None) -> str:
    """Show an age with tenths below ten seconds; ``never`` for None."""
    if ms is None:
        return "never"
    return f"{max(ms, 0) / 1000:.1f}s" if ms < 10_000 else age(ms)


def coarse_age(ms: int) -> str:
    """Show an age for a frame: ``now`` below three seconds, seconds below ten, then steps of five."""
    if ms < 3000:
        return "now"
    return age(ms) if ms < 10_000 else age(ms // 5000 * 5000)


def caption_age(ms: int) -> str:
    """Show an age in steps of five seconds, for captions whose every change redraws a whole frame."""
    return "just now" if ms < 10_000 else f"{age(ms // 5000 * 5000)} ago"


def uptime(ms: int) -> str:
    """Show how long something has been running, in whole minutes."""
    return "under a minute" if ms < 60_000 else f"{age(ms // 60_000 * 60_000).removesuffix('00s')}"


def time_left(ms: int) -> str:
    """Show a time left in whole seconds, rounded up so that 0 means expired."""
    return age(-(-max(ms, 0) // 1000) * 1000)


def milliseconds(us: int | None) -> str:
    """Show a duration in microseconds as milliseconds."""
    return UNKNOWN if us is None else f"{us / 1000:.2f} ms"


def progress_bar(part: int, whole: int, width: int) -> str:
    """Draw part/whole as a bar of ``width`` cells in half cells; a part above zero is never empty."""
    if whole <= 0 or part <= 0:
        return " " * width
    full, rest = divmod(max(1, min(width * 2, part * width * 2 // whole)), 2)
    return ("━" * full + "╸" * rest).ljust(width)


def shorten(identifier: str, width: int) -> str:
    """Cut an identifier in its middle, so that both ends stay readable."""
    if len(identifier) <= width:
        return identifier
    tail = (width - 1) // 2
    return f"{identifier[: width - 1 - tail]}…{identifier[len(identifier) - tail :]}"


LEVELS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int) -> str:
    """Draw the newest ``width`` values as one bar each, the newest on the right; values below zero count as zero."""
    shown = [max(0.0, value) for value in values[-width:]]
    most = max(shown, default=0.0)
    bars = "".join(LEVELS[min(7, int(value / most * 7.999))] if most else LEVELS[0] for value in shown)
    return bars.rjust(width)
