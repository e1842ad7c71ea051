"""The client of the Omni bridge: its fees, its message, and how far a transfer is."""
