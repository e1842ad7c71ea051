"""Deposits, and the whole path of a withdrawal: freeze, cooling-off, preflight checks, orders, tracking."""
