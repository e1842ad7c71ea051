"""What a desk's event loop did for a millisecond or more, and which of it a slow answer waited for."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

LEAST_S = 0.001
FILE = "work.jsonl"
STARVED = "not running: other processes, or other threads of the desk"
BEHIND = "behind other requests"
QUEUE = 8
"""Requests before one that make it wait for them and not for a step of its own time."""


class Work(msgspec.Struct, frozen=True):
    """One step, perf_counter times; ``cpu_s``: what of it the loop's thread really ran."""

    what: str
    since: float
    until: float
    cpu_s: float

    @property
    def starved(self) -> bool:
        """Whether the thread did not run for more than half of it."""
        return self.cpu_s * 2 < self.until - self.since


_decode = msgspec.json.Decoder(Work).decode


class WorkLog:
    """Reads what a watched desk of this directory has written since the last reading."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._read = 0

    def newest(self) -> list[Work]:
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            whole = file.read().rpartition(b"\n")[0]
        self._read += len(whole) + 1 if whole else 0
        return [_decode(line) for line in whole.splitlines()]


def cause(work: Sequence[Work], since: float, until: float, before: int = 0) -> str:
    """Return what took most of this time. A pause of the collector counts before the step that it lies in.

    ``before``: requests that were not answered yet at its start.
    """
    overlaps = [(_overlap(one, since, until), one) for one in work]
    most, longest = max(overlaps, key=lambda pair: pair[0], default=(0.0, None))
    if longest is None or most < (until - since) / 4:
        return BEHIND if before >= QUEUE else STARVED
    pauses = [one for overlap, one in overlaps if one.what.startswith("gc") and overlap > most / 2]
    if pauses:
        longest = pauses[0]
    return f"{longest.what}, starved" if longest.starved else longest.what


def _overlap(work: Work, since: float, until: float) -> float:
    return max(0.0, min(work.until, until) - max(work.since, since))
