"""Which parts of the desk are built from what, in the order in which they depend on each other."""
