"""What a cockpit shows of the history: pages of its lists, traces and reports as lines of text."""
