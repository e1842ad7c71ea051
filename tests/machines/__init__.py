"""Hypothesis machines: any order of events, and what holds after each."""
