"""Tests: unit, property, end to end over real sockets, pilot and snapshot."""
