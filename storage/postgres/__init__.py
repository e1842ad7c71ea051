"""The history in PostgreSQL."""
