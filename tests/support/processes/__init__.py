"""Real processes of the program: desk, venue, terminal, taker."""
