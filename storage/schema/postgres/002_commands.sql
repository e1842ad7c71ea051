-- The newest accepted command of a name, which every start asks for, whatever else is in the journal.
CREATE INDEX operator_actions_by_command ON operator_actions (command, accepted, id);
