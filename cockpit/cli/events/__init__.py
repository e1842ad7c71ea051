"""`cockpit events`: what happened, as JSON lines, from the history and from the running desk."""
