"""How long `cockpit report` takes over a history of millions of rows, and by which indexes.

``python -m bench.reading --rows 10000000 --into DIR`` builds the history once (minutes, some GB), reads all
of it twice and prints the seconds beside what SQLite needs to count the rows of the largest table by a full scan.
"""

import argparse
import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from cockpit.trading import trading_report
from storage import trading
from storage.history import Run
from storage.reading import SqliteReader, find_run
from storage.sqlite import SqliteHistory
from venue.assets import BTC, EURE

START_NS = 1_790_000_000 * 10**9
APART_NS = 28_800 * 10**6
"""Between requests: three million of them last a thousand days."""

SHARES = {"swap_demand_events": 30, "trade_decisions": 30, "execute_trade_commands": 15, "trade_execution_results": 16}
"""Percent of the rows; prices and balances share the rest."""
SETTLED_EVERY = 30
"""One command in so many is a fill."""

_NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :rows) "
_TEXT = "x" * 900
"""As long as the checks and the view of a decision together."""

_FILL = {
    "swap_demand_events": "SELECT 'run', :start + i * :apart, printf('quote-%010d', i), :btc, :eure, '8000', NULL,"
    " 60000, NULL, NULL",
    "trade_decisions": "SELECT 'run', :start + i * :apart, printf('decision-%010d', i), printf('quote-%010d', i),"
    " i % 2 = 0, CASE WHEN i % 2 = 0 THEN 'quote' WHEN i % 3 = 0 THEN 'notional' WHEN i % 5 = 0 THEN 'covered'"
    " ELSE 'deadline' END, 'buy', '50000', '49900', '0', '8000', '3992000000000000000', '3992000000000000000',"
    " '8000000000000000', :start + i * :apart + 61000000000, :text, 'rules', ''",
    "execute_trade_commands": "SELECT 'run', :start + 2 * i * :apart + 1000000, printf('command-%010d', i),"
    " printf('decision-%010d', 2 * i), printf('quote-%010d', 2 * i), printf('hash-%010d', i), 'nonce',"
    " :start + 2 * i * :apart + 61000000000, :btc, :eure, '8000', '3992000000000000000', 300000 + i % 100000",
}
_RESULTS = (
    "INSERT INTO trade_execution_results (run_id, at_ns, command_id, quote_id, quote_hash, outcome, detail,"
    " intent_hash, tx_hash) SELECT run_id, at_ns + {later}, command_id, quote_id, quote_hash, {outcome}, '', NULL, {tx}"
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


async def build(path: Path, rows: int) -> None:
    """Write a history of so many rows."""
    history = SqliteHistory(path)
    await history.open(Run(run_id="run", mode="SANDBOX", account="maker.near", started_ns=START_NS))
    await history.close(START_NS)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA synchronous = OFF")
        values = {"start": START_NS, "apart": APART_NS, "btc": BTC.token_id, "eure": EURE.token_id, "text": _TEXT}
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


def plans(path: Path) -> list[str]:
    """How SQLite reads what a report reads; a line that begins with SCAN reads a whole table."""
    told = []
    with closing(sqlite3.connect(path)) as db:
        for name, sql in sorted(vars(trading).items()):
            if not (isinstance(sql, str) and sql.lstrip().startswith(("SELECT", "WITH")) and "{" not in sql):
                continue
            rows = db.execute(f"EXPLAIN QUERY PLAN {sql}", (0,) * sql.count("?"))
            told += [f"{name:14} {row[3]}" for row in rows]
    return told


def main() -> None:
    """Build when there is none, report, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--into", type=Path, required=True)
    given = parser.parse_args()
    path = given.into / f"reading-{given.rows}.sqlite"
    if not path.exists():
        begun = time.perf_counter()
        asyncio.run(build(path, given.rows))
        print(f"built in {time.perf_counter() - begun:.0f} s, {path.stat().st_size / 1e9:.2f} GB")
    print("\n".join(plans(path)))
    with closing(sqlite3.connect(path)) as db:
        total = sum(
            db.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in (*SHARES, "market_price_events")
        )
        begun = time.perf_counter()
        db.execute("SELECT COUNT(*) FROM trade_decisions NOT INDEXED").fetchone()
        print(f"{total} rows; a full scan of the decisions takes {time.perf_counter() - begun:.2f} s")
    for turn in ("first", "again"):
        begun, busy = time.perf_counter(), time.process_time()
        with SqliteReader(path) as reader:
            told = trading_report(reader, find_run(reader, "last").span)
        took, busy = time.perf_counter() - begun, time.process_time() - busy
        fills = sum(side.fills for side in told.sides)
        print(f"report, {turn}: {took:.2f} s ({busy:.2f} s of CPU), {told.decisions} decisions, {fills} fills")


if __name__ == "__main__":
    main()
