"""Alerts: what happened to a desk that somebody must be told when nobody looks."""

from decimal import Decimal
from typing import Annotated, Literal, get_args

import msgspec

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)
AlertKind = Literal[
    "disarm",
    "halt",
    "loss_limit",
    "fault",
    "difference",
    "withdrawal",
    "fill",
    "silent",
    "relay",
    "start",
    "stop",
    "deposit",
    "key",
    "service",
]
ALERT_KINDS: tuple[AlertKind, ...] = get_args(AlertKind)

MAX_TEXT = 300
MAX_SUBJECT = 80
MAX_SUBJECTS = 32
"""Subjects that are kept apart within one kind; what comes after them shares one."""

Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
Subject = Annotated[str, msgspec.Meta(max_length=MAX_SUBJECT)]
Count = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
WallNs = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened ``count`` times between ``first_ns`` and ``last_ns``, UTC.

    ``subject`` keeps apart what must not be summed up, such as two withdrawals. ``text`` is of the newest one, or of
    the largest fill. ``amount_eure`` is the worth of the largest fill; None for what is no fill, or without a price.
    """

    kind: AlertKind
    severity: Severity
    text: Text
    first_ns: WallNs
    last_ns: WallNs
    count: Count = 1
    subject: Subject = ""
    amount_eure: Decimal | None = None

    def merged(self, newer: "Alert") -> "Alert":
        """Return both as one: the sum of the counts, the worst severity, the text that says most."""
        shown = self if _larger(self.amount_eure, newer.amount_eure) else newer
        return msgspec.structs.replace(
            shown,
            severity=max(self.severity, newer.severity, key=SEVERITIES.index),
            first_ns=min(self.first_ns, newer.first_ns),
            last_ns=max(self.last_ns, newer.last_ns),
            count=min(self.count + newer.count, 2**53),
        )


def _larger(one: Decimal | None, other: Decimal | None) -> bool:
    return one is not None and (other is None or one > other)


Key = tuple[AlertKind, str]


class Coalesced:
    """Alerts by kind and subject, each once with its count: bounded whatever comes, and nothing is lost."""

    def __init__(self) -> None:
        self._alerts: dict[Key, Alert] = {}
        self._subjects: dict[AlertKind, int] = {}

    def __len__(self) -> int:
        return len(self._alerts)

    def add(self, alert: Alert) -> None:
        key: Key = (alert.kind, alert.subject)
        known = self._alerts.get(key)
        if known is None and alert.subject and self._subjects.get(alert.kind, 0) >= MAX_SUBJECTS:
            alert = msgspec.structs.replace(alert, subject="")
            key = (alert.kind, "")
            known = self._alerts.get(key)
        if known is None:
            self._subjects[alert.kind] = self._subjects.get(alert.kind, 0) + 1
            self._alerts[key] = alert
        else:
            self._alerts[key] = known.merged(alert)

    def take(self) -> tuple[Alert, ...]:
        """Return all, oldest first, and forget them."""
        taken = tuple(self._alerts.values())
        self._alerts.clear()
        self._subjects.clear()
        return taken
