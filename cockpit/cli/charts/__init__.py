"""The report's charts as text for a terminal."""
