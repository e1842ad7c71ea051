"""What a cockpit does while no key waits, so that no key has to wait for it."""
