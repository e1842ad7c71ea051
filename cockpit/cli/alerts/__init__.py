"""`cockpit alerts`: check the file of alerts, try its targets, and see what was not delivered."""
