"""What trading came to, the requests of each market, and the course of prices, as a cockpit shows them."""
