"""Tuning of the half spread: what recorded quotes say of other widths, how far to believe it, and plans to explore."""
