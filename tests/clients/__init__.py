"""Public clients of the venue, pointed at the sandbox."""
