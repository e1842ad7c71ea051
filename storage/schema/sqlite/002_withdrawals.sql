-- A withdrawal as it was signed, written before it is sent. The keys make a second signing of the same request fail to
-- be recorded, and what is not recorded is not sent. `signed` can move money: it is read only to be sent again.
CREATE TABLE prepared_withdrawals (
    id              INTEGER PRIMARY KEY,
    run_id          TEXT    NOT NULL,
    at_ns           INTEGER NOT NULL,
    withdrawal_id   TEXT    NOT NULL UNIQUE,
    idempotency_key TEXT    NOT NULL UNIQUE,
    actor           TEXT    NOT NULL,
    route           TEXT    NOT NULL,
    asset           TEXT    NOT NULL,
    amount          TEXT    NOT NULL,
    fee             TEXT    NOT NULL,
    destination     TEXT    NOT NULL,
    chain           TEXT    NOT NULL,
    hash            TEXT    NOT NULL UNIQUE,
    signed          TEXT    NOT NULL,
    nonce           TEXT    NOT NULL,
    expires_ns      INTEGER NOT NULL
) STRICT;
CREATE INDEX liquidity_actions_by_kind ON liquidity_actions (kind, action_id);
