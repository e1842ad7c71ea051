"""What trading came to, and the course of prices, as a cockpit shows them."""
