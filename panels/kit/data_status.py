"""How far a panel's data can be trusted. Pure."""

from typing import Literal, NamedTuple

from cockpit.model.commands import Part
from cockpit.model.formatting import age
from cockpit.model.snapshot import Snapshot
from panels.kit.messages import CONNECTED_WITHOUT_DATA, NO_REASON_GIVEN, RECONNECTING
from panels.kit.view import View

StatusKind = Literal["live", "loading", "stale", "error", "lost"]
STATUS_KINDS: tuple[StatusKind, ...] = ("live", "loading", "stale", "error", "lost")


class DataStatus(NamedTuple):
    """``text`` stands beside the panel's title, ``advice`` on its lower edge."""

    kind: StatusKind
    text: str
    advice: str = ""


class DataAge(NamedTuple):
    """The age of a panel's data and its limit, ms; None: never read, and no limit."""

    age_ms: int | None
    limit_ms: int | None


def failing(snapshot: Snapshot, part: Part | None, refresh_key: str) -> DataStatus | None:
    """Return the status of data that comes from this part of the desk; None unless the part is down."""
    health = next((health for health in snapshot.health if health.part == part), None)
    if health is None or health.state != "down":
        return None
    reason = health.last_error or health.detail or NO_REASON_GIVEN
    return DataStatus("error", "✗ ERROR", f"{refresh_key} retries · {reason}")


def disconnected(view: View) -> DataStatus | None:
    """Return the status of everything while the snapshot is not recent; None while it is."""
    if not view.silent:
        return None
    advice = RECONNECTING if view.link_lost else CONNECTED_WITHOUT_DATA
    return DataStatus("lost", f"✗ LAST SEEN {age(view.tick_age_ms)} AGO", advice)


def aged(data: DataAge, refresh_key: str, *, stale_advice: str, freshness: str) -> DataStatus:
    """Return the status of data of this age; ``freshness`` is the text while it is live."""
    if data.age_ms is None:
        return DataStatus("loading", "◌ LOADING", f"no data yet; {refresh_key} refreshes")
    if data.limit_ms is not None and data.age_ms > data.limit_ms:
        return DataStatus("stale", f"◐ STALE {age(data.age_ms)}", stale_advice)
    return DataStatus("live", freshness)
