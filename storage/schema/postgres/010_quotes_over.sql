-- Every quote whose deadline is before it, UTC ns, is over and its end on record: a start reads only the others. Earlier
-- rows do not tell.
ALTER TABLE intent_inventory_snapshots ADD COLUMN over_before_ns BIGINT;
