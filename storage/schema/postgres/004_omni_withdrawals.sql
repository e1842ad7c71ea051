-- What a withdrawal by the Omni bridge was signed with, beside the fee: the largest gas fee (a part of it), the native
-- fee in yoctoNEAR, and the id of its message. Earlier rows left by the PoA bridge.
ALTER TABLE prepared_withdrawals ADD COLUMN bridge      TEXT COLLATE "C" NOT NULL DEFAULT 'poa';
ALTER TABLE prepared_withdrawals ADD COLUMN gas_fee     NUMERIC(78, 0) NOT NULL DEFAULT 0;
ALTER TABLE prepared_withdrawals ADD COLUMN native_fee  NUMERIC(78, 0) NOT NULL DEFAULT 0;
ALTER TABLE prepared_withdrawals ADD COLUMN external_id TEXT COLLATE "C" NOT NULL DEFAULT '';
