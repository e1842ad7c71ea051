"""SHIELD's public status: the incidents that are open at the venue.

Source: ``GET /public/status`` of shield.chaindefuser.com and its OpenAPI description. It needs no key.
"""

from venue.alarms.reading import (
    MAX_LISTED,
    MAX_TITLE,
    MAX_UNLISTED,
    AlarmReading,
    Incident,
    entries_of,
    fields_of,
    moment,
    value_of,
    word,
)
from venue.transport.jsonrpc import unreadable

SHIELD = "SHIELD"
RESOLVED = "resolved"
"""The one status of an incident that is over; any other counts."""


def read_incidents(raw: bytes, who: str) -> AlarmReading:
    """Read an answer. Raises UnreachableError when it says neither what is open nor that nothing is.

    An entry that cannot be read counts as an incident of unknown scope. ``recentlyResolved`` is not read.
    """
    fields = fields_of(raw, who)
    count, listed = _count(value_of(fields.get("activeIncidentCount"))), entries_of(fields.get("activeIncidents"))
    entries = listed or []
    if not entries and not count and (listed is None or count is None):
        raise unreadable(who, "it has no list of active incidents")
    # The same entry twice is one; two entries of one id that differ are both judged.
    read = dict.fromkeys(_incident(value_of(entry)) for entry in entries[:MAX_LISTED])
    incidents = tuple(one for one in read if one.status.lower() != RESOLVED)
    idents = {one.ident or number for number, one in enumerate(incidents)}
    unlisted = max(0, len(entries) - MAX_LISTED, (count or 0) - len(idents))
    return AlarmReading(source=SHIELD, incidents=incidents, unlisted=min(unlisted, MAX_UNLISTED))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _incident(entry: object) -> Incident:
    if not isinstance(entry, dict):
        return Incident(description=word(entry, MAX_TITLE))
    return Incident(
        ident=word(entry.get("id")),
        scope_type=word(entry.get("scopeType")),
        scope_value=word(entry.get("scopeValue")),
        status=word(entry.get("status")),
        direction=word(entry.get("direction")),
        description=word(entry.get("publicDescription"), MAX_TITLE),
        created_ns=moment(entry.get("createdAt")),
    )
