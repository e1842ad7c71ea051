"""Who writes the rows of a SQLite history: a thread of this process, or a process that a desk starts for it."""
