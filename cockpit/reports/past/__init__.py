"""What the cockpit and a starting desk read of the past: what a span earned, and the course of prices."""
