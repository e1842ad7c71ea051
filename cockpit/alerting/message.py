"""One message to one target, and how alerts become its words. Pure."""

from datetime import UTC, datetime

import msgspec

from cockpit.model.alerts.alert import SEVERITIES, Alert, AlertKind, Severity

NAMES: dict[AlertKind, str] = {
    "disarm": "disarmed",
    "halt": "trading restricted",
    "loss_limit": "loss limit",
    "fault": "fault",
    "difference": "unexplained difference",
    "withdrawal": "withdrawal",
    "fill": "fill",
    "silent": "desk silent",
    "relay": "relay",
    "start": "desk started",
    "stop": "desk stopped",
    "deposit": "deposit",
    "key": "API key",
    "service": "alerts",
}
"""Each kind as a person reads it."""

_NS_PER_S = 10**9
_LAST_S = 253_402_300_799


class AlertMessage(msgspec.Struct, frozen=True, kw_only=True):
    """``key`` is the same for what may be merged while it waits. ``queued_ns``: since when it waits, UTC.

    ``picture``: a file to attach; empty for none.
    """

    rule: str
    key: str
    severity: Severity
    title: str
    text: str
    count: int
    first_ns: int
    last_ns: int
    queued_ns: int
    picture: str = ""

    def merged(self, newer: "AlertMessage") -> "AlertMessage":
        """Return the newer one with the sum of the counts; it waits as long as the older one did."""
        return msgspec.structs.replace(
            newer,
            severity=max(self.severity, newer.severity, key=SEVERITIES.index),
            count=self.count + newer.count,
            first_ns=min(self.first_ns, newer.first_ns),
            last_ns=max(self.last_ns, newer.last_ns),
            queued_ns=min(self.queued_ns, newer.queued_ns),
        )

    @property
    def body(self) -> str:
        """What the target gets: the text, when it happened, and how often."""
        if self.count == 1:
            return f"{self.text}\n{utc(self.last_ns)}"
        return f"{self.text}\n{self.count:,} times, {utc(self.first_ns)} to {utc(self.last_ns)}"


def message_of(
    rule: str, alert: Alert, now_ns: int, *, heading: str, note: str = "", escalated: bool = False
) -> AlertMessage:
    """``heading``: mode and account. ``note``: why it is sent now, when that is not plain."""
    note = f" ({note})" if note else ""
    return AlertMessage(
        rule=rule,
        key=f"{rule}/{alert.kind}/{alert.subject}" + ("/escalated" if escalated else ""),
        severity=alert.severity,
        title=f"{heading}: {NAMES[alert.kind]}{note}",
        text=alert.text,
        count=alert.count,
        first_ns=alert.first_ns,
        last_ns=alert.last_ns,
        queued_ns=now_ns,
    )


def utc(at_ns: int) -> str:
    return datetime.fromtimestamp(min(at_ns // _NS_PER_S, _LAST_S), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
