"""What the desk and its alert service say to each other: lines of JSON over a socket pair.

Both ends bound what they read: a line has at most ``MAX_LINE`` bytes, a text ``MAX_TEXT`` characters.
"""

from typing import Literal

import msgspec

from cockpit.model.alerts.alert import Alert, Text, WallNs
from cockpit.model.alerts.state import AlertsState

MAX_LINE = 256 * 1024


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """The desk's first line. ``alerts_file`` is empty without one; the URLs and ``history`` are secret."""

    account: str
    mode: Literal["SANDBOX", "LIVE"]
    run_id: str
    state_dir: str
    alerts_file: str = ""
    heartbeat_url: str = ""
    heartbeat_fail_url: str = ""
    history: str = ""
    markets_file: str = ""


class Pulse(msgspec.Struct, frozen=True, kw_only=True, tag="pulse"):
    """The desk's sign of life, once a second, with what happened since the last one.

    ``seq`` rises by one with every new batch and is repeated until the service confirms it. ``problem``: why the desk
    is not healthy; empty while it is.
    """

    seq: int
    at_ns: WallNs
    problem: Text = ""
    alerts: tuple[Alert, ...] = ()


class Acknowledge(msgspec.Struct, frozen=True, kw_only=True, tag="acknowledge"):
    """Somebody has seen the alerts: nothing that was raised before escalates any more."""

    at_ns: WallNs
    actor: Text = ""


class Bye(msgspec.Struct, frozen=True, kw_only=True, tag="bye"):
    """The desk ends as it was asked to."""

    at_ns: WallNs
    reason: Text = ""


FromDesk = Hello | Pulse | Acknowledge | Bye


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The service's answer: up to which ``seq`` it has everything on disk, and how it goes."""

    seq: int
    state: AlertsState
