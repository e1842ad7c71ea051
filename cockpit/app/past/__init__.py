"""What the cockpit shows of the past, read from history in a thread of its own."""
