-- What a request says beside its tokens and amounts, and what kind of request a quote answers: rows of older versions do
-- not tell. The indexes hold all that a report counts.
ALTER TABLE swap_demand_events ADD COLUMN dry INTEGER NOT NULL DEFAULT 0 CHECK (dry IN (0, 1));
ALTER TABLE swap_demand_events ADD COLUMN router_leg INTEGER NOT NULL DEFAULT 0 CHECK (router_leg IN (0, 1));
ALTER TABLE swap_demand_events ADD COLUMN asked_ns INTEGER;
ALTER TABLE swap_demand_events ADD COLUMN min_wait_ms INTEGER;
ALTER TABLE swap_demand_events ADD COLUMN max_wait_ms INTEGER;
ALTER TABLE swap_demand_events ADD COLUMN protocol_fee_included INTEGER CHECK (protocol_fee_included IN (0, 1));
ALTER TABLE swap_demand_events ADD COLUMN source TEXT;
ALTER TABLE swap_demand_events ADD COLUMN quote_type TEXT;
ALTER TABLE swap_demand_events ADD COLUMN trusted_partner_id TEXT;
ALTER TABLE swap_demand_events ADD COLUMN slippage_bps INTEGER;
DROP INDEX swap_demand_events_by_time;
CREATE INDEX swap_demand_events_by_time ON swap_demand_events (at_ns, dry, router_leg, asked_ns);

ALTER TABLE execute_trade_commands ADD COLUMN request_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE trade_execution_results ADD COLUMN request_kind TEXT NOT NULL DEFAULT '';
DROP INDEX trade_execution_results_by_outcome;
CREATE INDEX trade_execution_results_by_outcome ON trade_execution_results (outcome, at_ns, request_kind);
