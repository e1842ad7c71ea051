"""Benchmarks: ratios beside a baseline in the same run."""
