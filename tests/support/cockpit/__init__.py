"""A cockpit driven by keyboard on a desk of canned snapshots."""
