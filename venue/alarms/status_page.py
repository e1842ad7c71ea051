"""The venue's status page: posts on maintenance and incidents.

Source: ``GET /api/posts?is_featured=true`` of status.near-intents.org, times in milliseconds. It needs no key.
"""

from venue.alarms.reading import (
    MAX_LISTED,
    MAX_TITLE,
    AlarmReading,
    Post,
    entries_of,
    fields_of,
    moment,
    value_of,
    word,
)
from venue.transport.jsonrpc import unreadable

STATUS_PAGE = "status page"


def read_posts(raw: bytes, who: str) -> AlarmReading:
    """Read an answer. Raises UnreachableError without a list of posts; an unreadable post is one of unknown kind."""
    listed = entries_of(fields_of(raw, who).get("posts"))
    if listed is None:
        raise unreadable(who, "it has no list of posts")
    posts = tuple(dict.fromkeys(_post(value_of(entry)) for entry in listed[:MAX_LISTED]))
    return AlarmReading(source=STATUS_PAGE, posts=posts, unlisted=max(0, len(listed) - MAX_LISTED))


def _post(entry: object) -> Post:
    if not isinstance(entry, dict):
        return Post(title=word(entry, MAX_TITLE))
    starts_ns, ends_ns = moment(entry.get("starts_at")), moment(entry.get("ends_at"))
    if starts_ns is not None and ends_ns is not None and ends_ns < starts_ns:
        ends_ns = None  # It cannot have ended before it started: its end is unknown.
    return Post(
        ident=word(entry.get("id")),
        kind=word(entry.get("post_type")),
        title=word(entry.get("title"), MAX_TITLE),
        starts_ns=starts_ns,
        ends_ns=ends_ns,
    )
