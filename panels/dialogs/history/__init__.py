"""The recorded history inside the cockpit: pages of its lists, traces of quotes, reports of days."""
