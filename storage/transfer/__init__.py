"""Copies of a history between SQLite and PostgreSQL, verified by counts and sums."""
