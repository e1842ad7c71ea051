"""Every event has a table, and every value comes back from it as it was."""

import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.events import AnyEvent, Check
from storage.migrations import scripts
from storage.rows import TABLES, by_table
from storage.sqlite.history import SqliteHistory
from storage.sqlite.migrations import SCHEMA
from tests.support.history import rows as facts

AMOUNTS = st.integers(0, facts.U128_MAX)


def test_every_topic_has_the_table_its_readers_know() -> None:
    assert {table.event.__struct_config__.tag: table.name for table in TABLES} == {
        "norm.swap_demand": "swap_demand_events",
        "norm.market_settlements": "market_settlement_events",
        "ref.market_price": "market_price_events",
        "state.intent_inventory": "intent_inventory_snapshots",
        "state.option_value": "option_values",
        "ops.liquidity_action": "liquidity_actions",
        "decision.rules": "decision_rules",
        "decision.trade_decision": "trade_decisions",
        "cmd.execute_trade": "execute_trade_commands",
        "exec.trade_result": "trade_execution_results",
        "ops.operator_action": "operator_actions",
        "ops.withdrawal_prepared": "prepared_withdrawals",
    }
    assert {table.event for table in TABLES} == set(get_args(AnyEvent))


def test_the_schema_holds_every_column() -> None:
    db = sqlite3.connect(":memory:")
    for script in scripts(SCHEMA):
        db.executescript(script)
    for table in TABLES:
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({table.name})")]
        assert columns == ["id", *table.columns]
    db.close()


@pytest.mark.parametrize("event", facts.one_of_each(1), ids=lambda event: type(event).__name__)
def test_a_row_has_one_value_a_column(event: AnyEvent) -> None:
    [(table, [_])] = by_table([event])
    row = table.row("run-1", event)
    named = dict(zip(table.columns, row, strict=True))
    assert named["run_id"] == "run-1"
    for field in event.__struct_fields__:
        value = getattr(event, field)
        if field != "checks" and value is not None:
            assert str(named[field]) == str(int(value) if isinstance(value, bool) else value), field


def test_checks_come_back_from_their_json() -> None:
    event = facts.decision(1)
    [(table, _)] = by_table([event])
    text = dict(zip(table.columns, table.row("run-1", event), strict=True))["checks"]
    assert isinstance(text, str)
    assert msgspec.json.decode(text, type=tuple[Check, ...]) == event.checks


@given(st.integers(-(2**70), 2**70) | st.sampled_from((2**63 - 1, 2**63, -(2**63) + 1, -(2**63))))
def test_a_whole_number_is_written_as_it_is_or_as_the_nearest_that_a_column_holds(number: int) -> None:
    event = msgspec.structs.replace(facts.demand(1), min_deadline_ms=number)
    [(table, _)] = by_table([event])
    written = dict(zip(table.columns, table.row("r", event), strict=True))["min_deadline_ms"]
    assert written == max(1 - 2**63, min(number, 2**63 - 1))


def test_a_deadline_beyond_any_column_is_capped_and_not_refused() -> None:
    event = msgspec.structs.replace(facts.demand(1), min_deadline_ms=10**30)
    [(table, _)] = by_table([event])
    assert dict(zip(table.columns, table.row("r", event), strict=True))["min_deadline_ms"] == 2**63 - 1


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS), min_size=1, max_size=20))
def test_amounts_up_to_u128_come_back_exactly(amounts: list[tuple[int, int]]) -> None:
    db = sqlite3.connect(":memory:")
    for script in scripts(SCHEMA):
        db.executescript(script)
    for n, (balance, reserved) in enumerate(amounts):
        event = msgspec.structs.replace(facts.inventory(n, balance), reserved=reserved)
        [(table, _)] = by_table([event])
        marks = ", ".join("?" * len(table.columns))
        columns = ", ".join(table.columns)
        db.execute(f"INSERT INTO {table.name} ({columns}) VALUES ({marks})", table.row("run-1", event))
    stored = db.execute("SELECT balance, reserved FROM intent_inventory_snapshots ORDER BY id").fetchall()
    db.close()
    assert [(int(balance), int(reserved)) for balance, reserved in stored] == amounts


async def test_amounts_and_prices_pass_through_the_file_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    history = SqliteHistory(path)
    await history.open(facts.run())
    mid = Decimal("61234.123456789012345678901234567890")
    batch: list[AnyEvent] = [
        facts.demand(1, facts.U128_MAX),
        facts.demand(2, None),
        msgspec.structs.replace(facts.price(1), mid=mid),
        msgspec.structs.replace(facts.decision(1), edge=-facts.U128_MAX, mid=None),
    ]
    await history.write(batch)
    await history.close(None)
    assert facts.rows(path, "SELECT amount_in, typeof(amount_in) FROM swap_demand_events ORDER BY id") == [
        (str(facts.U128_MAX), "text"),
        (None, "null"),
    ]
    assert facts.rows(path, "SELECT mid FROM market_price_events") == [(str(mid),)]
    assert facts.rows(path, "SELECT edge, mid FROM trade_decisions") == [(str(-facts.U128_MAX), None)]
