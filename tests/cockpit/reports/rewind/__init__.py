"""The board of a recorded moment."""
