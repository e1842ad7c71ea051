"""The sandbox's bridge and the chains behind it."""
