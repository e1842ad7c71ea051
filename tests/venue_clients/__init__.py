"""The venue's clients against real loopback servers that play its quirks."""
