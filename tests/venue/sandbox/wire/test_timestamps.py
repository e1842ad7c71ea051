"""Deadlines are read to the nanosecond."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.sandbox.wire.timestamps import format_timestamp, parse_timestamp


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("2042-04-02T10:35:43Z", 2_280_047_743_000_000_000),
        ("2025-05-23T07:40:13.735337Z", 1_747_986_013_735_337_000),
        ("2025-05-23T07:40:13.000000001Z", 1_747_986_013_000_000_001),
        ("2025-05-23T09:40:13.5+02:00", 1_747_986_013_500_000_000),
        (" 2025 - 5 - 23T 9 : 40 : 13 +0200 ", 1_747_986_013_000_000_000),
        ("2025-05-23t07:40:13utc", 1_747_986_013_000_000_000),
        ("+10000-01-01T00:00:00Z", 253_402_300_800_000_000_000),
        ("-0001-01-01T00:00:00Z", -62_198_755_200_000_000_000),
    ],
)
def test_known_times(text: str, expected: int) -> None:
    assert parse_timestamp(text) == expected


@given(st.integers(min_value=-(8 * 10**21), max_value=8 * 10**21))
def test_text_and_nanoseconds_agree(at_ns: int) -> None:
    assert parse_timestamp(format_timestamp(at_ns)) == at_ns


@pytest.mark.parametrize(
    ("at_ns", "text"),
    [
        (1_747_986_013_000_000_000, "2025-05-23T07:40:13Z"),
        (1_747_986_013_500_000_000, "2025-05-23T07:40:13.500Z"),
        (1_747_986_013_000_001_000, "2025-05-23T07:40:13.000001Z"),
        (1_747_986_013_000_000_001, "2025-05-23T07:40:13.000000001Z"),
        (253_402_300_800_000_000_000, "+10000-01-01T00:00:00Z"),
    ],
)
def test_a_fraction_has_three_six_or_nine_digits(at_ns: int, text: str) -> None:
    assert format_timestamp(at_ns) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2025-05-23",
        "2025-05-23T07:40:13",
        "2025-13-01T00:00:00Z",
        "1747986013",
        "10000-01-01T00:00:00Z",
        "2025-05-23T07:40:13+24:00",
        "２025-05-23T07:40:13Z",
    ],
)
def test_an_invalid_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_timestamp(text)


@pytest.mark.parametrize("text", ["2026-09-21T14:14:60Z", "2026-09-21T14:14:60.500Z", "2026-09-21T14:14:60.123456789Z"])
def test_a_second_60_is_printed_and_ends_before_the_next_minute(text: str) -> None:
    at = parse_timestamp(text)
    assert format_timestamp(at) == text
    assert format_timestamp(min(at, parse_timestamp("2026-09-21T14:15:00Z"))) == text
    assert parse_timestamp("2026-09-21T14:14:59.999999998Z") < at < parse_timestamp("2026-09-21T14:15:00Z")
