"""Curves in a terminal: a canvas of braille dots, and axes with round values."""
