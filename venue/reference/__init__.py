"""Reference prices for BTC/EUR: one file an exchange, and the composite."""
