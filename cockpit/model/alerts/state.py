"""How alerting goes, as a cockpit shows it."""

from typing import Literal

import msgspec

ALERTS = "alerts"
"""The name of the alert service among the parts of a desk."""
SHOWN_UNDELIVERED = 20


class UndeliveredRow(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that a target never took: the rule, the target's name, what happened how often, and why it failed."""

    rule: str
    target: str
    text: str
    count: int
    last_ns: int
    reason: str


class AlertsState(msgspec.Struct, frozen=True, kw_only=True):
    """How alerting goes, as a cockpit shows it. ``configured``: there is a file of alerts, or a heartbeat URL.

    ``pending``: messages that wait for a target. ``undelivered``: how many alerts no target took, ``rows`` the newest
    of them. ``unacknowledged``: alerts that escalate unless somebody acknowledges them.
    """

    configured: bool = False
    state: Literal["ok", "starting", "degraded", "down"] = "starting"
    detail: str = ""
    pending: int = 0
    delivered: int = 0
    undelivered: int = 0
    unacknowledged: int = 0
    rows: tuple[UndeliveredRow, ...] = ()

    @property
    def waits_for_operator(self) -> bool:
        """Whether acknowledging would change anything."""
        return self.configured and (self.unacknowledged > 0 or self.undelivered > 0)
