"""Units of time and of the protocol's fee, for everybody on either side of a wire."""

NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000
PIPS = 1_000_000
"""Pips in the whole: one pip is 0.0001 %."""
