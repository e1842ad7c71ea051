"""What changes while a market runs: the moves of its price that somebody orders, and the rate of its requests."""
