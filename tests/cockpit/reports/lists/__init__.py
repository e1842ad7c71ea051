"""What a cockpit shows of the history."""
