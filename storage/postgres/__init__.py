"""The history in PostgreSQL: writing, reading, schema, and the journal's backlog after an outage."""
