"""What a database refuses for what is in it is set aside, told, and stops nothing; money is not forgotten over it."""

import asyncio
import json
import random
import string
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent
from storage.errors import HistoryError
from storage.history import HEALTHY, History
from storage.journal import START, Journal, JournalEntry
from storage.set_aside import SUFFIX, Refusal, SetAside
from storage.writer import HistoryWriter
from tests.support.history import rows as facts
from tests.support.history.engines import Engine, PostgresEngine, SqliteEngine
from tests.support.waiting import until

IDS = "SELECT quote_id FROM swap_demand_events ORDER BY id"
TOO_LATE_NS = 2**63
LONG_HASH = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=6_000))
"""Too long for an index of PostgreSQL, also compressed."""


def late_demand(n: int) -> AnyEvent:
    return msgspec.structs.replace(facts.demand(n), at_ns=TOO_LATE_NS)


def late_result(n: int) -> AnyEvent:
    return msgspec.structs.replace(facts.result(n), at_ns=TOO_LATE_NS)


def side_file(engine: Engine) -> Path:
    if isinstance(engine, PostgresEngine):
        return Path(f"{engine.journal}{SUFFIX}")
    assert isinstance(engine, SqliteEngine)
    return Path(f"{engine.path}{SUFFIX}")


def kept(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def opened(engine: Engine, run_id: str = "run-1") -> History:
    history = engine.make()
    await history.open(facts.run(run_id))
    return history


async def test_an_event_that_is_refused_stops_no_other_one(engine: Engine) -> None:
    history = await opened(engine)
    bad = {3, 4, 300}
    await history.write([late_demand(n) if n in bad else facts.demand(n) for n in range(400)])
    await history.write([facts.demand(400)])
    assert await engine.rows(IDS) == [(f"quote-{n}",) for n in range(401) if n not in bad]
    assert facts.permissions(side_file(engine)) == 0o600
    lines = kept(side_file(engine))
    assert [line["event"]["quote_id"] for line in lines] == ["quote-3", "quote-4", "quote-300"]
    assert {line["run_id"] for line in lines} == {"run-1"}
    health = history.health()
    assert (health.trade, health.complete, health.refused, health.lost) == (True, True, 3, 0)
    assert str(side_file(engine)) in health.problem
    await history.close(facts.START_NS + 1_000)


async def test_after_an_event_of_money_was_refused_nothing_may_be_signed(engine: Engine) -> None:
    history = await opened(engine)
    await history.write([facts.demand(1), late_result(1), facts.demand(2)])
    health = history.health()
    assert (health.trade, health.complete, health.refused, health.lost) == (False, False, 1, 1)
    assert "of money" in health.problem
    assert await engine.rows(IDS) == [("quote-1",), ("quote-2",)]
    await history.close(None)


async def test_the_writer_disarms_goes_on_and_does_not_end_clean(engine: Engine) -> None:
    history = await opened(engine)
    told: list[str] = []
    writer = HistoryWriter(history, env=Environment(), on_failure=told.append)
    task = asyncio.ensure_future(writer.run())
    await until(lambda: writer.writable)
    writer.record(late_demand(1))
    await writer.flush()
    assert (writer.writable, told, writer.state().refused) == (True, [], 1)
    writer.record(late_result(1))
    await until(lambda: bool(told))
    assert "of money" in told[0]
    assert not writer.writable
    writer.record(facts.demand(2))
    await writer.flush()
    assert await engine.rows(IDS) == [("quote-2",)]
    assert len(told) == 1
    writer.stop()
    with pytest.raises(HistoryError, match="of money"):
        await task
    await history.close(None)


async def test_a_later_run_is_told_until_the_file_is_moved_away(engine: Engine) -> None:
    history = await opened(engine)
    await history.write([late_demand(1)])
    await history.close(facts.START_NS + 1)
    history = await opened(engine, "run-2")
    health = history.health()
    assert health.trade
    assert "earlier run" in health.problem
    await history.close(facts.START_NS + 2)
    side_file(engine).unlink()
    history = await opened(engine, "run-3")
    assert history.health() == HEALTHY
    await history.close(None)


async def test_sqlite_sets_a_missing_value_aside(sqlite: SqliteEngine) -> None:
    history = await opened(sqlite)
    await history.write([msgspec.structs.replace(facts.demand(1), asset_in=None), facts.demand(2)])
    assert await sqlite.rows(IDS) == [("quote-2",)]
    assert history.health().refused == 1
    await history.close(None)


async def test_a_hash_too_long_for_an_index_does_not_stop_postgresql(postgres: PostgresEngine) -> None:
    history = await opened(postgres)
    await history.write([facts.demand(1), msgspec.structs.replace(facts.result(1), tx_hash=LONG_HASH), facts.demand(2)])
    assert await postgres.rows(IDS) == [("quote-1",), ("quote-2",)]
    assert history.health().lost == 1
    assert LONG_HASH not in history.health().problem
    await history.close(None)
    history = await opened(postgres, "run-2")
    await history.write([facts.demand(3)])
    assert len(await postgres.rows(IDS)) == 3
    await history.close(None)


async def test_what_the_journal_holds_and_postgresql_refuses_does_not_stop_the_next_start(
    postgres: PostgresEngine,
) -> None:
    history = await opened(postgres)
    await history.close(facts.START_NS)
    journal = Journal(postgres.journal)
    journal.open()
    events = (facts.demand(1), msgspec.structs.replace(facts.result(1), tx_hash=LONG_HASH), facts.demand(2))
    journal.append(JournalEntry("run-1", facts.START_NS + 5, False, events))
    journal.append(JournalEntry("run-1", facts.START_NS + 6, True, ()))
    journal.close()
    history = await opened(postgres, "run-2")
    assert await postgres.rows(IDS) == [("quote-1",), ("quote-2",)]
    [line] = kept(side_file(postgres))
    assert (line["run_id"], line["event"]["tx_hash"]) == ("run-1", LONG_HASH)
    health = history.health()
    assert (health.trade, health.lost) == (False, 1)
    await history.close(None)


def test_half_a_surrogate_pair_does_not_stop_the_journal(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.open()
    event = msgspec.structs.replace(facts.demand(1), partner_id="\ud800")
    journal.append(JournalEntry("run-1", 5, False, (event,)))
    found = journal.read(START)
    assert found is not None
    assert found[0].events == (msgspec.structs.replace(event, partner_id="?"),)
    journal.close()


def test_the_file_is_bounded_and_keeps_room_for_money(tmp_path: Path) -> None:
    aside = SetAside(tmp_path / "side", max_bytes=2_000)
    aside.add("run-1", [Refusal(facts.demand(n), "\x1b]52;c;x\x07") for n in range(100)])
    torn = msgspec.structs.replace(facts.result(1), detail="\ud800")
    assert 1_000 < (tmp_path / "side").stat().st_size <= 2_000
    aside.add("run-1", [Refusal(torn, "refused")] * 100)
    assert 3_000 < (tmp_path / "side").stat().st_size <= 4_000
    assert (aside.refused, aside.lost) == (200, 100)
    assert (tmp_path / "side").read_text().replace("\n", "").isprintable()


def test_a_link_in_the_files_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "side").symlink_to(tmp_path / "victim")
    with pytest.raises(HistoryError, match="cannot be used"):
        SetAside(tmp_path / "side").add("run-1", [Refusal(facts.demand(1), "why")])
    assert not (tmp_path / "victim").exists()
