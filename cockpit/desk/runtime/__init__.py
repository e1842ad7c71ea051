"""What keeps the process running: supervised tasks, the Unix socket and the lock of the account."""
