"""Bringing messages to their targets: waiting, retries, threads, and what was never taken."""
