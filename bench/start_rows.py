"""Rows of a desk's history for a bench of its start: days of quotes that are over, and thousands that are live.

They are made of the desk's own events by the writer's own columns, so that no row has another shape than a real one.
"""

import sqlite3
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Protocol

import asyncpg
import msgspec

from cockpit.model.events import (
    AnyEvent,
    ExecuteTrade,
    IntentInventory,
    MarketPrice,
    OptionValue,
    SwapDemand,
    TradeDecision,
    TradeResult,
)
from storage.postgres.bulk_rows import COPY_OPTIONS, as_csv
from storage.rows import Row, Table, by_table
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.transport.base58 import b58encode

RUN = "bench-run"
"""The run that broke off; it wrote every row."""
ROWS_A_QUOTE = 5
"""A request, its decision, its quote, the relay's answer and its end."""
APART_NS = 50 * NS_PER_MS
"""Between quotes that are over: two million of them last 28 hours."""
LIVE_OVER_NS = 60 * NS_PER_S
"""The time before the start in which the live quotes were signed."""
LIFE_NS = 120 * NS_PER_S
SETTLED_EVERY = 2_000
BALANCES_EVERY_NS = 10 * NS_PER_S
AT_ONCE = 2_000
"""Quotes whose rows are written together."""
_VIEW = "x" * 900
"""As long as the checks and the view of a decision together."""


class Store(Protocol):
    """A database with the tables of a history, which no desk has open."""

    async def insert(self, table: Table, rows: list[Row]) -> None: ...

    async def run(self, sql: str) -> None: ...


class SqliteStore:
    """The file at ``path``. It must survive no power cut."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def insert(self, table: Table, rows: list[Row]) -> None:
        with closing(sqlite3.connect(self._path)) as db, db:
            db.execute("PRAGMA synchronous = OFF")
            db.execute("PRAGMA cache_size = -500000")
            marks = ", ".join("?" * len(table.columns))
            db.executemany(f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})", rows)

    async def run(self, sql: str) -> None:
        with closing(sqlite3.connect(self._path)) as db, db:
            db.execute(sql)


class PostgresStore:
    """The database at ``url``."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def insert(self, table: Table, rows: list[Row]) -> None:
        db = await asyncpg.connect(self._url)
        try:
            await db.copy_to_table(table.name, source=memoryview(as_csv(rows)), columns=table.columns, **COPY_OPTIONS)
        finally:
            await db.close()

    async def run(self, sql: str) -> None:
        db = await asyncpg.connect(self._url)
        try:
            await db.execute(sql)
        finally:
            await db.close()


def quote(n: int, at_ns: int, life_ns: int) -> tuple[SwapDemand, TradeDecision, ExecuteTrade, TradeResult]:
    """Return what a desk records of a quote until the relay has taken it. Each ``n`` is another quote."""
    digest = sha256(n.to_bytes(8)).digest()
    quote_id, decision_id = digest[:16].hex(), f"{RUN}-{n}"
    buys = n % 2 == 0
    asset_in, asset_out = (BTC.token_id, EURE.token_id) if buys else (EURE.token_id, BTC.token_id)
    btc, eure = 8_000 + n % 977, (8_000 + n % 977) * 499 * 10**12
    amount_in, amount_out = (btc, eure) if buys else (eure, btc)
    deadline_ns = at_ns + life_ns
    request = SwapDemand(
        at_ns=at_ns,
        quote_id=quote_id,
        asset_in=asset_in,
        asset_out=asset_out,
        amount_in=amount_in,
        amount_out=None,
        min_deadline_ms=life_ns // NS_PER_MS,
        partner_id="partner",
        traceparent=None,
    )
    decision = TradeDecision(
        at_ns=at_ns,
        decision_id=decision_id,
        quote_id=quote_id,
        actionable=True,
        reason="quote",
        side="buy" if buys else "sell",
        mid=Decimal("50000.25"),
        price=Decimal("49900.125"),
        skew_bps=Decimal("1.5"),
        amount_in=amount_in,
        amount_out=amount_out,
        notional=eure,
        edge=8 * 10**15,
        deadline_ns=deadline_ns,
        checks=(),
        rules_id="rules",
        view=_VIEW,
    )
    command = ExecuteTrade(
        at_ns=at_ns,
        command_id=decision_id,
        decision_id=decision_id,
        quote_id=quote_id,
        quote_hash=b58encode(digest),
        nonce=b64encode(digest).decode(),
        deadline_ns=deadline_ns,
        asset_in=asset_in,
        asset_out=asset_out,
        amount_in=amount_in,
        amount_out=amount_out,
        reaction_ns=250_000,
        request_kind="top_level",
        written=2 * 10**15,
    )
    return request, decision, command, _result(command, at_ns + NS_PER_MS, "accepted")


def _result(command: ExecuteTrade, at_ns: int, outcome: str) -> TradeResult:
    return TradeResult(
        at_ns=at_ns,
        command_id=command.command_id,
        quote_id=command.quote_id,
        quote_hash=command.quote_hash,
        outcome="settled" if outcome == "settled" else "expired" if outcome == "expired" else "accepted",
        detail="",
        intent_hash=None,
        tx_hash=f"tx-{command.command_id}" if outcome == "settled" else None,
        request_kind=command.request_kind,
    )


def over(quotes: int, until_ns: int) -> Iterator[list[AnyEvent]]:
    """Make the events of quotes that were over by then, UTC ns, with prices and balances of their time."""
    first_ns = until_ns - quotes * APART_NS
    for begin in range(0, quotes, AT_ONCE):
        events: list[AnyEvent] = []
        for n in range(begin, min(begin + AT_ONCE, quotes)):
            at_ns = first_ns + n * APART_NS - LIFE_NS
            made = quote(n, at_ns, LIFE_NS)
            settled = n % SETTLED_EVERY == 0
            end = _result(made[2], at_ns + LIFE_NS, "settled" if settled else "expired")
            events += [*made, end]
        events += _beside(first_ns + begin * APART_NS, first_ns + min(begin + AT_ONCE, quotes) * APART_NS)
        yield events


def _beside(from_ns: int, to_ns: int) -> Iterator[AnyEvent]:
    for at_ns in range(from_ns, to_ns, NS_PER_S):
        mid = Decimal("50000.25") + at_ns // NS_PER_S % 97
        yield MarketPrice(at_ns=at_ns, source="composite", bid=mid, ask=mid, mid=mid)
    for at_ns in range(from_ns, to_ns, BALANCES_EVERY_NS):
        for token in DEFAULT_TOKENS.tokens:
            yield IntentInventory(
                at_ns=at_ns,
                asset=token.token_id,
                balance=10**9,
                reserved=0,
                spendable=10**9,
                block_height=at_ns // NS_PER_S,
                cause="poll",
            )
    for at_ns in range(from_ns, to_ns, 60 * NS_PER_S):
        yield OptionValue(
            at_ns=at_ns,
            mid=Decimal("50000.25"),
            sigma_bps=Decimal("12.34"),
            quotes=2_400,
            value=2 * 10**17,
            intrinsic=10**16,
            fall=3 * 10**18,
            rise=0,
            refused_value=5,
        )


def live(quotes: int, now_ns: int) -> Iterator[list[AnyEvent]]:
    """Make the events of so many quotes that are live now, UTC ns. Those of another time are others."""
    first = now_ns // 1_000
    for begin in range(0, quotes, AT_ONCE):
        numbers = range(begin, min(begin + AT_ONCE, quotes))
        yield [
            event
            for n in numbers
            for event in quote(first + n, now_ns - LIVE_OVER_NS + n * LIVE_OVER_NS // quotes, LIFE_NS)
        ]


async def write(store: Store, events: Sequence[AnyEvent]) -> None:
    for table, group in by_table(events):
        await store.insert(table, [table.row(RUN, event) for event in group])


async def forget_later_runs(store: Store) -> None:
    """Take out the runs after ``RUN``, so that it is the last again, and end what it left live."""
    for name in ("runs", "operator_actions", "intent_inventory_snapshots"):
        await store.run(f"DELETE FROM {name} WHERE run_id <> '{RUN}'")
    await store.run(
        "INSERT INTO trade_execution_results (run_id, at_ns, command_id, quote_id, quote_hash, outcome, detail,"
        f" request_kind) SELECT '{RUN}', deadline_ns, command_id, quote_id, quote_hash, 'expired', '', request_kind"
        f" FROM execute_trade_commands c WHERE run_id = '{RUN}' AND NOT EXISTS (SELECT 1 FROM trade_execution_results r"
        " WHERE r.quote_hash = c.quote_hash AND r.outcome IN ('settled', 'expired', 'burned'))"
    )


async def write_live(store: Store, balances: list[IntentInventory], quotes: int, now_ns: int) -> None:
    """Let the run break off now, with so many quotes live and with these balances, the last that it explained."""
    for events in live(quotes, now_ns):
        await write(store, events)
    last = [msgspec.structs.replace(one, over_before_ns=now_ns - LIVE_OVER_NS + LIFE_NS) for one in balances]
    await write(store, last)
    await store.run(f"UPDATE runs SET last_write_ns = {now_ns}, ended_ns = NULL WHERE run_id = '{RUN}'")
