"""The recorded history inside the cockpit."""
