"""Arming, limits, the trading state, the dead man's switch and rates of events."""
