"""What every part of the sandbox builds on: clock, seed, faults, background tasks and servers."""
