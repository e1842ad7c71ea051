"""What a desk prices by as one set, and a preview of another one."""
