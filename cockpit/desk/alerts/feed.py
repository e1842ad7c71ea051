"""What waits to be told to the alert service: bounded, and kept until the service has it on disk."""

from decimal import Decimal

from cockpit.model.alerts.alert import MAX_SUBJECT, MAX_TEXT, Alert, AlertKind, Coalesced, Severity
from cockpit.model.alerts.state import AlertsState
from cockpit.model.environment import Environment
from cockpit.model.printable import printable

BATCH = 200
"""Alerts of one line; what is more waits for the next one."""


class AlertFeed:
    """Takes alerts at once and without a limit on how many: they are summed up by kind and subject.

    Without ``configured`` it takes none. ``state``: what the service last said of itself. ``problem``: why the desk is
    not healthy; empty while it is.
    """

    def __init__(self, env: Environment, *, configured: bool) -> None:
        self.configured = configured
        self.state = AlertsState(configured=configured, detail="starting" if configured else "")
        self.problem = "starting"
        self.stop_reason = ""
        self.acknowledged_ns = 0
        self.acknowledged_by = ""
        self._wall_ns = env.wall_ns
        self._waiting = Coalesced()
        self._batch: tuple[Alert, ...] = ()
        self._seq = 0

    def note(
        self, kind: AlertKind, severity: Severity, text: str, *, subject: str = "", amount_eure: Decimal | None = None
    ) -> None:
        """Have somebody told. Never blocks."""
        if not self.configured:
            return
        now = self._wall_ns()
        self._waiting.add(
            Alert(
                kind=kind,
                severity=severity,
                text=printable(text)[:MAX_TEXT],
                first_ns=now,
                last_ns=now,
                subject=subject[:MAX_SUBJECT],
                amount_eure=amount_eure,
            )
        )

    def note_many(self, kind: AlertKind, severity: Severity, text: str, count: int) -> None:
        """Have somebody told of what happened ``count`` times."""
        if self.configured and count > 0:
            now = self._wall_ns()
            alert = Alert(
                kind=kind, severity=severity, text=printable(text)[:MAX_TEXT], first_ns=now, last_ns=now, count=count
            )
            self._waiting.add(alert)

    def acknowledge(self, actor: str) -> bool:
        """Somebody has seen what was raised until now; return whether anybody is told anything at all."""
        self.acknowledged_ns, self.acknowledged_by = self._wall_ns(), printable(actor)[:MAX_TEXT]
        return self.configured

    @property
    def batch(self) -> tuple[int, tuple[Alert, ...]]:
        """What is to be sent now, with its number: the same until it is confirmed."""
        if not self._batch and len(self._waiting):
            taken = self._waiting.take()
            self._batch = taken[:BATCH]
            for alert in taken[BATCH:]:
                self._waiting.add(alert)
            self._seq += 1
        return self._seq, self._batch

    def confirmed(self, seq: int) -> None:
        """The service has everything up to ``seq`` on disk."""
        if seq >= self._seq:
            self._batch = ()

    @property
    def unconfirmed(self) -> int:
        """How many kinds of alerts the service has not got yet."""
        return len(self._batch) + len(self._waiting)
