"""What history says: the trading report, the trace of a quote, and replays under other settings."""
