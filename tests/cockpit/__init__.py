"""Tests of the cockpit against a desk of canned snapshots on a real Unix socket."""
