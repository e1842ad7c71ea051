"""Servers on loopback whose every answer a test decides."""
