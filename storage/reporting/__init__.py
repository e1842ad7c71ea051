"""Queries of the reports: trading, traces, recorded decisions, unexplained differences."""
