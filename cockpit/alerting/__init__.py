"""The alert service: a process of its own that tells people what happened to the desk when nobody looks."""
