"""Tests of the benches: that they run and count rightly; never how fast."""
