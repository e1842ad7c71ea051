"""Fills and quotes by hand, for tests of the reports."""
