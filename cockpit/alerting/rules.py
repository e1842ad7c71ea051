"""What ``alerts.toml`` says: targets, rules, the digest. The URLs are secret and leave it only to be sent to."""

from collections.abc import Mapping
from datetime import UTC, time, tzinfo
from decimal import Decimal

import msgspec

from cockpit.alerting.quiet_hours import QuietHours
from cockpit.config.secret import Secret
from cockpit.model.alerts.alert import ALERT_KINDS, SEVERITIES, Alert, AlertKind, Severity


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts go where, and when.

    ``severity``: this one and worse. ``fill_over``: fills worth more, EURe; a fill without a price counts as larger.
    ``repeat_ms``: within it the same kind is told once, the rest of them together at its end. Alerts below
    ``quiet_lets`` wait until the quiet hours end. ``escalate_to``: also told when nobody acknowledged within
    ``escalate_ms``.
    """

    name: str
    to: tuple[str, ...]
    kinds: frozenset[AlertKind] = frozenset(ALERT_KINDS)
    severity: Severity = "info"
    fill_over: Decimal = Decimal(0)
    repeat_ms: int = 600_000
    quiet: QuietHours | None = None
    quiet_lets: Severity = "critical"
    escalate_to: tuple[str, ...] = ()
    escalate_ms: int = 900_000

    def takes(self, alert: Alert) -> bool:
        if alert.kind not in self.kinds or not at_least(alert.severity, self.severity):
            return False
        return alert.kind != "fill" or alert.amount_eure is None or alert.amount_eure >= self.fill_over

    def is_quiet(self, alert: Alert, at_ns: int) -> bool:
        return self.quiet is not None and not at_least(alert.severity, self.quiet_lets) and self.quiet.contain(at_ns)


class DigestPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Once a day at this time by the zone's clock: the report of the last 24 hours."""

    at: time
    to: tuple[str, ...]
    zone: tzinfo = UTC


class AlertRules(msgspec.Struct, frozen=True, kw_only=True):
    """``targets``: names and apprise's URLs."""

    targets: Mapping[str, Secret]
    rules: tuple[Rule, ...]
    digest: DigestPlan | None = None


def at_least(severity: Severity, least: Severity) -> bool:
    return SEVERITIES.index(severity) >= SEVERITIES.index(least)
