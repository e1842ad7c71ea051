-- By which block of NEAR a withdrawal's amount had left the Verifier: balances of an older block still show it. Earlier
-- rows do not tell.
ALTER TABLE liquidity_actions ADD COLUMN block_height BIGINT;
