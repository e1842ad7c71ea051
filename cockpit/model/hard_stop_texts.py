"""What screen and command line say about a hard stop."""

from cockpit.model.formatting import time_left
from cockpit.model.snapshot import HardStopState

MAKER_TERMS = "Makers' terms call a quote firm once a user has selected it: burn only in an emergency."


def counts(stop: HardStopState) -> str:
    """Say how many quotes were burned, settled or expired, and how many cannot be burned and stay committed."""
    text = f"{stop.burned} of {stop.asked} burned, {stop.settled} settled first, {stop.expired} expired first"
    if not stop.unburnable:
        return text
    left = time_left(stop.unburnable_left_ms)
    return f"{text}; {stop.unburnable} with an invalidated salt cannot settle or be burned: committed for {left}"
