"""What the desk has earned today and in this run, kept fill by fill."""
