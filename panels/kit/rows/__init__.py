"""Rows of a panel: the live grid, its cells and lines, and the filter on them."""
