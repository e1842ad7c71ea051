"""What was recorded, as lines by topic: their form, and reading them back in the order of their tables."""
