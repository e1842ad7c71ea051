"""Events as lines: the same from the desk and from the history, each row once, whatever the pages."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.model.events import AnyEvent
from storage.errors import UnknownTopicError
from storage.history import History
from storage.rows import TABLES
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from storage.topics.lines import BY_TOPIC, UNSHOWN, event_line, find_topics
from storage.topics.pages import Chosen, newest_position, position_before, read_page
from tests.support.history import rows

EVERY = find_topics(())


async def recorded(path: Path, events: Sequence[AnyEvent]) -> Path:
    history: History = SqliteHistory(path)
    await history.open(rows.run())
    await history.write(events)
    assert dict(await history.position()) == position_of(path)
    await history.close(rows.START_NS)
    return path


def position_of(path: Path) -> dict[str, int]:
    with closing(SqliteReader(path)) as reader:
        return newest_position(reader)


def lines(path: Path, chosen: Chosen, most_rows: int = 500) -> list[str]:
    found: list[str] = []
    with closing(SqliteReader(path)) as reader:
        position, upto, more = dict.fromkeys(BY_TOPIC, 0), newest_position(reader), True
        while more:
            page = read_page(reader, chosen, position, upto, most_rows)
            found += page.lines
            position, more = dict(page.position), page.more
    return found


def test_a_line_is_the_same_from_the_desk_and_from_the_history(tmp_path: Path) -> None:
    events = rows.one_of_each(1)
    assert {type(event) for event in events} == {table.event for table in TABLES}
    path = asyncio.run(recorded(tmp_path / "history.sqlite", events))
    live = [event_line("run-1", event) for event in events]
    assert sorted(lines(path, Chosen(tables=EVERY))) == sorted(live)
    for line in map(json.loads, live):
        assert list(line)[:4] == ["topic", "at_ns", "at", "run_id"]
        assert line["at"].endswith("Z")


def test_flags_are_yes_or_no_and_amounts_are_digits() -> None:
    request = json.loads(event_line("run-1", rows.demand(1)))
    assert (request["dry"], request["router_leg"], request["protocol_fee_included"]) == (False, False, None)
    assert request["amount_in"] == "1000"
    assert json.loads(event_line("run-1", rows.action(1)))["accepted"] is True


def test_no_line_has_what_could_be_sent_or_signed_with() -> None:
    found = event_line("run-1", rows.withdrawal(1))
    assert set(json.loads(found)) & {"signed", "signature", "key", "token", "secret"} == set()
    assert rows.withdrawal(1).signed not in found
    columns = {name for table in TABLES for name in table.columns if name not in UNSHOWN.get(table.name, ())}
    assert not {name for name in columns if any(word in name for word in ("sign", "secret", "key"))} - {
        "idempotency_key"
    }


def test_text_that_has_no_encoding_is_a_line_all_the_same() -> None:
    event = rows.action(1)
    line = event_line(
        "run-1", type(event)(**{**{f: getattr(event, f) for f in event.__struct_fields__}, "reason": "\ud800"})
    )
    assert json.loads(line)["reason"] == "?"


@given(numbers=st.lists(st.integers(0, 30), min_size=1, max_size=40, unique=True), most=st.integers(1, 9))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_row_is_read_once_and_in_its_tables_order(
    tmp_path_factory: pytest.TempPathFactory, numbers: list[int], most: int
) -> None:
    events = [event for n in numbers for event in (rows.demand(n), rows.action(n), rows.price(n))]
    path = asyncio.run(recorded(tmp_path_factory.mktemp("history") / "history.sqlite", events))
    found = lines(path, Chosen(tables=EVERY), most)
    assert sorted(found) == sorted(event_line("run-1", event) for event in events)
    for topic in {json.loads(line)["topic"] for line in found}:
        kind = BY_TOPIC[topic].event
        of_topic = [line for line in found if json.loads(line)["topic"] == topic]
        assert of_topic == [event_line("run-1", event) for event in events if type(event) is kind]


def test_from_a_time_on_everything_of_it_is_read(tmp_path: Path) -> None:
    events: list[AnyEvent] = [rows.demand(n) for n in range(300)]
    path = asyncio.run(recorded(tmp_path / "history.sqlite", events))
    since = events[200].at_ns
    with closing(SqliteReader(path)) as reader:
        start = position_before(reader, EVERY, since)
    assert 0 <= start["swap_demand_events"] <= 200
    with closing(SqliteReader(path)) as reader:
        assert set(position_before(reader, EVERY, 2**62).values()) == set(newest_position(reader).values())


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("decision.trade_decisions", "did you mean decision.trade_decision?"),
        ("trade_decisions", "did you mean decision.trade_decision?"),
        ("operator", "did you mean ops.operator_action?"),
        ("", "the topics are norm.swap_demand"),
    ],
)
def test_an_unknown_topic_is_answered_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(UnknownTopicError, match=hint.replace("?", r"\?")):
        find_topics([name])
