"""A switchback: half spreads tried in turn on a running desk, within stated bounds."""
