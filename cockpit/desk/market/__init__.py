"""The reference price and the prices that are quoted from it."""
