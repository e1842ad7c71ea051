"""Ages in snapshots."""

_NS_PER_MS = 1_000_000


def age_ms(now_ns: int, at_ns: int | None) -> int | None:
    """Return milliseconds since ``at_ns``, never below 0; None if it never happened."""
    return max(0, (now_ns - at_ns) // _NS_PER_MS) if at_ns else None
