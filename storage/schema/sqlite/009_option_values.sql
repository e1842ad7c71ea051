-- What all signed quotes together were worth to those who held them, once a minute while any was signed.
CREATE TABLE option_values (
    id            INTEGER PRIMARY KEY,
    run_id        TEXT    NOT NULL,
    at_ns         INTEGER NOT NULL,
    mid           TEXT    NOT NULL,
    sigma_bps     TEXT    NOT NULL,
    quotes        INTEGER NOT NULL,
    value         TEXT    NOT NULL,
    intrinsic     TEXT    NOT NULL,
    fall          TEXT    NOT NULL,
    rise          TEXT    NOT NULL,
    refused_value TEXT    NOT NULL,
    UNIQUE (run_id, at_ns)
) STRICT;
CREATE INDEX option_values_by_time ON option_values (at_ns);
