"""What the desk signs, and the addresses that it checks before."""
