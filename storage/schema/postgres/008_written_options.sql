-- What the option in a quote was worth to its holder when it was signed, base units of EURe. Earlier rows do not have it.
ALTER TABLE execute_trade_commands ADD COLUMN written NUMERIC(78, 0);
