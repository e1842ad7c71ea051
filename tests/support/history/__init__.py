"""Engines, rows and servers for tests of the history."""
