"""The board of a recorded moment, folded from what the history holds of it."""
