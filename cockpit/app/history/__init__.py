"""Reads the recorded history for the cockpit, in its own process: the desk has no part in it."""
