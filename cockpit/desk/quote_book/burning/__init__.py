"""The hard stop: every live quote is burned, in calls about some at a time, and what the chain shows of it."""
