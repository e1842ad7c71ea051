"""A line is the same whichever engine keeps the history, and a follower goes on while PostgreSQL is away."""

import asyncio
from pathlib import Path

from storage.postgres.reader import PostgresReader
from storage.topics.lines import event_line, find_topics
from storage.topics.pages import Chosen, newest_position, position_before, read_page
from tests.support.history import rows
from tests.support.history.engines import PostgresEngine


def test_postgres_gives_the_lines_that_the_desk_sends(tmp_path: Path, postgres_url: str) -> None:
    events = [*rows.one_of_each(1), *rows.one_of_each(2)]
    tables = find_topics(())

    async def recorded() -> dict[str, int]:
        history = PostgresEngine(tmp_path, postgres_url).make()
        await history.open(rows.run())
        await history.write(events)
        position = dict(await history.position())
        await history.close(rows.START_NS)
        return position

    position = asyncio.run(recorded())
    with PostgresReader(postgres_url) as reader:
        assert newest_position(reader) == position
        assert set(position_before(reader, tables, 0).values()) == {0}
        found = read_page(reader, Chosen(tables=tables), {}, position)
    assert sorted(found.lines) == sorted(event_line("run-1", event) for event in events)
