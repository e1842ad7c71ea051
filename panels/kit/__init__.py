"""What every widget is made of: theme, keys, grid, cells, filter, the base of a panel."""
