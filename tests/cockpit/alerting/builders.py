"""Alerts and rules for a test to change."""

from typing import Any

from cockpit.alerting.rules import Rule
from cockpit.model.alerts.alert import Alert, AlertKind, Severity

S = 10**9
MIN = 60 * S
DAY = 86_400 * S
NOON = 20_000 * DAY + 12 * 3_600 * S
"""12:00 UTC of some day."""


def alert(
    kind: AlertKind = "fault", severity: Severity = "critical", text: str = "broken", at_ns: int = NOON, **more: Any
) -> Alert:
    return Alert(kind=kind, severity=severity, text=text, first_ns=at_ns, last_ns=at_ns, **more)


def rule(name: str = "all", **changes: Any) -> Rule:
    return Rule(**{"name": name, "to": ("phone",), "repeat_ms": 600_000, **changes})
