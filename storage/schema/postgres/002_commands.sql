-- For the newest accepted command of a name, which every start reads.
CREATE INDEX operator_actions_by_command ON operator_actions (command, accepted, id);
