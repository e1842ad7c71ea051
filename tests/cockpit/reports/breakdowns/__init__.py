"""Figures by group and over time."""
