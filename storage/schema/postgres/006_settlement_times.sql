-- When the relay reported a fill, UTC ns, at most its deadline; 0 where nothing tells. Earlier rows do not have it.
ALTER TABLE trade_execution_results ADD COLUMN settled_ns BIGINT;
