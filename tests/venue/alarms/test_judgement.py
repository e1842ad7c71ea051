"""Which alarm disarms, warns or is only shown, by a table and for whatever a source may publish."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.alarms.judgement import MAX_SUBJECT, judge
from venue.alarms.reading import EARLIEST_NS, LATEST_NS, AlarmReading, Incident, Post
from venue.alarms.scopes import OurScope, touch
from venue.alarms.shield import SHIELD
from venue.alarms.status_page import STATUS_PAGE
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S

OURS = OurScope.of(DEFAULT_TOKENS.tokens)
NOW = 1_795_773_600 * NS_PER_S
HOUR = 3600 * NS_PER_S


def effects(reading: AlarmReading, *, now_ns: int = NOW, read_ns: int = NOW) -> list[str]:
    return [alarm.effect for alarm in judge(reading, OURS, now_ns=now_ns, read_ns=read_ns)]


def post(kind: str, starts: int | None, ends: int | None) -> AlarmReading:
    """Hours from now."""
    one = Post(
        kind=kind,
        title="Upgrade",
        starts_ns=None if starts is None else NOW + starts * HOUR,
        ends_ns=None if ends is None else NOW + ends * HOUR,
    )
    return AlarmReading(source=STATUS_PAGE, posts=(one,))


POSTS = [
    ("maintenance", -1, 1, ["disarms"]),
    ("maintenance", -1, None, ["disarms"]),
    ("maintenance", None, None, ["disarms"]),
    ("maintenance", None, 1, ["disarms"]),
    ("maintenance", 0, 1, ["disarms"]),
    ("Maintenance", 1, 2, ["warns"]),
    ("maintenance", 1, None, ["warns"]),
    ("maintenance", -2, -1, []),
    ("maintenance", -2, 0, ["disarms"]),
    ("incident", -1, None, ["disarms"]),
    ("incident", None, None, ["disarms"]),
    ("incident", 1, None, ["disarms"]),
    ("incident", -2, -1, []),
    ("outage", 1, None, ["disarms"]),
    ("", None, None, ["disarms"]),
]


@pytest.mark.parametrize(("kind", "starts", "ends", "expected"), POSTS)
def test_a_post_counts_from_its_start_to_its_end(
    kind: str, starts: int | None, ends: int | None, expected: list[str]
) -> None:
    assert effects(post(kind, starts, ends)) == expected


def test_a_maintenance_starts_by_the_clock_and_ends_only_by_a_reading_after_its_end() -> None:
    announced = post("maintenance", 1, 2)
    assert effects(announced, now_ns=NOW) == ["warns"]
    assert effects(announced, now_ns=NOW + HOUR) == ["disarms"]
    assert effects(announced, now_ns=NOW + 5 * HOUR) == ["disarms"], "nobody could read whether it is over"
    assert effects(announced, now_ns=NOW + 5 * HOUR, read_ns=NOW + 5 * HOUR) == []


def test_incidents_disarm_unless_they_plainly_touch_others() -> None:
    incidents = (
        Incident(ident="1", scope_type="chain", scope_value="sol"),
        Incident(ident="2", scope_type="chain", scope_value="gnosis", direction="withdraw", description="Delays"),
        Incident(ident="3", scope_type="galaxy", scope_value="milky way"),
    )
    found = judge(AlarmReading(source=SHIELD, incidents=incidents), OURS, now_ns=NOW, read_ns=NOW)
    assert [(one.effect, one.subject, one.reason) for one in found] == [
        ("disarms", "chain gnosis (withdraw): Delays", "touches what this desk uses"),
        ("disarms", "galaxy milky way", "scope unknown"),
        ("shown", "chain sol", "touches others only"),
    ]


@pytest.mark.parametrize(("unlisted", "text"), [(1, "1 more, not listed"), (10**6, "over 1,000,000 more, not listed")])
def test_what_is_counted_and_not_listed_disarms(unlisted: int, text: str) -> None:
    (found,) = judge(AlarmReading(source=SHIELD, unlisted=unlisted), OURS, now_ns=NOW, read_ns=NOW)
    assert (found.effect, found.subject, found.reason) == ("disarms", text, "scope unknown")


times = st.none() | st.integers(EARLIEST_NS, LATEST_NS - 1)
words = st.sampled_from(["chain", "chain_all", "token", "address", "bridge", "sol", "btc", "hot", "poa"]) | st.text(
    max_size=20
)
incidents = st.builds(Incident, ident=words, scope_type=words, scope_value=words, status=words, description=words)
kinds = st.sampled_from(["maintenance", "incident"]) | st.text(max_size=10)
posts = st.builds(Post, ident=words, kind=kinds, title=words, starts_ns=times, ends_ns=times)
readings = st.builds(
    AlarmReading,
    source=st.just(SHIELD),
    incidents=st.lists(incidents, max_size=5).map(tuple),
    posts=st.lists(posts, max_size=5).map(tuple),
    unlisted=st.integers(0, 10**6),
)
clock = st.integers(EARLIEST_NS, LATEST_NS - 1)


@given(readings, clock, st.integers(0, 10**18))
def test_only_what_is_over_plainly_anothers_or_announced_does_not_disarm(
    given_: AlarmReading, read_ns: int, later_ns: int
) -> None:
    now_ns = read_ns + later_ns
    found = judge(given_, OURS, now_ns=now_ns, read_ns=read_ns)
    others = sum(touch(one, OURS) == "others" for one in given_.incidents)
    over = sum(one.ends_ns is not None and one.ends_ns < read_ns for one in given_.posts)
    announced = sum(
        one.kind.lower() == "maintenance"
        and one.starts_ns is not None
        and one.starts_ns > now_ns
        and not (one.ends_ns is not None and one.ends_ns < read_ns)
        for one in given_.posts
    )
    total = len(given_.incidents) + len(given_.posts) + bool(given_.unlisted)
    listed = [alarm.effect for alarm in found]
    assert listed.count("shown") == others
    assert listed.count("warns") == announced
    assert listed.count("disarms") == total - others - announced - over
    assert listed == sorted(listed, key=["disarms", "warns", "shown"].index)
    assert all(len(alarm.subject) <= MAX_SUBJECT and alarm.subject.isprintable() for alarm in found)


@given(readings, clock, st.integers(0, 10**18), st.integers(0, 10**18))
def test_without_a_new_reading_an_alarm_never_becomes_milder(
    given_: AlarmReading, read_ns: int, first_ns: int, second_ns: int
) -> None:
    earlier, later = sorted((read_ns + first_ns, read_ns + second_ns))
    before = judge(given_, OURS, now_ns=earlier, read_ns=read_ns)
    after = judge(given_, OURS, now_ns=later, read_ns=read_ns)
    assert len(before) == len(after)
    assert sum(one.effect == "disarms" for one in after) >= sum(one.effect == "disarms" for one in before)
