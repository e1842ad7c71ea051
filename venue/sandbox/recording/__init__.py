"""Every frame of a sandbox in a log, without secrets, and the replay of such a log to a client."""
