"""Commands to what runs: which desk they ask, what they print, and how a desk or a sandbox is ended."""
