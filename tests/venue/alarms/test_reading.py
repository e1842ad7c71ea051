"""What an answer of a source is read as, however it is made."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.alarms.reading import EARLIEST_NS, LATEST_NS, MAX_LISTED, MAX_TITLE, MAX_UNLISTED, MAX_WORD, moment
from venue.alarms.shield import read_incidents
from venue.alarms.status_page import read_posts
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.transport.errors import UnreachableError

AT_S = 1_790_000_000
ENTRY = {"id": "i1", "scopeType": "chain", "scopeValue": "btc", "status": "active", "createdAt": "2026-11-27T10:00:00Z"}


def shield(count: Any, entries: Any, **more: Any) -> Any:
    return read_incidents(json.dumps({"activeIncidentCount": count, "activeIncidents": entries, **more}).encode(), "x")


def posts(*entries: Any) -> Any:
    return read_posts(json.dumps({"posts": entries}).encode(), "x")


def test_an_incident_is_read_with_its_scope_and_time() -> None:
    read = shield(1, [{**ENTRY, "direction": "withdraw", "publicDescription": "late\x1b[2J"}], recentlyResolved=[{}])
    (incident,) = read.incidents
    assert (incident.ident, incident.scope_type, incident.scope_value) == ("i1", "chain", "btc")
    assert (incident.direction, incident.description) == ("withdraw", "late [2J")
    assert incident.created_ns == 1_795_773_600 * NS_PER_S
    assert read.unlisted == 0


@pytest.mark.parametrize(
    ("count", "entries", "listed", "unlisted"),
    [
        (0, [], 0, 0),
        (1, [], 0, 1),
        (3, [ENTRY], 1, 2),
        (0, [ENTRY], 1, 0),
        (2, [ENTRY, ENTRY], 1, 1),
        (2, [ENTRY, {**ENTRY, "scopeValue": "eth"}], 2, 1),
        (1, [{**ENTRY, "status": "Resolved"}], 0, 1),
        (0, [{**ENTRY, "status": "resolved"}], 0, 0),
        (1, [{**ENTRY, "status": "acknowledged"}], 1, 0),
        (None, [ENTRY], 1, 0),
        ("7", [ENTRY], 1, 0),
        (-5, [ENTRY], 1, 0),
        (True, [ENTRY], 1, 0),
        (2, None, 0, 2),
        (2, "many", 0, 2),
        (2, [None, 5], 2, 0),
        (10**12, [], 0, MAX_UNLISTED),
        (300, [{**ENTRY, "id": f"{n}"} for n in range(300)], MAX_LISTED, 200),
        (0, [{**ENTRY, "id": f"{n}"} for n in range(3_000)], MAX_LISTED, 2_900),
    ],
)
def test_what_the_count_says_beyond_the_list_is_kept(count: Any, entries: Any, listed: int, unlisted: int) -> None:
    read = shield(count, entries)
    assert (len(read.incidents), read.unlisted) == (listed, unlisted)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<html>",
        b"null",
        b"[]",
        b"{}",
        b'{"activeIncidents": []}',
        b'{"activeIncidentCount": 0}',
        b'{"activeIncidentCount": "0", "activeIncidents": []}',
        b'{"activeIncidentCount": 0, "activeIncidents": {}}',
        b'{"activeIncidentCount": 1e999, "activeIncidents": []}',
        b'{"activeIncidentCount": 0, "activeIncidents": [' + b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_an_answer_that_says_neither_what_is_open_nor_that_nothing_is_cannot_be_read(raw: bytes) -> None:
    with pytest.raises(UnreachableError):
        read_incidents(raw, "x")


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"{}", b'{"posts": null}', b'{"posts": {}}', b'{"posts": 3}'])
def test_a_page_without_a_list_of_posts_cannot_be_read(raw: bytes) -> None:
    with pytest.raises(UnreachableError):
        read_posts(raw, "x")


def test_posts_are_read_with_times_in_milliseconds() -> None:
    entry = {"id": 7, "post_type": "maintenance", "title": "Upgrade\n now", "starts_at": AT_S * 1000, "ends_at": None}
    (post,) = posts(entry, entry).posts
    assert (post.ident, post.kind, post.title) == ("7", "maintenance", "Upgrade now")
    assert (post.starts_ns, post.ends_ns) == (AT_S * NS_PER_S, None)


def test_an_end_before_the_start_is_no_end() -> None:
    (post,) = posts({"post_type": "incident", "starts_at": AT_S * 1000, "ends_at": (AT_S - 1) * 1000}).posts
    assert (post.starts_ns, post.ends_ns) == (AT_S * NS_PER_S, None)


def test_thousands_of_posts_are_read_no_further() -> None:
    read = posts(*({"id": n, "post_type": "incident"} for n in range(2_000)))
    assert (len(read.posts), read.unlisted) == (MAX_LISTED, 2_000 - MAX_LISTED)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (AT_S * 1000, AT_S * NS_PER_S),
        (AT_S, AT_S * NS_PER_S),
        (float(AT_S), AT_S * NS_PER_S),
        (str(AT_S * 1000), AT_S * NS_PER_S),
        ("2026-11-27T10:00:00.000Z", 1_795_773_600 * NS_PER_S),
        (AT_S * 1000 + 7, AT_S * NS_PER_S + 7 * NS_PER_MS),
        (0, None),
        (-1, None),
        (True, None),
        (10**30, None),
        (1e300, None),
        ("9" * 5_000, None),
        ("tomorrow", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("9999-12-31T23:59:59-23:59", None),
        (None, None),
        ([AT_S], None),
    ],
)
def test_absurd_times_are_unknown(value: object, expected: int | None) -> None:
    assert moment(value) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
entries = st.dictionaries(
    st.sampled_from(
        ["id", "scopeType", "scopeValue", "status", "direction", "publicDescription", "createdAt", "updatedAt"]
    ),
    json_values,
)
post_entries = st.dictionaries(st.sampled_from(["id", "post_type", "title", "starts_at", "ends_at"]), json_values)


@given(json_values, st.lists(entries | json_values, max_size=6) | json_values)
def test_whatever_shield_answers_is_read_within_bounds_or_refused(count: Any, listed: Any) -> None:
    try:
        read = shield(count, listed)
    except UnreachableError:
        return
    assert len(read.incidents) <= MAX_LISTED
    assert 0 <= read.unlisted <= MAX_UNLISTED
    if isinstance(count, int) and not isinstance(count, bool) and count > 0:
        assert read.incidents or read.unlisted, "a count above zero is never read as no incident"
    for incident in read.incidents:
        texts = (incident.ident, incident.scope_type, incident.scope_value, incident.status, incident.description)
        assert all(len(text) <= MAX_WORD and (text.isprintable()) for text in texts)
        assert incident.created_ns is None or EARLIEST_NS <= incident.created_ns < LATEST_NS


@given(st.lists(post_entries | json_values, max_size=6) | json_values)
def test_whatever_the_status_page_answers_is_read_within_bounds_or_refused(listed: Any) -> None:
    try:
        read = read_posts(json.dumps({"posts": listed}).encode(), "x")
    except UnreachableError:
        return
    assert bool(read.posts) == bool(listed)
    for post in read.posts:
        assert len(post.title) <= MAX_TITLE
        assert post.title.isprintable()
        if post.starts_ns is not None and post.ends_ns is not None:
            assert post.ends_ns >= post.starts_ns


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    for read in (read_incidents, read_posts):
        try:
            read(raw, "x")
        except UnreachableError:
            continue
