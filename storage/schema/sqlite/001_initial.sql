-- Amounts (base units) and prices (EUR per BTC) are TEXT: a u128 fits no SQLite number. Times are UTC nanoseconds.
-- Rows are only added, but old requests and prices are deleted. Each UNIQUE key identifies an event, so that writing it
-- twice leaves one row.

CREATE TABLE runs (
    seq           INTEGER PRIMARY KEY,
    run_id        TEXT    NOT NULL UNIQUE,
    mode          TEXT    NOT NULL,
    account       TEXT    NOT NULL,
    started_ns    INTEGER NOT NULL,
    last_write_ns INTEGER NOT NULL,
    ended_ns      INTEGER
) STRICT;

CREATE TABLE swap_demand_events (
    id              INTEGER PRIMARY KEY,
    run_id          TEXT    NOT NULL,
    at_ns           INTEGER NOT NULL,
    quote_id        TEXT    NOT NULL,
    asset_in        TEXT    NOT NULL,
    asset_out       TEXT    NOT NULL,
    amount_in       TEXT,
    amount_out      TEXT,
    min_deadline_ms INTEGER NOT NULL,
    partner_id      TEXT,
    traceparent     TEXT,
    UNIQUE (run_id, quote_id)
) STRICT;
CREATE INDEX swap_demand_events_by_time ON swap_demand_events (at_ns);

CREATE TABLE market_price_events (
    id     INTEGER PRIMARY KEY,
    run_id TEXT    NOT NULL,
    at_ns  INTEGER NOT NULL,
    source TEXT    NOT NULL,
    bid    TEXT    NOT NULL,
    ask    TEXT    NOT NULL,
    mid    TEXT    NOT NULL,
    UNIQUE (source, at_ns)
) STRICT;
CREATE INDEX market_price_events_by_time ON market_price_events (at_ns);

CREATE TABLE intent_inventory_snapshots (
    id           INTEGER PRIMARY KEY,
    run_id       TEXT    NOT NULL,
    at_ns        INTEGER NOT NULL,
    asset        TEXT    NOT NULL,
    balance      TEXT    NOT NULL,
    reserved     TEXT    NOT NULL,
    spendable    TEXT    NOT NULL,
    block_height INTEGER NOT NULL,
    cause        TEXT    NOT NULL,
    UNIQUE (run_id, asset, at_ns, cause)
) STRICT;
CREATE INDEX intent_inventory_snapshots_by_time ON intent_inventory_snapshots (at_ns);

CREATE TABLE liquidity_actions (
    id        INTEGER PRIMARY KEY,
    run_id    TEXT    NOT NULL,
    at_ns     INTEGER NOT NULL,
    action_id TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    asset     TEXT,
    amount    TEXT,
    chain     TEXT,
    tx_hash   TEXT,
    status    TEXT    NOT NULL,
    detail    TEXT    NOT NULL,
    UNIQUE (action_id, kind, status)
) STRICT;
CREATE INDEX liquidity_actions_by_time ON liquidity_actions (at_ns);

CREATE TABLE trade_decisions (
    id          INTEGER PRIMARY KEY,
    run_id      TEXT    NOT NULL,
    at_ns       INTEGER NOT NULL,
    decision_id TEXT    NOT NULL UNIQUE,
    quote_id    TEXT    NOT NULL,
    actionable  INTEGER NOT NULL CHECK (actionable IN (0, 1)),
    reason      TEXT    NOT NULL,
    side        TEXT    NOT NULL,
    mid         TEXT,
    price       TEXT,
    skew_bps    TEXT,
    amount_in   TEXT,
    amount_out  TEXT,
    notional    TEXT,
    edge        TEXT,
    deadline_ns INTEGER NOT NULL,
    checks      TEXT    NOT NULL
) STRICT;
CREATE INDEX trade_decisions_by_quote ON trade_decisions (run_id, quote_id);
CREATE INDEX trade_decisions_by_time ON trade_decisions (at_ns);

CREATE TABLE execute_trade_commands (
    id          INTEGER PRIMARY KEY,
    run_id      TEXT    NOT NULL,
    at_ns       INTEGER NOT NULL,
    command_id  TEXT    NOT NULL UNIQUE,
    decision_id TEXT    NOT NULL,
    quote_id    TEXT    NOT NULL,
    quote_hash  TEXT    NOT NULL UNIQUE,
    nonce       TEXT    NOT NULL,
    deadline_ns INTEGER NOT NULL,
    asset_in    TEXT    NOT NULL,
    asset_out   TEXT    NOT NULL,
    amount_in   TEXT    NOT NULL,
    amount_out  TEXT    NOT NULL,
    reaction_ns INTEGER NOT NULL
) STRICT;
CREATE INDEX execute_trade_commands_by_decision ON execute_trade_commands (decision_id);
CREATE INDEX execute_trade_commands_by_deadline ON execute_trade_commands (deadline_ns);
CREATE INDEX execute_trade_commands_by_time ON execute_trade_commands (at_ns);

CREATE TABLE trade_execution_results (
    id          INTEGER PRIMARY KEY,
    run_id      TEXT    NOT NULL,
    at_ns       INTEGER NOT NULL,
    command_id  TEXT    NOT NULL,
    quote_id    TEXT    NOT NULL,
    quote_hash  TEXT    NOT NULL,
    outcome     TEXT    NOT NULL,
    detail      TEXT    NOT NULL,
    intent_hash TEXT,
    tx_hash     TEXT,
    UNIQUE (quote_hash, outcome)
) STRICT;
CREATE INDEX trade_execution_results_by_command ON trade_execution_results (command_id);
CREATE INDEX trade_execution_results_by_time ON trade_execution_results (at_ns);

-- The caller may choose command_id, so it is unique within a run only.
CREATE TABLE operator_actions (
    id         INTEGER PRIMARY KEY,
    run_id     TEXT    NOT NULL,
    at_ns      INTEGER NOT NULL,
    command_id TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    command    TEXT    NOT NULL,
    arguments  TEXT    NOT NULL,
    accepted   INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    reason     TEXT    NOT NULL,
    UNIQUE (run_id, command_id)
) STRICT;
CREATE INDEX operator_actions_by_time ON operator_actions (at_ns);
