"""The venue's own alarms: SHIELD's incidents and the posts of the status page, raised and ended by a rehearsal."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from venue.protocol.units import NS_PER_MS, NS_PER_S

MAX_ALARMS = 5_000
KEPT_RESOLVED = 20
_Text = Annotated[str, msgspec.Meta(max_length=1_000)]
_Seconds = Annotated[float, msgspec.Meta(ge=-31_536_000, le=31_536_000)]


class RaisedIncident(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An incident to raise, in SHIELD's words; ``times``: so many of them at once."""

    scope_type: _Text = msgspec.field(name="scopeType")
    scope_value: _Text = msgspec.field(name="scopeValue")
    direction: _Text | None = None
    public_description: _Text | None = msgspec.field(name="publicDescription", default=None)
    status: _Text = "active"
    times: Annotated[int, msgspec.Meta(ge=1, le=MAX_ALARMS)] = 1


class PublishedPost(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A post to publish; it starts and ends so many seconds from now, None: it names no time."""

    post_type: _Text
    title: _Text
    starts_in_s: _Seconds | None = 0.0
    ends_in_s: _Seconds | None = None


class AlarmOrder(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rehearsal changes. ``resolve``: an id, or ``all``; carried out first."""

    resolve: _Text | None = None
    incident: RaisedIncident | None = None
    post: PublishedPost | None = None


class AlarmBoard:
    """The alarms that are up, by id. ``clock`` gives UTC nanoseconds."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._number = 0
        self._incidents: dict[str, dict[str, object]] = {}
        self._resolved: dict[str, dict[str, object]] = {}
        self._posts: dict[str, dict[str, object]] = {}

    def apply(self, body: object) -> dict[str, object]:
        """Change what is up and return it, with the new ids. Raises ``msgspec.ValidationError`` and changes nothing."""
        return self.carry_out(msgspec.convert(body, AlarmOrder, strict=False))

    def carry_out(self, order: AlarmOrder) -> dict[str, object]:
        """Do as ``apply`` does, with an order that was read."""
        incidents = order.incident.times if order.incident is not None else 0
        if len(self._incidents) + incidents > MAX_ALARMS or len(self._posts) >= MAX_ALARMS:
            raise msgspec.ValidationError(f"at most {MAX_ALARMS} alarms can be up")
        if order.resolve is not None:
            self._resolve(order.resolve)
        raised = [self._raise(order.incident) for _ in range(incidents) if order.incident is not None]
        if order.post is not None:
            raised.append(self._publish(order.post))
        return {"raised": raised, **self.state()}

    def state(self) -> dict[str, object]:
        return {"incidents": list(self._incidents.values()), "posts": list(self._posts.values())}

    def status(self, count: int | None = None) -> dict[str, object]:
        """Return SHIELD's public status; ``count`` replaces the true number of incidents."""
        return {
            "activeIncidentCount": len(self._incidents) if count is None else count,
            "activeIncidents": list(self._incidents.values()),
            "recentlyResolved": list(self._resolved.values()),
        }

    def posts(self) -> dict[str, object]:
        """Return the status page's featured posts."""
        return {"posts": list(self._posts.values())}

    def _resolve(self, which: str) -> None:
        known = [*self._incidents, *self._posts]
        if which != "all" and which not in known:
            raise msgspec.ValidationError(f"no alarm {which} is up")
        for ident in known if which == "all" else [which]:
            self._posts.pop(ident, None)
            ended = self._incidents.pop(ident, None)
            if ended is not None:
                self._resolved[ident] = {**ended, "status": "resolved", "resolvedAt": self._iso()}
        for ident in list(self._resolved)[:-KEPT_RESOLVED]:
            del self._resolved[ident]

    def _raise(self, incident: RaisedIncident) -> str:
        self._number += 1
        ident = f"incident-{self._number}"
        now = self._iso()
        self._incidents[ident] = {
            "id": ident,
            "scopeType": incident.scope_type,
            "scopeValue": incident.scope_value,
            "status": incident.status,
            "createdAt": now,
            "updatedAt": now,
            **({} if incident.direction is None else {"direction": incident.direction}),
            **({} if incident.public_description is None else {"publicDescription": incident.public_description}),
        }
        return ident

    def _publish(self, post: PublishedPost) -> str:
        self._number += 1
        ident = f"post-{self._number}"
        self._posts[ident] = {
            "id": ident,
            "post_type": post.post_type,
            "title": post.title,
            "starts_at": self._after(post.starts_in_s),
            "ends_at": self._after(post.ends_in_s),
        }
        return ident

    def _after(self, seconds: float | None) -> int | None:
        return None if seconds is None else (self._clock() + int(seconds * NS_PER_S)) // NS_PER_MS

    def _iso(self) -> str:
        moment = datetime.fromtimestamp(self._clock() / NS_PER_S, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
