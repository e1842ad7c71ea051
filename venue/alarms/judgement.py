"""Which published alarms disarm, which warn and which are only shown. Pure: readings and times in, alarms out."""

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from venue.alarms.reading import MAX_UNLISTED, AlarmReading, Incident, Post
from venue.alarms.scopes import OurScope, Touch, touch
from venue.alarms.shield import SHIELD
from venue.alarms.status_page import STATUS_PAGE
from venue.transport.jsonrpc import plain

Effect = Literal["disarms", "warns", "shown"]
_ORDER: Mapping[Effect, int] = {"disarms": 0, "warns": 1, "shown": 2}
_REASONS: Mapping[Touch, str] = {
    "ours": "touches what this desk uses",
    "others": "touches others only",
    "unknown": "scope unknown",
}
MAX_SUBJECT = 160
NO_TITLE = "without a title"


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """One published alarm and what it does here.

    ``subject``: what it is about, one line. ``reason``: why it has this effect. ``starts_ns``: when it starts or
    started, UTC; None when unknown.
    """

    source: str
    subject: str
    effect: Effect
    reason: str
    starts_ns: int | None = None


def judge(reading: AlarmReading, ours: OurScope, *, now_ns: int, read_ns: int) -> tuple[Alarm, ...]:
    """Return the alarms of one reading, those that disarm first.

    ``now_ns``: a maintenance starts when its time has come, however old the reading. ``read_ns``: when the reading was
    asked for; nothing ends by the time alone, only by a reading after its end.
    """
    found = [
        *(_of_incident(one, ours) for one in reading.incidents),
        *(_of_post(one, now_ns) for one in reading.posts if not _over(one, read_ns)),
    ]
    if reading.unlisted:
        found.append(unlisted(reading.source, reading.unlisted))
    return by_effect(found)


def by_effect(alarms: Iterable[Alarm]) -> tuple[Alarm, ...]:
    """Sort: those that disarm first, then those that warn."""
    return tuple(sorted(alarms, key=lambda alarm: _ORDER[alarm.effect]))


def started(alarm: Alarm, now_ns: int) -> Alarm:
    """Return an announced maintenance as what it is once its time has come; any other alarm as it is."""
    if alarm.effect != "warns" or (alarm.starts_ns is not None and alarm.starts_ns > now_ns):
        return alarm
    return msgspec.structs.replace(alarm, effect="disarms", reason=_REASONS["unknown"])


def unlisted(source: str, number: int) -> Alarm:
    """Return what stands for so many alarms that cannot be judged one by one."""
    more = f"over {MAX_UNLISTED:,}" if number >= MAX_UNLISTED else f"{number:,}"
    return Alarm(source=source, subject=f"{more} more, not listed", effect="disarms", reason=_REASONS["unknown"])


def _of_incident(incident: Incident, ours: OurScope) -> Alarm:
    found = touch(incident, ours)
    scope = " ".join(filter(None, (incident.scope_type, incident.scope_value))) or "an incident without a scope"
    way = f" ({incident.direction})" if incident.direction else ""
    text = f": {incident.description}" if incident.description else ""
    return Alarm(
        source=SHIELD,
        subject=plain(f"{scope}{way}{text}", MAX_SUBJECT),
        effect="shown" if found == "others" else "disarms",
        reason=_REASONS[found],
        starts_ns=incident.created_ns,
    )


def _of_post(post: Post, now_ns: int) -> Alarm:
    # A title is for people: what a post touches cannot be told from it.
    announced = post.kind.lower() == "maintenance" and post.starts_ns is not None
    alarm = Alarm(
        source=STATUS_PAGE,
        subject=plain(f"{post.kind or 'a post of unknown kind'}: {post.title or NO_TITLE}", MAX_SUBJECT),
        effect="warns" if announced else "disarms",
        reason="announced" if announced else _REASONS["unknown"],
        starts_ns=post.starts_ns,
    )
    return started(alarm, now_ns)


def _over(post: Post, read_ns: int) -> bool:
    return post.ends_ns is not None and post.ends_ns < read_ns
