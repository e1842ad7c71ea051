"""The price path: a function of seed and time, or of a recording."""

from decimal import Decimal
from pathlib import Path

import pytest

from venue.protocol.units import NS_PER_S
from venue.sandbox.flow.errors import RecordingError
from venue.sandbox.flow.price_path import MarketClock, RandomWalk
from venue.sandbox.flow.recordings import RecordedPath, read_bars

HEADER = "time,open,high,low,close\n"


def test_the_random_walk_depends_on_the_seed_only() -> None:
    offsets = [index * NS_PER_S // 3 for index in range(300)]
    forward = [RandomWalk(7, Decimal(80_000)).mid_at(offset) for offset in offsets]
    path = RandomWalk(7, Decimal(80_000))
    backward = [path.mid_at(offset) for offset in reversed(offsets)]
    assert forward == backward[::-1]
    assert forward != [RandomWalk(8, Decimal(80_000)).mid_at(offset) for offset in offsets]
    assert len(set(forward)) > 250
    assert all(mid == mid.quantize(Decimal("0.01")) for mid in forward)


def test_speed_makes_the_walk_wider() -> None:
    slow, fast = (RandomWalk(7, Decimal(80_000), speed) for speed in (1, 400))
    ranges = [[path.mid_at(index * NS_PER_S) for index in range(120)] for path in (slow, fast)]
    assert max(ranges[0]) - min(ranges[0]) < max(ranges[1]) - min(ranges[1])


def test_a_recording_runs_through_open_extremes_and_close(tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    rows = ["2022-01-20T23:01:00Z,100.00,130.00,90.00,120.00", "2022-01-20T23:02:00Z,120.00,125.00,80.00,85.00"]
    file.write_text(HEADER + "\n".join(rows) + "\n")
    path = RecordedPath(read_bars(file), speed=60)
    rising = [path.mid_at(NS_PER_S * third // 3) for third in range(3)]
    assert rising == [Decimal("100.00"), Decimal("90.00"), Decimal("130.00")]
    falling = [path.mid_at(NS_PER_S + NS_PER_S * third // 3 + 1) for third in range(3)]
    assert falling == [Decimal("120.00"), Decimal("125.00"), Decimal("80.00")]
    assert path.mid_at(NS_PER_S // 6) == Decimal("95.00")
    assert path.mid_at(500 * NS_PER_S) == Decimal("85.00")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("when,open,high,low,close\n", "the first line must name the columns time,open,high,low,close"),
        (HEADER, "has no bars"),
        (HEADER + "yesterday,1,1,1,1\n", "line 2: time 'yesterday' is not an ISO 8601 time"),
        (HEADER + "2022-01-20T23:01:00Z,1,1,abc,1\n", "line 2: low 'abc' is not a number"),
        (HEADER + "2022-01-20T23:01:00Z,1,1\n", "line 2: low None is not a number"),
        (HEADER + "2022-01-20T23:01:00Z,1,1,-1,1\n", "line 2: low '-1' must be above zero"),
        (HEADER + "2022-01-20T23:01:00Z,5,4,3,4\n", "line 2: open and close must be between low and high"),
        (HEADER + 2 * "2022-01-20T23:01:00Z,1,1,1,1\n", "line 3: the time must be later than the previous line's"),
    ],
)
def test_a_bad_recording_is_named_with_its_line(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "bars.csv"
    file.write_text(text)
    with pytest.raises(RecordingError, match=complaint) as caught:
        read_bars(file)
    assert str(file) in str(caught.value)


def test_a_missing_recording_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        read_bars(tmp_path / "nothing.csv")


def test_the_market_stands_still_while_it_is_paused() -> None:
    now = 1_000
    clock = MarketClock(lambda: now)
    assert clock.offset_ns() == 0
    clock.run()
    now += 50
    assert clock.offset_ns() == 50
    clock.pause()
    now += 70
    assert clock.offset_ns() == 50
    clock.run()
    now += 1
    assert clock.offset_ns() == 51
