"""What the catalogue says is complete, and its checks know every value that an event can have."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from cockpit.config.settings import Settings
from cockpit.model.events import IntentInventory, Outcome, RequestKind, Side, WithdrawalPrepared
from storage.catalogue import catalogue
from storage.catalogue.dialects import POSTGRES, SQLITE, expand
from storage.history import CountedToken
from storage.postgres.catalogue import OURS
from storage.rows import TABLES
from storage.runs import ASSET_COLUMNS
from tests.support.history import rows as facts
from tests.support.history.engines import PostgresEngine, SqliteEngine

UNDESCRIBED = """
SELECT c.relname, a.attname FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
AND (obj_description(c.oid, 'pg_class') IS NULL OR a.attname IS NOT NULL AND col_description(c.oid, a.attnum) IS NULL)
"""


async def opened(engine: SqliteEngine | PostgresEngine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.close(facts.START_NS)


async def test_every_table_column_and_view_has_a_comment(postgres: PostgresEngine) -> None:
    await opened(postgres)
    assert await postgres.rows(UNDESCRIBED) == []
    [(count,)] = await postgres.rows("SELECT count(*) FROM pg_views WHERE schemaname = 'public'")
    assert count == len(catalogue.views(POSTGRES)) > 10
    [(comment,)] = await postgres.rows("SELECT obj_description('fills'::regclass, 'pg_class')")
    assert comment.endswith(OURS)


def test_every_table_and_column_is_described() -> None:
    columns = {table.name: ("id", *table.columns) for table in TABLES} | {"assets": ("seq", *ASSET_COLUMNS)}
    told = {one.name: tuple(one.columns) for one in catalogue.described(columns) if one.kind == "TABLE"}
    assert told == columns
    assert set(catalogue.tables()) == {*columns, "runs", "history_schema"}


async def test_both_engines_have_the_same_views(postgres: PostgresEngine, sqlite: SqliteEngine) -> None:
    for engine in (postgres, sqlite):
        await opened(engine)
    columns = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
    there = await postgres.rows(f"{columns} AND table_name = ANY($1) ORDER BY 1, ordinal_position", names())
    here = [(name, row[1]) for name in sorted(names()) for row in await sqlite.rows(f"PRAGMA table_info({name})")]
    assert [(str(table), str(column)) for table, column in there] == here
    assert len(here) > 150


def names() -> list[str]:
    return [view.name for view in catalogue.views(SQLITE)]


LITERALS: list[tuple[str, Any]] = [
    ("trade_execution_results_outcome_known", Outcome),
    ("trade_execution_results_request_kind_known", RequestKind),
    ("execute_trade_commands_request_kind_known", RequestKind),
    ("trade_decisions_side_known", Side),
    ("intent_inventory_snapshots_cause_known", IntentInventory.__annotations__["cause"]),
    ("prepared_withdrawals_route_known", WithdrawalPrepared.__annotations__["route"]),
    ("prepared_withdrawals_bridge_known", WithdrawalPrepared.__annotations__["bridge"]),
    ("assets_counts_as_known", CountedToken.__annotations__["counts_as"]),
    ("runs_mode_known", Settings.mode.fget.__annotations__["return"]),  # type: ignore[attr-defined]
]


@pytest.mark.parametrize(("name", "literal"), LITERALS, ids=[name for name, _ in LITERALS])
def test_a_check_knows_every_value(name: str, literal: Any) -> None:
    [condition] = [one.condition for one in catalogue.checks() if one.name == name]
    assert re.findall(r"'([^']*)'", condition) == list(get_args(literal))


def test_every_enumeration_is_among_these() -> None:
    assert {one.name for one in catalogue.checks() if "'" in one.condition} == {name for name, _ in LITERALS}


def test_a_macro_that_is_not_closed_is_an_error() -> None:
    with pytest.raises(ValueError, match="not closed"):
        expand("SELECT @time(c.at_ns FROM x", {}, POSTGRES)
    with pytest.raises(KeyError):
        expand("{nothing}", {}, POSTGRES)


def test_the_wheel_holds_the_catalogue() -> None:
    # hatch takes everything below the packages; the file must be below one.
    assert Path(catalogue.FILE).is_relative_to(Path(catalogue.__file__).parents[1])
