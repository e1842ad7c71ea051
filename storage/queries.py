"""What the desk reads of its history, as SQL that every engine accepts; ``?`` stands for a value."""

from itertools import count
from re import sub

from cockpit.model.events import ExecuteTrade, IntentInventory, LiquidityAction, WithdrawalPrepared
from storage.history import MOST_REQUESTS
from storage.rows import TABLES
from venue.protocol.units import NS_PER_S

MAX_READ_BACK = 200
"""Rows of balances read back: the last two readings, a row a token."""

LIQUIDITY = f"SELECT {', '.join(LiquidityAction.__struct_fields__)} FROM liquidity_actions WHERE kind = ? ORDER BY id"
PREPARED = f"SELECT {', '.join(WithdrawalPrepared.__struct_fields__)} FROM prepared_withdrawals ORDER BY id"
BALANCE = (
    "SELECT balance, at_ns FROM intent_inventory_snapshots WHERE asset = ? AND at_ns <= ? ORDER BY at_ns DESC LIMIT 1"
)
_QUOTE = (
    f"SELECT {', '.join(f'c.{name}' for name in ExecuteTrade.__struct_fields__)}, "
    "(SELECT d.edge FROM trade_decisions d WHERE d.decision_id = c.decision_id), "
    "(SELECT group_concat(o.outcome) FROM trade_execution_results o WHERE o.quote_hash = c.quote_hash) "
    "FROM execute_trade_commands c "
)
ACCOUNTED_NS = (
    "SELECT COALESCE((SELECT MAX(r.started_ns) FROM operator_actions a "
    "JOIN runs r ON r.run_id = a.run_id WHERE a.command = ? AND a.accepted = 1) - ?, 0)"
)
"""From when on quotes may be open. A query of its own: PostgreSQL must know the time to choose the index by time."""

SETTLED_SINCE = (
    _QUOTE + "WHERE c.quote_hash IN (SELECT quote_hash FROM trade_execution_results "
    "WHERE outcome = 'settled' AND at_ns >= ?) ORDER BY +c.id"
)
FILLS_SINCE = (
    "SELECT r.at_ns, c.asset_in, c.asset_out, c.amount_in, c.amount_out FROM trade_execution_results r "
    "JOIN execute_trade_commands c ON c.quote_hash = r.quote_hash "
    "WHERE r.outcome = 'settled' AND r.at_ns >= ? ORDER BY r.at_ns, r.id"
)
PRICES_SINCE = "SELECT at_ns, mid FROM market_price_events WHERE source = ? AND at_ns >= ? ORDER BY at_ns, id"
REQUESTS_SINCE = (
    "SELECT at_ns, notional, deadline_ns FROM "
    "(SELECT id, at_ns, notional, deadline_ns, reason FROM trade_decisions "
    f"WHERE id <= {2**63 - 1} ORDER BY id DESC LIMIT {MOST_REQUESTS}) d "
    "WHERE at_ns >= ? AND notional IS NOT NULL AND reason NOT IN ('dry', 'request_age') ORDER BY id"
)
LAST_ARGUMENTS = "SELECT arguments FROM operator_actions WHERE command = ? AND accepted = 1 ORDER BY id DESC LIMIT 1"
EXPLAINED = (
    f"SELECT run_id, {', '.join(IntentInventory.__struct_fields__)} FROM intent_inventory_snapshots "
    f"WHERE id <= {2**63 - 1} AND cause <> ? ORDER BY id DESC LIMIT {MAX_READ_BACK}"
)
"""The rows of the newest explained readings, newest first; the last reading may lack some."""

LAST_HEIGHT = f"SELECT block_height FROM intent_inventory_snapshots WHERE id <= {2**63 - 1} ORDER BY id DESC LIMIT 1"
"""The block of the newest reading, explained or not."""

COUNTED = ("runs", *(table.name for table in TABLES))
COUNTS = "SELECT " + ", ".join(f"(SELECT COUNT(*) FROM {name})" for name in COUNTED)

POSITIONS = "SELECT " + ", ".join(f"(SELECT COALESCE(MAX(id), 0) FROM {table.name})" for table in TABLES)
"""The newest row of each table, in the order of ``TABLES``; found at the end of each key."""


_HOUR_NS = 3_600 * NS_PER_S
_BEFORE_NS, _MARKED_NS = 60 * NS_PER_S, 310 * NS_PER_S
_PREVIOUS_NS = (
    "COALESCE((SELECT MAX(p.at_ns) FROM market_price_events p WHERE p.source = t.source AND p.at_ns < t.at_ns), 0)"
)
_NEXT_NS = (
    "COALESCE((SELECT MIN(n.at_ns) FROM market_price_events n WHERE n.source = t.source AND n.at_ns > t.at_ns), "
    f"{2**63 - 1})"
)
_BESIDE = f"{{moment}} > {_PREVIOUS_NS} AND {{moment}} < {_NEXT_NS}"
"""The price is the last one before a moment or the first one after it: a range, so that an index by time is enough."""

_NEEDED = {
    "swap_demand_events": "EXISTS (SELECT 1 FROM trade_decisions d JOIN execute_trade_commands c "
    "ON c.decision_id = d.decision_id WHERE d.run_id = t.run_id AND d.quote_id = t.quote_id)",
    "market_price_events": "(EXISTS (SELECT 1 FROM trade_execution_results r WHERE r.outcome = 'settled' "
    f"AND r.at_ns > t.at_ns - {_MARKED_NS} AND r.at_ns < t.at_ns + {_BEFORE_NS}) "
    "OR t.source = 'composite' AND ("
    f"{_PREVIOUS_NS} / {_HOUR_NS} < t.at_ns / {_HOUR_NS} OR {_NEXT_NS} / {_HOUR_NS} > t.at_ns / {_HOUR_NS} "
    f"OR EXISTS (SELECT 1 FROM liquidity_actions l WHERE {_BESIDE.format(moment='l.at_ns')}) "
    f"OR EXISTS (SELECT 1 FROM operator_actions o WHERE {_BESIDE.format(moment='o.at_ns')} "
    "AND o.command = 'accept-remainder') "
    f"OR EXISTS (SELECT 1 FROM runs u WHERE {_BESIDE.format(moment='u.started_ns')} "
    f"OR {_BESIDE.format(moment='u.last_write_ns')})))",
    "option_values": "(1 = 0)",
}
"""What is kept of old requests and prices: requests that were quoted; prices by which a fill is marked; and the mids on
either side of each hour (UTC), each end of a run and each movement of money: the nearer one values it. Of what options
were worth nothing is kept."""

PRUNED_TABLES = tuple(_NEEDED)
PRUNE_STEP_ROWS = 500
"""About how many rows one step of pruning reads."""

PRUNE_STEP_END = {
    name: f"SELECT at_ns FROM {name} WHERE at_ns >= ? AND at_ns < ? ORDER BY at_ns LIMIT 1 OFFSET {PRUNE_STEP_ROWS}"
    for name in PRUNED_TABLES
}
PRUNE = {
    name: f"DELETE FROM {name} AS t WHERE t.at_ns >= ? AND t.at_ns < ? AND NOT {needed}"
    for name, needed in _NEEDED.items()
}


_DIALECT = (
    ("group_concat(o.outcome)", "string_agg(o.outcome, ',')"),
    ("json_group_array(json_array(", "json_agg(json_build_array("),
    ("json_group_array(wanted.id)", "json_agg(wanted.id)"),
    ("json_group_array(reaction_ns)", "COALESCE(json_agg(reaction_ns), '[]')::text"),
    ("FROM json_each(?) t", "FROM (SELECT value::bigint AS value FROM json_array_elements_text(?::json)) t"),
)
"""Where the two engines differ, as far as the queries of this package go: SQLite's text, and PostgreSQL's."""


def postgres(sql: str) -> str:
    """Translate a query for PostgreSQL, which numbers its values and has other names for some functions."""
    for sqlite, other in _DIALECT:
        sql = sql.replace(sqlite, other)
    numbers = count(1)
    return sub(r"\?", lambda _: f"${next(numbers)}", sql)
