"""What desk, cockpit, history and venue say to each other: events, commands, snapshots, and how amounts are written."""
