"""The path from a quote request to the signed answer: quote engine, strategy, executor."""
