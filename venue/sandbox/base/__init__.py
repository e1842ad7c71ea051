"""What every part of the sandbox is hosted by: clock, faults, background tasks, servers."""
