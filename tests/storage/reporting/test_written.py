"""What the options of a day's quotes were worth adds up to the last base unit, however much it is."""

import asyncio

import msgspec

from storage.postgres.reader import PostgresReader
from storage.reader import Span
from storage.reporting.options import Written, written_by_token
from storage.sqlite.reader import SqliteReader
from tests.support.history import rows as facts
from tests.support.history.engines import Engine, PostgresEngine, SqliteEngine
from tests.support.history.rows import START_NS

WORTH = (0, 7, 999_999_999, 10**9, 10**18 + 1, 10**19 + 123_456_789, 5 * 10**26)


async def test_worth_is_summed_by_token_to_the_base_unit(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write([msgspec.structs.replace(facts.command(n), written=one) for n, one in enumerate(WORTH)])
    await history.write([msgspec.structs.replace(facts.command(90), written=None)])
    await history.close(None)
    found = await asyncio.to_thread(read, engine)
    assert found == {facts.command(0).asset_in: Written(quotes=len(WORTH), worth=sum(WORTH))}


def read(engine: Engine) -> dict[str, Written]:
    if isinstance(engine, PostgresEngine):
        reader: SqliteReader | PostgresReader = PostgresReader(engine.url)
    else:
        assert isinstance(engine, SqliteEngine)
        reader = SqliteReader(engine.path)
    with reader:
        return written_by_token(reader, Span(START_NS, START_NS + 100))
