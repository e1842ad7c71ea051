"""Which part of a history is meant, and a sentence for every other word."""

import asyncio
import re
from pathlib import Path

import click
import pytest

from cockpit.cli.spans import chosen_span
from storage.reader import Reader, Span
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from venue.protocol.units import NS_PER_S

DAY_NS = 86_400 * NS_PER_S
ENDED_NS = NOW + 100 * NS_PER_S


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return asyncio.run(small.write(tmp_path_factory.mktemp("spans") / "history.sqlite"))


def span(reader: Reader, **given: str) -> Span:
    return chosen_span(reader, **{"day": None, "since": None, "until": None, "run": None, **given})


def test_a_day_a_range_and_a_run(path: Path) -> None:
    with SqliteReader(path) as reader:
        assert span(reader) == span(reader, run="last") == Span(NOW, ENDED_NS + 1)
        assert span(reader, day="1970-01-02") == Span(DAY_NS, 2 * DAY_NS)
        assert span(reader, since="1970-01-02T00:00:01", until="1970-01-03") == Span(DAY_NS + NS_PER_S, 2 * DAY_NS)
        last = span(reader, day="2261-12-31")
        assert last.to_ns - last.from_ns == DAY_NS


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"day": "9999-12-31"}, "--day 9999-12-31: a history has times from 1970 to 2261 only"),
        ({"day": "2262-04-12"}, "from 1970 to 2261"),
        ({"day": "0001-01-01"}, "from 1970 to 2261"),
        ({"since": "9999-12-31T23:59"}, "from 1970 to 2261"),
        ({"day": "2026-11-27T12:00"}, "--day 2026-11-27T12:00: expected a UTC day such as 2026-11-25"),
        ({"day": "2026-02-30"}, "expected a UTC day"),
        ({"since": "noon"}, "expected a UTC time such as 2026-11-25 or 2026-11-25T14:30"),
        ({"since": "2200-01-01"}, "--from 2200-01-01 is after the end of the history, 2026-"),
        ({"until": "1999-01-01"}, "--to 1999-01-01 is before the start of the history, 2026-"),
        ({"since": "2026-01-02", "until": "2026-01-01"}, "the range is empty: --from must be before --to"),
        ({"run": ""}, "--run is empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_any_other_word_gets_a_sentence(path: Path, given: dict[str, str], words: str) -> None:
    with SqliteReader(path) as reader, pytest.raises(click.UsageError, match=re.escape(words)):
        span(reader, **given)
