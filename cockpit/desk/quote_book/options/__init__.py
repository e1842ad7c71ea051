"""What the options in signed quotes are worth, and what was written and given away."""
