"""The terminal and this process: driver, escape codes, colour compression, garbage collection, niceness."""
