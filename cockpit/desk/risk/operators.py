"""Who is there: a cockpit is watched while its terminal takes what it was sent; a key or a command shows a person."""

from collections.abc import Callable

from cockpit.model.commands import OperatorReport
from cockpit.model.environment import Environment
from venue.protocol.units import NS_PER_MS, NS_PER_S

WATCHED_NS = 12 * NS_PER_S
"""A cockpit is watched while the newest snapshot that its terminal took was sent no longer ago."""
MOST_NAMED = 20
"""Attached cockpits that a snapshot names."""
KEPT = 64
"""Sent snapshots that are remembered of each cockpit: those of more than ``WATCHED_NS``."""


class AttachedCockpit:
    """What one cockpit was sent, and what its terminal took of it. ``sign`` is told how long ago a key was pressed."""

    def __init__(self, monotonic_ns: Callable[[], int], sign: Callable[[int], None]) -> None:
        self._monotonic_ns = monotonic_ns
        self._sign = sign
        self._sent_ns: dict[int, int] = {}
        self.actor = ""
        """Its name in the journal; empty until it told."""
        self._taken_ns: int | None = None
        """When the newest snapshot that the terminal took was sent."""

    @property
    def watched(self) -> bool:
        return self._taken_ns is not None and self._monotonic_ns() - self._taken_ns <= WATCHED_NS

    def sent(self, seq: int) -> None:
        """Note that this cockpit is sent the snapshot now."""
        self._sent_ns.setdefault(seq, self._monotonic_ns())
        while len(self._sent_ns) > KEPT:
            del self._sent_ns[next(iter(self._sent_ns))]

    def report(self, report: OperatorReport) -> None:
        """Take what the cockpit says; it counts for nothing unless its terminal took what it was lately sent."""
        if report.actor.isprintable():
            self.actor = report.actor
        at_ns = None if report.painted is None else self._sent_ns.get(report.painted)
        if at_ns is not None:
            self._taken_ns = at_ns if self._taken_ns is None else max(self._taken_ns, at_ns)
        if at_ns is not None and self.watched and report.key_age_ms is not None:
            self._sign(report.key_age_ms * NS_PER_MS)


class Operators:
    """The attached cockpits that can command, and the last sign of a person."""

    def __init__(self, env: Environment) -> None:
        self._monotonic_ns = env.monotonic_ns
        self._attached: set[AttachedCockpit] = set()
        self.sign_ns: int | None = None
        """When the last key was pressed or the last command came, by the monotonic clock; None for never."""

    @property
    def attached(self) -> int:
        return len(self._attached)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the cockpits told, in order; the first twenty."""
        return tuple(sorted(cockpit.actor for cockpit in self._attached if cockpit.actor)[:MOST_NAMED])

    @property
    def watched(self) -> int:
        """How many of the cockpits are watched."""
        return sum(cockpit.watched for cockpit in self._attached)

    def attach(self) -> AttachedCockpit:
        cockpit = AttachedCockpit(self._monotonic_ns, self.sign)
        self._attached.add(cockpit)
        return cockpit

    def detach(self, cockpit: AttachedCockpit) -> None:
        self._attached.discard(cockpit)

    def sign(self, ago_ns: int = 0) -> None:
        """Take a sign of a person: a key that was pressed so long ago, or a command now."""
        at_ns = self._monotonic_ns() - ago_ns
        self.sign_ns = at_ns if self.sign_ns is None else max(self.sign_ns, at_ns)

    def sign_age_ms(self) -> int | None:
        """Return the time since the last sign; None when there was none."""
        return None if self.sign_ns is None else (self._monotonic_ns() - self.sign_ns) // NS_PER_MS
