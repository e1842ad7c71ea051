"""The bench of profit: its figures, makers and goals."""
