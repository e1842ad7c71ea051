"""What reports read of a history: trading, quote traces, recorded decisions, unexplained differences."""
