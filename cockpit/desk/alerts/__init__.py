"""What the desk tells its alert service, off the path of a quote, and what it hears from it."""
