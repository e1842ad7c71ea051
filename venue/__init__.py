"""NEAR Intents as clients, and the sandbox that plays the venue on loopback."""
