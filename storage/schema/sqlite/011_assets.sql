-- Tokens with their decimals, written by each start of a desk from its markets, so that a view needs no constant. A token
-- that a desk no longer knows stays.
CREATE TABLE assets (
    seq                 INTEGER PRIMARY KEY,
    token_id            TEXT    NOT NULL UNIQUE,
    symbol              TEXT    NOT NULL,
    decimals            INTEGER NOT NULL,
    underlying          TEXT    NOT NULL,
    underlying_decimals INTEGER NOT NULL,
    counts_as           TEXT    NOT NULL CHECK (counts_as IN ('base', 'quote'))
) STRICT;
