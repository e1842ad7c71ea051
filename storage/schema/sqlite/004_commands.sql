-- The newest accepted command of a name, which every start asks for, whatever else is in the journal; the index ends
-- with the row's id by itself.
CREATE INDEX operator_actions_by_command ON operator_actions (command, accepted);
