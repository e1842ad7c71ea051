"""The charts of a report in a terminal."""
