"""The history in one SQLite file: writing, reading, schema, integrity, backup."""
