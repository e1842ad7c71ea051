"""How long reading takes over a history of millions of rows, and by which indexes.

``python -m bench.reading --rows 10000000 --into DIR`` builds the history once (minutes, some GB), reads all of it twice
and prints the seconds of `cockpit report` beside what SQLite needs to count the rows of the largest table by a full
scan, and the seconds of `cockpit trace` and of a desk's restart.
"""

import argparse
import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from bench.plans import QueryRecorder, sqlite_steps
from cockpit.model.events import OperatorAction
from cockpit.reports.trading_report import trading_report
from storage.history import ACCOUNTED, History, Run
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.postgres.reader import PostgresReader
from storage.reader import Reader, Span, find_run
from storage.reporting.decisions import recorded_decisions
from storage.reporting.quote_trace import find_quote, trace_quote
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from storage.transfer.to_postgres import PostgresTarget
from storage.transfer.transfer import transfer
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE

START_NS = 1_790_000_000 * 10**9
APART_NS = 28_800 * 10**6
"""Between requests: three million of them last a thousand days."""

SHARES = {"swap_demand_events": 30, "trade_decisions": 30, "execute_trade_commands": 15, "trade_execution_results": 16}
"""Percent of the rows; prices and balances share the rest."""
SETTLED_EVERY = 30
"""One command in so many is a fill."""

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows) "
_TEXT = '[["notional",false,"' + "x" * 876 + '"]]'
"""As long as the checks and the view of a decision together."""

_FILL = {  # Fills buy and sell in turn, each of another size: the cost of what is held never comes out even.
    "swap_demand_events": "SELECT 'run', :start + i * :apart, printf('quote-%010d', i), :btc, :eure, '8000', NULL,"
    " 60000, NULL, NULL, 0, i % 3 = 0, :start + i * :apart - 20000000, 300, NULL, i % 3 = 0, NULL, NULL, NULL, NULL",
    "trade_decisions": "SELECT 'run', :start + i * :apart, printf('decision-%010d', i), printf('quote-%010d', i),"
    " i % 2 = 0, CASE WHEN i % 2 = 0 THEN 'quote' WHEN i % 3 = 0 THEN 'notional' WHEN i % 5 = 0 THEN 'covered'"
    " ELSE 'deadline' END, 'buy', '50000', '49900', '0', '8000', '3992000000000000000', '3992000000000000000',"
    " '8000000000000000', :start + i * :apart + 61000000000, :text, 'rules', ''",
    "execute_trade_commands": "SELECT 'run', :start + 2 * i * :apart + 1000000, printf('command-%010d', i),"
    " printf('decision-%010d', 2 * i), printf('quote-%010d', 2 * i), printf('hash-%010d', i), 'nonce',"
    " :start + 2 * i * :apart + 61000000000, CASE WHEN i / :every % 2 = 0 THEN :btc ELSE :eure END,"
    " CASE WHEN i / :every % 2 = 0 THEN :eure ELSE :btc END,"
    " CASE WHEN i / :every % 2 = 0 THEN 8000 + i % 977 || '' ELSE (8000 + i % 977) * 501 || '000000000000' END,"
    " CASE WHEN i / :every % 2 = 0 THEN (8000 + i % 977) * 499 || '000000000000' ELSE 8000 + i % 977 || '' END,"
    " 300000 + i % 100000,"
    " CASE WHEN i % 3 = 0 THEN 'router_leg' ELSE 'top_level' END, '2000000000000000'",
}
_RESULTS = (
    "INSERT INTO trade_execution_results (run_id, at_ns, command_id, quote_id, quote_hash, outcome, detail,"
    " intent_hash, tx_hash, request_kind) SELECT run_id, at_ns + {later}, command_id, quote_id, quote_hash, {outcome},"
    " '', NULL, {tx}, request_kind"
    " FROM execute_trade_commands WHERE (id - 1) % {every} = 0 ORDER BY id"
)
_PRICES = (
    "INSERT INTO market_price_events (run_id, at_ns, source, bid, ask, mid) SELECT 'run', :start + i * :each,"
    " 'composite', price, price, price FROM (SELECT i, 50000 + i % 97 || '.25' AS price FROM n)"
)
_BALANCES = (
    "INSERT INTO intent_inventory_snapshots (run_id, at_ns, asset, balance, reserved, spendable, block_height, cause)"
    " SELECT 'run', :start + (i / 2) * :each, CASE i % 2 WHEN 0 THEN :btc ELSE :eure END, '100000000', '0',"
    " '100000000', i, 'poll' FROM n"
)
_A_FILL = (
    "SELECT c.quote_id, c.quote_hash, r.tx_hash FROM trade_execution_results r JOIN execute_trade_commands c"
    " ON c.quote_hash = r.quote_hash WHERE r.outcome = 'settled' ORDER BY r.at_ns LIMIT 1"
)


async def build(path: Path, rows: int) -> None:
    """Write a history of so many rows."""
    history = SqliteHistory(path)
    await history.open(Run(run_id="run", mode="SANDBOX", account="maker.near", started_ns=START_NS))
    await history.close(START_NS)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        values = {
            "start": START_NS,
            "apart": APART_NS,
            "btc": BTC.token_id,
            "eure": EURE.token_id,
            "text": _TEXT,
            "every": SETTLED_EVERY,
        }
        for name, select in _FILL.items():
            columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})")][1:]
            into = f"INSERT INTO {name} ({', '.join(columns)}) "
            db.execute(
                _NUMBERS.replace("WITH", into + "WITH", 1) + select + " FROM n",
                values | {"rows": rows * SHARES[name] // 100},
            )
            db.commit()
        db.execute(
            _RESULTS.format(
                later=1_000_000, every=1, tx="NULL", outcome="CASE id % 10 WHEN 0 THEN 'refused' ELSE 'accepted' END"
            )
        )
        db.execute(_RESULTS.format(later=3_000_000_000, every=SETTLED_EVERY, tx="'tx-' || id", outcome="'settled'"))
        last = rows * SHARES["swap_demand_events"] // 100 * APART_NS
        for sql, count in ((_PRICES, rows * 9 // 100), (_BALANCES, rows * 2 // 100)):
            into, select = sql.split(" SELECT ", 1)
            db.execute(
                f"{into} {_NUMBERS} SELECT {select}" + ("" if " FROM n" in select else " FROM n"),
                values | {"rows": count, "each": last // count},
            )
        db.execute("UPDATE runs SET last_write_ns = ?", (START_NS + last,))
        db.commit()


def ask_everything(reader: Reader) -> None:
    """Make every query of a report, a trace and a replay."""
    span = find_run(reader, "run").span
    trading_report(reader, span, DEFAULT_TOKENS)
    deque(recorded_decisions(reader, Span(0, 1)), maxlen=0)
    trace(reader)


def trace(reader: Reader) -> int:
    """Trace a fill by each of its identifiers; the number of rows."""
    [(quote_id, quote_hash, tx_hash)] = reader.rows(_A_FILL)
    traces = [trace_quote(reader, *find_quote(reader, name)) for name in (quote_id, quote_hash, tx_hash)]
    return len(traces[0].rows)


def plans(path: Path) -> list[str]:
    """Return the plans of all queries in SQLite; a line that starts with SCAN reads a whole table."""
    with SqliteReader(path) as reader:
        recorder = QueryRecorder(reader)
        ask_everything(recorder)
    return list(dict.fromkeys(step for _, step in sqlite_steps(path, recorder.asked)))


async def restart(history: History) -> float:
    """Measure the seconds until a desk has opened the history after an unclean end and read what a start needs."""
    now_ns, started = time.time_ns(), time.perf_counter()
    run = Run(run_id=f"again-{now_ns}", mode="SANDBOX", account="maker.near", started_ns=now_ns)
    previous = await history.open(run)
    assert previous is not None
    for kind in ("deposit", "withdrawal"):
        await history.liquidity(kind)
    await history.prepared_withdrawals()
    async for _ in history.open_quotes():
        pass
    await history.settled_since(previous.last_write_ns - 3_600 * 10**9)
    await history.fills_since(previous.last_write_ns - 86_400 * 10**9)
    for asset in (BTC, EURE):
        await history.balance_before(asset.token_id, previous.last_write_ns)
    await history.last_explained()
    await history.last_arguments(ACCOUNTED)
    took = time.perf_counter() - started
    await history.close(None)
    return took


async def account(history: History, at_ns: int) -> None:
    """Record that all earlier quotes are accounted for, as a desk does after its start."""
    await history.open(Run(run_id="accounts", mode="SANDBOX", account="maker.near", started_ns=at_ns))
    await history.write(
        [
            OperatorAction(
                at_ns=at_ns,
                command_id="accounts",
                actor="desk",
                command=ACCOUNTED,
                arguments="{}",
                accepted=True,
                reason="",
            )
        ]
    )
    await history.close(None)


def copy(path: Path, url: str) -> float:
    """Measure the seconds to copy the file into an empty database and verify it."""
    started = time.perf_counter()
    with SqliteReader(path) as source, PostgresTarget(url) as target:
        transfer(source, target, lambda *_: None)
    return time.perf_counter() - started


def main() -> None:
    """Build the history if needed, read it and print the times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("--postgres", help="URL of an empty database: the same there, after a copy")
    given = parser.parse_args()
    path = given.into / f"reading-{given.rows}.sqlite"
    if not path.exists():
        started = time.perf_counter()
        asyncio.run(build(path, given.rows))
        last_ns = START_NS + given.rows * SHARES["swap_demand_events"] // 100 * APART_NS
        asyncio.run(account(SqliteHistory(path), last_ns))
        print(f"built in {time.perf_counter() - started:.0f} s, {path.stat().st_size / 1e9:.2f} GB")
    print("\n".join(plans(path)))
    with closing(sqlite3.connect(path)) as db:
        total = sum(
            db.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in (*SHARES, "market_price_events")
        )
        started = time.perf_counter()
        db.execute("SELECT COUNT(*) FROM trade_decisions NOT INDEXED").fetchone()
        print(f"{total} rows; a full scan of the decisions takes {time.perf_counter() - started:.2f} s")
    read(lambda: SqliteReader(path), lambda: SqliteHistory(path))
    if given.postgres:
        print(f"copied into PostgreSQL and verified in {copy(path, given.postgres):.0f} s")
        journal = given.into / "reading.journal"
        read(lambda: PostgresReader(given.postgres), lambda: PostgresHistory(given.postgres, Journal(journal)))


def read(reader_of: Callable[[], SqliteReader | PostgresReader], history_of: Callable[[], History]) -> None:
    """Print how long a report takes, and a restart."""
    for turn in ("first", "again"):
        started, busy = time.perf_counter(), time.process_time()
        with reader_of() as reader:
            report = trading_report(reader, find_run(reader, "run").span, DEFAULT_TOKENS)
        took, busy = time.perf_counter() - started, time.process_time() - busy
        fills = sum(side.fills for side in report.sides)
        print(f"report, {turn}: {took:.2f} s ({busy:.2f} s of CPU), {report.decisions} decisions, {fills} fills")
    with reader_of() as reader:
        started = time.perf_counter()
        rows = trace(reader)
        print(f"three traces: {time.perf_counter() - started:.2f} s, {rows} rows each")
    for turn in ("first", "again"):
        print(f"restart, {turn}: {asyncio.run(restart(history_of())):.2f} s")


if __name__ == "__main__":
    main()
