"""How many requests are not for a market of ours, in words: a filtered relay leaves it unknown."""

from cockpit.model.formatting import age, number
from cockpit.model.snapshot import Counts


def other_pairs_text(counts: Counts) -> str:
    """Name the count, or say that the relay filters; with the newest count that was asked for."""
    if counts.others_left_ms:
        return f"other pairs {number(counts.others_counted or 0)}, counting {age(counts.others_left_ms)} more"
    if not counts.others_filtered:
        return f"other pairs {number(counts.other_pairs)}"
    if counts.others_counted is None or counts.others_over_ms is None:
        return "other pairs filtered"
    return f"other pairs filtered; {counted_text(counts.others_counted, counts.others_over_ms)} when last counted"


def counted_text(count: int, over_ms: int) -> str:
    """Name a count that has ended and the time it took."""
    return f"{number(count)} in {age(round(over_ms, -3))}"
