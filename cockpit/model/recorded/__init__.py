"""What a cockpit asks of the recorded history, and what it is given."""
