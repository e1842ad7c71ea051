"""Units of time and of the protocol's fee."""

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
PIPS = 1_000_000
"""Pips in 100 %: one pip is 0.0001 %."""
