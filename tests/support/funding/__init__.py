"""Venues and desks for withdrawals that can be killed at any step."""
