"""Tests of the history: schema, rows, the SQLite engine and the writer."""
