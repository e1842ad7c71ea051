"""What a role may not make, what somebody else made, and old rows stop no start; a check of another version does."""

import asyncio
import gzip
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any, get_args

import asyncpg
import msgspec
import pytest

from cockpit.model.events import IntentInventory, Outcome, RequestKind, Side, WithdrawalPrepared
from storage.errors import HistoryError
from storage.history import HEALTHY
from storage.postgres.address import parse_address
from storage.postgres.catalogue import OURS
from storage.postgres.migrations import migrate
from storage.runs import counted_tokens
from storage.sqlite.reader import SqliteReader
from storage.transfer.to_postgres import PostgresTarget
from storage.transfer.transfer import transfer
from tests.support.history import rows as facts
from tests.support.history.engines import PostgresEngine, SqliteEngine
from venue.protocol.tokens import DEFAULT_TOKENS

FIXTURES = Path(__file__).parents[1] / "fixtures" / "0be9d21"
UNCHECKED = "SELECT conname FROM pg_constraint WHERE contype = 'c' AND NOT convalidated"
OTHER_ROLE = "plain_desk"


@pytest.fixture
async def db(postgres: PostgresEngine) -> AsyncIterator[Any]:
    db = await asyncpg.connect(postgres.url)
    yield db
    await db.close()


@pytest.fixture
async def role(db: Any) -> AsyncIterator[str]:
    """A role that may log in and nothing else."""
    await db.execute(f"DROP ROLE IF EXISTS {OTHER_ROLE}; CREATE ROLE {OTHER_ROLE} LOGIN")
    yield OTHER_ROLE
    await db.execute(f"DROP OWNED BY {OTHER_ROLE}; DROP ROLE {OTHER_ROLE}")


async def start(postgres: PostgresEngine, run_id: str = "run-1", **options: Any) -> None:
    history = postgres.make(**options)
    await history.open(msgspec.structs.replace(facts.run(run_id), assets=counted_tokens(DEFAULT_TOKENS)))
    await history.write([facts.demand(1)])
    assert history.health() == HEALTHY
    await history.close(facts.START_NS)


def as_role(postgres: PostgresEngine, role: str) -> str:
    return postgres.url.replace("//desk@", f"//{role}@")


async def test_an_empty_database_in_which_the_role_may_not_create_is_refused_with_a_sentence(
    postgres: PostgresEngine, role: str
) -> None:
    with pytest.raises(HistoryError, match="grant the user of POSTGRES_URL rights on schema and tables"):
        await start(postgres, url=as_role(postgres, role))


async def test_a_role_that_may_only_write_goes_on_without_views(
    postgres: PostgresEngine, db: Any, role: str, caplog: pytest.LogCaptureFixture
) -> None:
    await migrate(db, parse_address(postgres.url))
    await db.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    await start(postgres, url=as_role(postgres, role))
    assert await db.fetchval("SELECT count(*) FROM pg_views WHERE schemaname = 'public'") == 0
    assert "the views of the history" in caplog.text
    assert "the desk goes on without; let the owner of its tables start a desk once, or grant CREATE" in caplog.text
    await start(postgres, "run-2")
    assert await db.fetchval("SELECT count(*) FROM requests") == 2
    caplog.clear()
    await db.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    await start(postgres, "run-3", url=as_role(postgres, role))
    assert "could not be made" not in caplog.text


async def test_a_view_that_somebody_else_made_stays(
    postgres: PostgresEngine, db: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await migrate(db, parse_address(postgres.url))
    await db.execute("CREATE VIEW fills AS SELECT 1 AS mine")
    await start(postgres)
    assert await db.fetchval("SELECT mine FROM fills") == 1
    assert "fills: made by somebody else; rename it" in caplog.text
    await db.execute("ALTER VIEW fills RENAME TO my_fills")
    await start(postgres, "run-2")
    assert await db.fetchval("SELECT count(*) FROM fills") == 0


async def test_views_of_an_older_version_are_made_anew(postgres: PostgresEngine, db: Any) -> None:
    await start(postgres)
    await db.execute(
        "DROP VIEW fills CASCADE; CREATE VIEW fills AS SELECT 1 AS at_ns, 2 AS older;"
        f"COMMENT ON VIEW fills IS 'Fills.{OURS}'; COMMENT ON TABLE history_schema IS 'Catalogue of before'"
    )
    await start(postgres, "run-2")
    assert await db.fetchval("SELECT count(markout_60s) FROM fills") == 0
    assert await db.fetchval("SELECT count(*) FROM options_by_day") == 0


async def test_a_view_that_others_stand_on_stays_with_a_sentence(
    postgres: PostgresEngine, db: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await start(postgres)
    await db.execute(
        f"DROP VIEW desk_runs; CREATE VIEW desk_runs AS SELECT 1 AS older; COMMENT ON VIEW desk_runs IS 'Runs.{OURS}';"
        "CREATE VIEW mine AS SELECT older FROM desk_runs; COMMENT ON TABLE history_schema IS 'Catalogue of before'"
    )
    await start(postgres, "run-2")
    assert await db.fetchval("SELECT older FROM mine") == 1
    assert "other objects depend on it" in caplog.text


async def test_a_report_that_is_being_read_delays_a_start_for_a_moment_only(
    postgres: PostgresEngine, db: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await migrate(db, parse_address(postgres.url))
    async with db.transaction():
        await db.fetch("SELECT * FROM runs")
        await start(postgres)
    assert "the checks of the history" in caplog.text
    assert "the next start tries again" in caplog.text
    await start(postgres, "run-2")
    assert await db.fetch(UNCHECKED) == []


async def test_old_rows_that_break_a_check_stop_no_start_and_new_ones_are_refused(
    postgres: PostgresEngine, db: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await migrate(db, parse_address(postgres.url))
    bad = (
        "INSERT INTO trade_execution_results (run_id, at_ns, command_id, quote_id, quote_hash, outcome, detail)"
        " VALUES ('old', 1, 'c', 'q', $1, 'forgotten', '')"
    )
    await db.execute(bad, "hash-1")
    await start(postgres)
    assert {row[0] for row in await db.fetch(UNCHECKED)} == {
        f"trade_execution_results_{name}_known" for name in ("outcome", "request_kind", "times")
    }
    assert "old rows of trade_execution_results" in caplog.text
    with pytest.raises(asyncpg.CheckViolationError):
        await db.execute(bad, "hash-2")
    caplog.clear()
    await start(postgres, "run-2")
    assert "old rows" not in caplog.text


async def test_every_event_that_the_types_allow_passes_the_checks(postgres: PostgresEngine) -> None:
    history = postgres.make()
    await history.open(facts.run())
    replace = msgspec.structs.replace
    causes, routes, bridges = (
        get_args(kind.__annotations__[field])
        for kind, field in ((IntentInventory, "cause"), (WithdrawalPrepared, "route"), (WithdrawalPrepared, "bridge"))
    )
    events = [
        *facts.one_of_each(1),
        *(facts.result(2, outcome) for outcome in get_args(Outcome)),
        *(replace(facts.result(10 + n), request_kind=kind) for n, kind in enumerate(get_args(RequestKind))),
        *(replace(facts.command(20 + n), request_kind=kind) for n, kind in enumerate(get_args(RequestKind))),
        *(replace(facts.decision(30 + n), side=side, edge=-1) for n, side in enumerate(get_args(Side))),
        *(replace(facts.inventory(40), cause=cause, spendable=-1) for cause in causes),
        *(replace(facts.withdrawal(50 + n), route=route) for n, route in enumerate(routes)),
        *(replace(facts.omni_withdrawal(60 + n), bridge=bridge) for n, bridge in enumerate(bridges)),
        replace(facts.option_value(70), value=-1, intrinsic=-1, fall=-1, rise=-1, refused_value=-1),
    ]
    await history.write(events)
    assert history.health() == HEALTHY
    await history.close(facts.START_NS)
    assert sum((await counts(postgres)).values()) == len(events) + 1


async def counts(postgres: PostgresEngine) -> dict[str, int]:
    history = postgres.make()
    await history.open(facts.run("counting"))
    found = dict(await history.counts())
    await history.close(None)
    found["runs"] -= 1
    return found


async def test_a_check_of_another_version_is_replaced_by_the_owner_and_stops_anybody_else(
    postgres: PostgresEngine, db: Any, role: str
) -> None:
    await start(postgres)
    await db.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    name = "trade_execution_results_outcome_known"
    await db.execute(
        f"ALTER TABLE trade_execution_results DROP CONSTRAINT {name};"
        f"ALTER TABLE trade_execution_results ADD CONSTRAINT {name} CHECK (outcome IN ('settled')) NOT VALID;"
        f"COMMENT ON CONSTRAINT {name} ON trade_execution_results IS 'older';"
        "COMMENT ON TABLE history_schema IS 'Catalogue of before'"
    )
    with pytest.raises(HistoryError, match=f"checks of another version.*{name}.*owner"):
        await start(postgres, "run-2", url=as_role(postgres, role))
    await start(postgres, "run-3")
    history = postgres.make()
    await history.open(facts.run("run-4"))
    await history.write([facts.result(1, "accepted")])
    assert history.health() == HEALTHY
    await history.close(None)


async def open_once(engine: SqliteEngine) -> None:
    with closing(sqlite3.connect(engine.path)) as file:
        [(mode, account)] = file.execute("SELECT mode, account FROM runs ORDER BY seq LIMIT 1").fetchall()
    history = engine.make()
    await history.open(msgspec.structs.replace(facts.run("new", mode, account), assets=counted_tokens(DEFAULT_TOKENS)))
    await history.close(facts.START_NS)


def test_rows_of_another_version_do_not_end_an_import(sqlite: SqliteEngine, postgres_url: str) -> None:
    sqlite.path.write_bytes(gzip.decompress((FIXTURES / "sandbox.sqlite.gz").read_bytes()))
    asyncio.run(open_once(sqlite))
    with closing(sqlite3.connect(sqlite.path)) as file:
        file.execute("UPDATE trade_execution_results SET outcome = 'forgotten' WHERE outcome = 'accepted' AND id < 9")
        file.commit()
    with SqliteReader(sqlite.path) as source, PostgresTarget(postgres_url) as target:
        transfer(source, target, lambda *_: None)
    found = asyncio.run(PostgresEngine(sqlite.path.parent, postgres_url).rows("SELECT COUNT(*) FROM fills"))
    assert found == [(20,)]
