"""From a moment to the one a step away."""

from cockpit.model.recorded.pages import Step
from storage.reader import LATER_NS, Reader
from storage.reporting.moments import next_event, next_fill
from venue.protocol.units import NS_PER_S


def stepped(reader: Reader, at_ns: int, step: Step, direction: int) -> int | None:
    """Return the moment so many steps on (1) or back (-1), UTC ns; None where there is none."""
    if not step or not direction:
        return at_ns
    if step == "second":
        # Whole seconds: the last moment of the one before, or of the one after.
        second = at_ns // NS_PER_S + direction
        return (second + 1) * NS_PER_S - 1 if 0 <= second < LATER_NS // NS_PER_S - 1 else None
    find = next_fill if step == "fill" else next_event
    return find(reader, at_ns, forward=direction > 0)
