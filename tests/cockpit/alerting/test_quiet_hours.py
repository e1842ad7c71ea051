"""Quiet hours by a zone's clock, and the next time that a clock shows."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.alerting.quiet_hours import QuietHours, next_time
from tests.cockpit.alerting.builders import DAY, S

BERLIN = ZoneInfo("Europe/Berlin")


def utc(*parts: int) -> int:
    year, month, day, hour, minute = (*parts, 0)[:5]
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()) * S


@pytest.mark.parametrize(("hour", "quiet"), [(22, False), (23, True), (0, True), (6, True), (7, False), (12, False)])
def test_quiet_hours_past_midnight(hour: int, quiet: bool) -> None:
    assert QuietHours(start=time(23), end=time(7)).contain(utc(2026, 11, 28, hour)) is quiet


def test_quiet_hours_follow_the_zone_through_summer_time() -> None:
    night = QuietHours(start=time(23), end=time(7), zone=BERLIN)
    assert night.contain(utc(2026, 7, 1, 21))
    assert not night.contain(utc(2026, 12, 1, 21))


def test_the_next_time_is_by_the_zone_and_never_now() -> None:
    assert next_time(time(7), UTC, utc(2026, 11, 28, 7)) == utc(2026, 11, 29, 7)
    assert next_time(time(7), BERLIN, utc(2026, 7, 1, 4)) == utc(2026, 7, 1, 5)
    # 02:30 does not exist on that day in Berlin.
    assert next_time(time(2, 30), BERLIN, utc(2026, 3, 29, 0)) == utc(2026, 3, 29, 1, 30)


@given(st.integers(0, 50 * 365 * DAY), st.times(), st.sampled_from((UTC, BERLIN, ZoneInfo("Pacific/Apia"))))
def test_the_next_time_lies_within_two_days(at_ns: int, at: time, zone: ZoneInfo) -> None:
    found = next_time(at.replace(microsecond=0, tzinfo=None), zone, at_ns)
    assert at_ns < found <= at_ns + 2 * DAY + 2 * 3_600 * S
