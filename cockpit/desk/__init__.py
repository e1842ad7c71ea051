"""The desk: one asyncio process that owns all live state and moves the money."""
