"""The history: every event of a desk, durable and joinable, in SQLite or PostgreSQL."""
