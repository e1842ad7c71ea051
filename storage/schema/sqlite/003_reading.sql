-- What a decision was made of, so that it can be replayed: the view without its rules, and the rules by id.
ALTER TABLE trade_decisions ADD COLUMN rules_id TEXT NOT NULL DEFAULT '';
ALTER TABLE trade_decisions ADD COLUMN view TEXT NOT NULL DEFAULT '';

CREATE TABLE decision_rules (
    id       INTEGER PRIMARY KEY,
    run_id   TEXT    NOT NULL,
    at_ns    INTEGER NOT NULL,
    rules_id TEXT    NOT NULL UNIQUE,
    limits   TEXT    NOT NULL,
    params   TEXT    NOT NULL
) STRICT;

-- Settlements of other makers, counted over some seconds: what a market share is measured by.
CREATE TABLE market_settlement_events (
    id       INTEGER PRIMARY KEY,
    run_id   TEXT    NOT NULL,
    at_ns    INTEGER NOT NULL,
    since_ns INTEGER NOT NULL,
    others   INTEGER NOT NULL,
    UNIQUE (run_id, at_ns)
) STRICT;
CREATE INDEX market_settlement_events_by_time ON market_settlement_events (at_ns);

-- A report counts over a range of time: these indexes hold everything it counts, so that it reads no row of the tables. A
-- decision has the time of its request, so that the requests' index by time serves both.
DROP INDEX trade_decisions_by_time;
CREATE INDEX trade_decisions_by_reason ON trade_decisions (reason, at_ns);
DROP INDEX execute_trade_commands_by_time;
CREATE INDEX execute_trade_commands_by_time ON execute_trade_commands (at_ns, reaction_ns);
DROP INDEX trade_execution_results_by_time;
CREATE INDEX trade_execution_results_by_outcome ON trade_execution_results (outcome, at_ns);
CREATE INDEX trade_execution_results_by_tx ON trade_execution_results (tx_hash) WHERE tx_hash IS NOT NULL;
