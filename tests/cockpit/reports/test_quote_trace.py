"""The life of a quote is found by any of its names, whole and in order."""

import asyncio
import json
from pathlib import Path

import pytest

from storage.errors import HistoryError
from storage.reporting.quote_trace import find_quote, trace_quote
from storage.sqlite.reader import SqliteReader
from tests.support.history import small_history as small
from tests.support.processes.command import run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return asyncio.run(small.write(tmp_path / "history.sqlite"))


@pytest.mark.parametrize("name", ["quote-a", "hash-a", "tx-a"])
def test_every_identifier_finds_the_quote(path: Path, name: str) -> None:
    with SqliteReader(path) as reader:
        assert find_quote(reader, name) == ("run-1", "quote-a")


@pytest.mark.parametrize(
    ("name", "message"), [("quote-", "start with quote-"), ("nothing", "no quote id"), ("", "the name is empty")]
)
def test_an_identifier_of_no_quote_or_of_several_is_refused(path: Path, name: str, message: str) -> None:
    with SqliteReader(path) as reader, pytest.raises(HistoryError, match=message):
        find_quote(reader, name)


def test_a_trace_is_complete_and_in_order(path: Path) -> None:
    with SqliteReader(path) as reader:
        rows = trace_quote(reader, "run-1", "quote-b").rows
    assert [row.at_ns for row in rows] == sorted(row.at_ns for row in rows)
    steps = [row.columns.get("outcome") or row.table for row in rows]
    assert steps == [
        "intent_inventory_snapshots",
        "intent_inventory_snapshots",
        "decision_rules",
        "swap_demand_events",
        "trade_decisions",
        "execute_trade_commands",
        "unknown",
        "accepted",
        "settled",
        "intent_inventory_snapshots",
        "intent_inventory_snapshots",
    ]


def test_the_command(path: Path, tmp_path: Path) -> None:
    ran = run("trace", "--history", str(path), "tx-b", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (0, "")
    for words in ("quote quote-b", "signed and sent", "settled", "0.0005 BTC", "25.1 EURe", "ok   notional"):
        assert words in ran.stdout
    rows = json.loads(run("trace", "--history", str(path), "--json", "hash-c", cwd=tmp_path).stdout)["rows"]
    assert rows[-1]["table"] == "intent_inventory_snapshots"
    assert next(row for row in rows if row["table"] == "trade_decisions")["checks"][0][0] == "strategy_armed"
    assert run("trace", "--history", str(path), "zzz", cwd=tmp_path).stderr.startswith("Error: no quote")
